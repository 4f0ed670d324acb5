"""Silences: what a team need not be interrupted for until a stated time, by whom and why.

A silence is about pacing alone. It changes neither which alerts are raised nor what is on the alerts topic or
in the feed: what it hides is told in one summary when it ends. So the audit of routing knows nothing of it.
"""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime, computed_field, model_validator

from tocsin.contracts import AlertRaised, Category, EntityId, Kind
from tocsin.contracts.message import Part
from tocsin.notify.cases.case import reference
from tocsin.notify.cases.claims import products

LONGEST = timedelta(days=90)  # what ought to be hidden for longer is a matter for the watches, or "not this"


class Scope(Part):
    """What is hidden: an alert to which everything that is given here applies."""

    case: str | None = None  # by id
    entity: EntityId | None = None
    source: str | None = None  # by name, as alerts quote it
    category: Category | None = None
    watch: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_dump(include=set(Scope.model_fields), exclude_none=True):
            raise ValueError(
                "a silence of everything is none: name a case, entity, source, category or watch"
            )
        return self


class Asked(Scope):
    """A silence that somebody asks for."""

    team: str
    until: AwareDatetime
    author: str
    reason: str


class Silence(Asked):
    """A silence on record. It stands from when it was made until its end, or until somebody ended it."""

    number: int
    made_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str | None = None

    @computed_field  # type: ignore[prop-decorator] # mypy knows no decorated properties
    @property
    def case_ref(self) -> str | None:
        """The case as people say it."""
        return reference(self.case) if self.case is not None else None


def refusal(until: datetime, now: datetime) -> str | None:
    """Why a silence cannot end at this time, and what to do; None when it can."""
    if until <= now:
        return "a silence ends in the future: give a time that is still to come"
    if until - now > LONGEST:
        return f"a silence lasts {LONGEST.days} days at most: make it shorter, or refuse it with: not this"
    return None


def hides(silence: Scope, alert: AlertRaised) -> bool:
    """Whether this alert is one that the silence is about.

    What also concerns something else of the team's is not hidden by a silence of one thing or one watch.
    """
    return (
        silence.case in {None, alert.case_id}
        and silence.category in {None, alert.category}
        and (silence.source is None or {quote.source for quote in alert.quotes} == {silence.source})
        and (silence.watch is None or {reason.watch for reason in alert.reasons} == {silence.watch})
        and (silence.entity is None or silence.entity in _sole(alert))
    )


def _sole(alert: AlertRaised) -> set[EntityId]:
    """The one product that an alert concerns its team with, and the one maker; none of several."""
    things = products(alert.concerns) or products(alert.subjects)
    makers = [ref for ref in alert.subjects if ref.kind is Kind.VENDOR]
    return {refs[0].id for refs in (things, makers) if len(refs) == 1}
