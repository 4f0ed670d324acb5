"""A circuit: whether a destination is sent to, only probed, or left alone for as long as it asked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_AFTER = 5  # failures in a row; more than one sender has in flight, so one stumble is not enough
PROBES = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),  # and so on: an alert may be waiting
)


class Sign(StrEnum):
    """What an attempt says of its destination."""

    WELL = "well"  # it took the message, or refused it for good: it is there
    BUSY = "busy"  # it is there and asks for time
    ILL = "ill"


@dataclass(frozen=True)
class Circuit:
    """What is known of one destination. As made: well."""

    failures: int = 0  # in a row
    opened_at: datetime | None = None  # None: closed, everything is sent
    probes: int = 0  # that failed since
    held_until: datetime | None = None  # nothing is sent before

    def after(
        self, sign: Sign, now: datetime, wish: timedelta | None = None, took: timedelta = timedelta()
    ) -> "Circuit":
        """The circuit after an attempt that took so long; ``wish`` is how long it asked to wait.

        What was under way as the circuit opened is no probe of it.
        """
        asked = now + wish if wish is not None else None
        if sign is Sign.WELL:
            return Circuit()
        if sign is Sign.BUSY and self.opened_at is None:
            return replace(self, held_until=_later(self.held_until, asked))
        if self.opened_at is not None and now - took < self.opened_at:
            return replace(self, held_until=_later(self.held_until, asked))
        if self.opened_at is not None:
            pause = now + PROBES[min(self.probes + 1, len(PROBES) - 1)]
            return replace(self, probes=self.probes + 1, held_until=_later(pause, asked))
        failed = replace(self, failures=self.failures + 1, held_until=_later(self.held_until, asked))
        if failed.failures < OPENS_AFTER:
            return failed
        return replace(failed, opened_at=now, held_until=_later(now + PROBES[0], asked))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return max(known, default=None)
