"""Escalation: what follows, and when, while nobody acknowledges an alert."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from tocsin.contracts import AlertRaised
from tocsin.contracts.subscriptions import OnCall


class Act(StrEnum):
    """What is done, each once."""

    REMINDER = "reminder"  # its channels are told again
    FALLBACK = "fallback"  # and so is a channel that hears of nothing else


class State(StrEnum):
    """Where an escalation stands."""

    ARMED = "armed"  # something is to come
    SPENT = "spent"  # everything was done, and nobody has acknowledged
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"  # the measure was lifted or denied
    DROPPED = "dropped"  # the team is on call no more


UNANSWERED = frozenset({State.ARMED, State.SPENT})


@dataclass(frozen=True)
class Escalation:
    """One alert's: what is to come and when, and what has been done. ``fall_back_at`` None: no fallback."""

    remind_at: datetime
    fall_back_at: datetime | None
    reminded_at: datetime | None = None
    fallen_back_at: datetime | None = None
    state: State = State.ARMED

    @property
    def due_at(self) -> datetime | None:
        """When the next act is due; None when nothing is to come."""
        return min(self.to_come().values(), default=None) if self.state is State.ARMED else None

    def due(self, now: datetime) -> tuple[Act, ...]:
        """What is to be done now, in order; what is late by an outage is done late, and not left out."""
        if self.state is not State.ARMED:
            return ()
        return tuple(act for act, at in self.to_come().items() if at <= now)

    def done(self, acts: Sequence[Act], now: datetime) -> Self:
        """After these."""
        after = replace(
            self,
            reminded_at=now if Act.REMINDER in acts else self.reminded_at,
            fallen_back_at=now if Act.FALLBACK in acts else self.fallen_back_at,
        )
        return after if after.to_come() else replace(after, state=State.SPENT)

    def ended(self, why: State) -> Self:
        """After an acknowledgement, the end of the case, or of being on call; the first of these stays."""
        return replace(self, state=why) if self.state in UNANSWERED else self

    def to_come(self) -> dict[Act, datetime]:
        """What has not been done, and when it is to be."""
        told = {Act.REMINDER: self.reminded_at, Act.FALLBACK: self.fallen_back_at}
        times = {Act.REMINDER: self.remind_at, Act.FALLBACK: self.fall_back_at}
        return {act: at for act, at in times.items() if at is not None and told[act] is None}


def arm(alert: AlertRaised, on_call: OnCall | None) -> Escalation | None:
    """What follows if nobody acknowledges an alert; None for one that nobody need act on at once."""
    if on_call is None or alert.over or alert.severity.rank < on_call.min_severity.rank:
        return None
    later = alert.raised_at + timedelta(minutes=on_call.fallback_after_minutes)
    return Escalation(
        remind_at=alert.raised_at + timedelta(minutes=on_call.remind_after_minutes),
        fall_back_at=later if on_call.fallback is not None else None,
    )
