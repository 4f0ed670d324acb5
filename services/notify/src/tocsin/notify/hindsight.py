"""Hindsight: what teams would have been told by the steps on record, had their watches been others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from tocsin.contracts import EntityId, Severity, StepKind
from tocsin.contracts.message import Part
from tocsin.contracts.subscriptions import Team
from tocsin.notify.cases.filing import Development
from tocsin.notify.routing.conditions import Conditions
from tocsin.notify.routing.index import Index
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis
from tocsin.notify.routing.route import compile_team, route
from tocsin.notify.routing.why import explain_routing
from tocsin.notify.wording import headline

MONTH = 30  # days
LEAST_DAYS = 7  # a rate is not made of less: one page on the first day is not seven a week
MOST_PAGES_A_WEEK = 3
MOST_ALERTS_A_WEEK = 30


class Past(Part):
    """A step on record, and when it was taken."""

    news: Development
    at: AwareDatetime


class Telling(Part):
    """One step that a team would have been told, and by which of its watches."""

    team: str
    case: str
    case_ref: str
    step: int
    kind: StepKind
    severity: Severity
    headline: str
    at: AwareDatetime
    watches: tuple[str, ...]

    @property
    def pages(self) -> bool:
        """Whether it would have woken somebody."""
        return self.severity is Severity.CRITICAL


class Burden(Part):
    """How much a team would have been told, and what of that is too much."""

    cases: int
    alerts: int
    pages: int
    alerts_a_week: float
    pages_a_week: float
    warnings: tuple[str, ...]


class Effect(Part):
    """What a change of its watches would have meant for a team, in figures and in one sentence."""

    team: str
    pages_more: int
    pages_fewer: int
    alerts_more: int
    alerts_fewer: int
    cases: tuple[str, ...]  # whose alerts differ, as people say them
    says: str


class Hindsight:
    """Hears steps in the order in which they were taken, and tells nobody.

    It decides as the handler does. What was told before the first step it hears counts for nothing, and so
    does all that pacing holds back.
    """

    def __init__(self, teams: Iterable[Team], not_this: Sequence[NotThis], names: Names) -> None:
        conditions = Conditions(names)
        self._names = names
        self._subscribers = Index(
            compile_team(team, conditions, [one for one in not_this if one.team == team.id]) for team in teams
        )
        self._concerns: dict[str, dict[str, frozenset[EntityId]]] = defaultdict(dict)
        self.told: list[Telling] = []

    def hear(self, past: Past) -> None:
        """Take one more step into account."""
        news = past.news
        concerns = self._concerns[news.case.id]
        for to in route(news, self._subscribers, concerns, self._names):
            own = {ref.id for reason in to.reasons for ref in reason.entities}
            about = own or {ref.id for ref in news.step.subjects}
            concerns[to.team] = concerns.get(to.team, frozenset()) | about
            self.told.append(
                Telling(
                    team=to.team,
                    case=news.case.id,
                    case_ref=news.case.ref,
                    step=news.step.number,
                    kind=news.step.kind,
                    severity=news.step.severity,
                    headline=headline(news, to),
                    at=past.at,
                    watches=tuple(reason.watch for reason in to.reasons if reason.watch),
                )
            )

    def why_not(self, news: Development) -> list[str]:
        """Why no watch matches a step: what each of them asks for, and the step had not."""
        return [
            f"watch “{verdict.watch}”: {check.because}"
            for subscriber in self._subscribers
            for verdict in explain_routing(news, subscriber, frozenset(), self._names).watches
            for check in verdict.checks
            if not check.holds
        ]


def days_of(asked: int, oldest: datetime | None, now: datetime) -> int:
    """The days that a rate is made of: those asked for, or as many as are on record, if these are fewer."""
    on_record = (now - oldest) // timedelta(days=1) + 1 if oldest is not None else 0
    return min(asked, max(LEAST_DAYS, on_record))


def burden(told: Sequence[Telling], days: int) -> Burden:
    """What so many days would have been like for the team."""
    pages = sum(one.pages for one in told)
    by_week = [count * 7 / days for count in (len(told), pages)]
    return Burden(
        cases=len({one.case for one in told}),
        alerts=len(told),
        pages=pages,
        alerts_a_week=round(by_week[0], 1),
        pages_a_week=round(by_week[1], 1),
        warnings=tuple(
            f"noisy: about {rate:.0f} {what} a week, and over {most} nobody reads: ask for less or graver"
            for rate, what, most in (
                (by_week[1], "pages", MOST_PAGES_A_WEEK),
                (by_week[0], "alerts", MOST_ALERTS_A_WEEK),
            )
            if rate > most
        ),
    )


def effects(
    teams: Iterable[str], before: Iterable[Telling], after: Iterable[Telling], days: int
) -> list[Effect]:
    """What the change from one to the other means for each of these teams."""
    was, now = _by_team(before), _by_team(after)
    return [_effect(team, was.get(team, {}), now.get(team, {}), days) for team in teams]


Tellings = dict[tuple[str, int], Telling]


def _by_team(told: Iterable[Telling]) -> dict[str, Tellings]:
    found: dict[str, Tellings] = defaultdict(dict)
    for one in told:
        found[one.team][one.case, one.step] = one
    return found


def _effect(team: str, was: Tellings, now: Tellings, days: int) -> Effect:
    more = [now[key] for key in now.keys() - was.keys()]
    fewer = [was[key] for key in was.keys() - now.keys()]
    pages_more, pages_fewer = ([one for one in some if one.pages] for some in (more, fewer))
    clauses = [
        _clause(some, what, way, days)
        for what, both in (("page", (pages_more, pages_fewer)), ("alert", (more, fewer)))
        for some, way in zip(both, ("more", "fewer"), strict=True)
        if some and not (what == "alert" and (pages_more or pages_fewer))
    ]
    return Effect(
        team=team,
        pages_more=len(pages_more),
        pages_fewer=len(pages_fewer),
        alerts_more=len(more),
        alerts_fewer=len(fewer),
        cases=tuple(sorted({one.case_ref for one in (*more, *fewer)})),
        says=f"{team}: {'; '.join(clauses)} in the last {days} days"
        if clauses
        else f"{team}: the last {days} days would have been the same",
    )


def _clause(some: Sequence[Telling], what: str, way: str, days: int) -> str:
    cases = len({one.case for one in some})
    rate = round(len(some) * MONTH / days)
    count = (
        f"about {rate} {what}{'s' if rate != 1 else ''} a month" if rate else f"less than one {what} a month"
    )
    return f"{count} {way}, from {cases} case{'s' if cases != 1 else ''}"
