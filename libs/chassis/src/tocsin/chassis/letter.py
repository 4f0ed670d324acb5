"""What lies on a dead-letter topic: letters, and the marks that say what became of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from aiokafka.structs import ConsumerRecord
from pydantic import AwareDatetime, ValidationError

from tocsin.chassis.deadletter import PREFIX
from tocsin.chassis.faults import Fault
from tocsin.contracts.cloudevents import JSON, Headers, Record, header
from tocsin.contracts.message import Part

MARK = "tocsin-mark"
RETRIED_FROM = "tocsin-retried-from"


class Place(NamedTuple):
    """Where a record lies. Written as TOPIC/PARTITION/OFFSET."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that a text names; raises ``ValueError``."""
        match = re.fullmatch(r"(.+)/([0-9]{1,9})/([0-9]{1,18})", text)
        if match is None:
            raise ValueError(f"{text!r} is no letter: give TOPIC/PARTITION/OFFSET, as in: tocsin dead list")
        return cls(match[1], int(match[2]), int(match[3]))


class State(StrEnum):
    """What became of a letter."""

    OPEN = "open"  # nobody has dealt with it
    RETRYING = (
        "retrying"  # a retry took it in hand; if that one was killed, the next finds out how far it came
    )
    RETRIED = "retried"
    DROPPED = "dropped"

    @property
    def waits(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self in {State.OPEN, State.RETRYING}


class Mark(Part):
    """A record that says what was done with a letter: the newest one counts.

    It lies on the letter's own topic, so that both live and die together. What was buried always has the
    headers of ``Graveyard`` and a mark never has, so no outsider's header can pass for one.
    """

    letter: str
    state: State
    at: AwareDatetime
    reason: str = ""

    def to_record(self) -> Record:
        """As written. The key is the letter's place, so that the marks of one letter stay in order."""
        headers: Headers = ((MARK, self.state.encode()), ("content-type", JSON))
        return Record(self.letter.encode(), self.model_dump_json().encode(), headers)


@dataclass(frozen=True)
class Letter:
    """One dead letter without its value, which may be large."""

    place: Place
    buried_at: datetime
    key: bytes | None
    size: int  # bytes of the value
    id: str | None  # ``ce_id``
    why: Mapping[str, str]  # what ``Graveyard`` noted: service, fault, error, message, topic, ...
    state: State = State.OPEN
    marked_at: datetime | None = None
    reason: str = ""

    @property
    def origin(self) -> str:
        """Where the original lies, TOPIC/PARTITION/OFFSET; the letter's own place if it does not say."""
        told = [self.why.get(name) for name in ("topic", "partition", "offset")]
        return str(self.place) if None in told else "/".join(map(str, told))


@dataclass(frozen=True)
class Search:
    """Which letters are meant: those for which everything that is given holds."""

    places: frozenset[Place] = frozenset()
    fault: Fault | None = None
    service: str | None = None
    since: datetime | None = None
    id: str | None = None
    key: bytes | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is given."""
        return self == Search()

    def finds(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        return (
            (not self.places or letter.place in self.places)
            and (self.fault is None or letter.why.get("fault") == self.fault)
            and (self.service is None or letter.why.get("service") == self.service)
            and (self.since is None or letter.buried_at >= self.since)
            and (self.id is None or letter.id == self.id)
            and (self.key is None or letter.key == self.key)
        )


def place_of(record: ConsumerRecord) -> Place:
    """Where a record lies."""
    return Place(record.topic, record.partition, record.offset)


def read_mark(record: ConsumerRecord) -> Mark | None:
    """The mark that a record is, or None when it is a letter."""
    names = {name for name, _ in record.headers}
    if MARK not in names or any(name.startswith(PREFIX) for name in names):
        return None
    try:
        return Mark.model_validate_json(record.value or b"")
    except ValidationError:
        return None  # nobody's mark: shown as a letter, for a person to look at


def read_letter(record: ConsumerRecord) -> Letter:
    """The letter that a record is; whatever its headers hold."""
    why = {
        name.removeprefix(PREFIX): (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(PREFIX)
    }
    return Letter(
        place=place_of(record),
        buried_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        key=record.key,
        size=len(record.value or b""),
        id=header(record.headers, "ce_id"),
        why=why,
    )


def original(record: ConsumerRecord) -> Headers:
    """The headers that a buried record had before it was buried."""
    return tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX))


def revive(record: ConsumerRecord) -> Record:
    """What a retry publishes: the original, with a header that says where it was taken from."""
    headers = tuple(pair for pair in original(record) if pair[0] != RETRIED_FROM)
    return Record(record.key, record.value, (*headers, (RETRIED_FROM, str(place_of(record)).encode())))
