"""All that is learnt of how a source wants to be asked, and what follows from it for the next poll."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from tocsin.ingest import cadence
from tocsin.ingest.asking import Asking
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.hints import Hints
from tocsin.ingest.moves import Moves


@dataclass(frozen=True)
class Manners:
    """What is known of a source; it travels as JSON, and a field unknown to one version costs nothing."""

    location: str = ""  # the declared address that it was learnt at
    parser: str = ""  # the version that read the last body
    asking: Asking = field(default_factory=Asking)
    moves: Moves = field(default_factory=Moves)
    rhythm: cadence.Rhythm = field(default_factory=cadence.Rhythm)
    hints: Hints = field(default_factory=Hints)
    fresh_for: float = 0.0  # seconds, as the last whole answer said

    def here(self, location: str, parser: str) -> "Manners":
        """What of it still holds for this address and this parser.

        Another address: its rhythm alone. Another parser: not what says "nothing new", since an unchanged
        body must be parsed again.
        """
        if self.location != location:
            return Manners(location, parser, rhythm=self.rhythm)
        return self if self.parser == parser else replace(self, parser=parser, asking=Asking())

    @property
    def is_met(self) -> bool:
        """Whether a body of this source has been read before, from this address and by this parser."""
        return self.asking.fingerprint is not None

    def heard(self, asked: Validators, address: str, fetched: Fetched, now: float) -> "Manners":
        """After a whole document came."""
        sent, given = replace(asked, memory=None), replace(fetched.validators, memory=None)  # see Leased
        return replace(
            self,
            asking=self.asking.heard(sent, given, fetched.fingerprint, now),
            moves=self.moves.heard(address, fetched.moved_to),
            fresh_for=fetched.fresh_for,
        )

    def read(self, hints: Hints, arrivals: Sequence[float], shown: int) -> "Manners":
        """After the document was read: what it says of itself, and when it had something new."""
        return replace(self, hints=hints, rhythm=self.rhythm.heard(arrivals, shown))

    def pause(self, every: float, now: float, chance: float) -> float:
        """Seconds until the next poll, after one that went well; see ``cadence``.

        In the hours and days that a channel skips it is asked once an hour.
        """
        pace = cadence.pace(every, self.rhythm, self.hints.period, now)
        pause = cadence.after_answer(every, pace, fresh_for=self.fresh_for, ttl=self.hints.ttl, chance=chance)
        silent = self.hints.silent_for(datetime.fromtimestamp(now + pause, UTC))
        return max(pause, min(pause + silent, cadence.LONGEST)) if silent else pause


_ROW = TypeAdapter(Manners)


def to_row(manners: Manners) -> object:
    """As it is stored, in JSON's types."""
    return _ROW.dump_python(manners, mode="json")


def of_row(value: object) -> Manners:
    """As it was stored; nothing known, where that cannot be read."""
    try:
        return _ROW.validate_python(value)
    except ValidationError:
        return Manners()
