"""Dead letters as a person deals with them: looked through, retried, dropped."""

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import archive
from tocsin.chassis.archive import AT_ONCE, Archive, Spans, Tell
from tocsin.chassis.letter import (
    RETRIED_FROM,
    Letter,
    Mark,
    Place,
    Search,
    State,
    place_of,
    read_letter,
    read_mark,
    revive,
)
from tocsin.chassis.producer import Producer, size
from tocsin.contracts import Topic
from tocsin.contracts.cloudevents import header
from tocsin.contracts.topics import MAX_RECORD_BYTES

MAX_RETRIED_BYTES = MAX_RECORD_BYTES + 1_000  # room for the header that a retry adds
CLOCK_SLACK = timedelta(minutes=5)


@dataclass
class Outcome:
    """What came of a retry."""

    retried: int = 0  # published now
    found: int = 0  # published before, by a retry that was interrupted before it could say so
    refused: dict[Place, str] = field(default_factory=dict)  # cannot be published, and why


class Morgue:
    """The dead-letter twins of some topics; use ``visit``."""

    def __init__(self, kept: Archive, topics: Sequence[Topic]) -> None:
        self._archive = kept
        self._topics = topics

    async def survey(self, search: Search) -> list[Letter]:
        """The letters that are meant, oldest first, each with what became of it.

        A service that ends between burying and committing buries a record again: the first letter stands
        for all of them.
        """
        letters: list[Letter] = []
        first: dict[str, Place] = {}
        marks: dict[str, Mark] = {}
        spans: dict[TopicPartition, tuple[int, int]] = {}
        for topic in self._topics:
            spans |= await self._archive.spans(topic.dead)
        async for records in self._archive.read("reading", spans):
            for record in records:
                if (mark := read_mark(record)) is not None:
                    marks[mark.letter] = mark
                    continue
                letter = read_letter(record)
                if first.setdefault(letter.origin, letter.place) == letter.place and search.finds(letter):
                    letters.append(letter)
        marked = [_marked(letter, marks.get(str(letter.place))) for letter in letters]
        return sorted(marked, key=lambda letter: letter.buried_at)

    async def fetch(self, letter: Letter) -> ConsumerRecord:
        """The record of a letter, with its value."""
        partition, offset = TopicPartition(*letter.place[:2]), letter.place.offset
        spans = {partition: (offset, offset + 1)}
        (record,) = [record async for records in self._archive.read("fetching", spans) for record in records]
        return record

    async def retry(self, letters: Collection[Letter], kafka: Producer) -> Outcome:
        """Publish the originals to their own topic, each once, in the order of burial within a partition.

        Each is marked as taken in hand, published, then marked as retried. After a kill in between, the
        next retry looks on the topic whether it was published. Two retries of the same letters at the same
        time may publish one twice, with the same id.
        """
        back = await self._back([letter for letter in letters if letter.state is State.RETRYING])
        await _mark(back, State.RETRIED, kafka)
        outcome = Outcome(found=len(back))
        rest = {letter.place for letter in letters} - back
        done = 0
        for topic in self._topics:
            async for records in self._archive.read(None, _around(topic, rest)):
                wanted = [record for record in records if place_of(record) in rest]
                await _publish(topic, wanted, kafka, outcome)
                done += len(wanted)
                self._archive.tell("retrying", done, len(rest))
        return outcome

    async def drop(self, letters: Sequence[Letter], reason: str, kafka: Producer) -> None:
        """Mark letters as not worth a retry. Their bytes stay."""
        for first in range(0, len(letters), AT_ONCE):
            some = letters[first : first + AT_ONCE]
            await _mark([letter.place for letter in some], State.DROPPED, kafka, reason)
            self._archive.tell("dropping", first + len(some), len(letters))

    async def _back(self, letters: Sequence[Letter]) -> set[Place]:
        """Which of these letters, that a retry had in hand when it was interrupted, it had published."""
        wanted = {str(letter.place): letter.place for letter in letters}
        back: set[Place] = set()
        for topic in self._topics:
            taken = [one.marked_at for one in letters if one.place.topic == topic.dead and one.marked_at]
            if taken:
                spans = await self._archive.spans(topic.name, since=min(taken) - CLOCK_SLACK)
                async for records in self._archive.read("looking for what was retried", spans):
                    told = [header(record.headers, RETRIED_FROM) or "" for record in records]
                    back |= {wanted[place] for place in told if place in wanted}
        return back


def _marked(letter: Letter, mark: Mark | None) -> Letter:
    if mark is None:
        return letter
    return replace(letter, state=mark.state, marked_at=mark.at, reason=mark.reason)


def _around(topic: Topic, places: Collection[Place]) -> Spans:
    """What has to be read of a topic's twin to come by all of these places."""
    offsets: dict[TopicPartition, list[int]] = {}
    for place in places:
        if place.topic == topic.dead:
            offsets.setdefault(TopicPartition(place.topic, place.partition), []).append(place.offset)
    return {partition: (min(found), max(found) + 1) for partition, found in offsets.items()}


async def _publish(
    topic: Topic, records: Sequence[ConsumerRecord], kafka: Producer, outcome: Outcome
) -> None:
    whole = {place_of(record): revive(record) for record in records}
    refused = {place: why for record in records if (why := _unfit(record)) for place in [place_of(record)]}
    fit = [place for place in whole if place not in refused]
    outcome.refused |= refused
    await _mark(fit, State.RETRYING, kafka)
    await kafka.write(topic.name, [whole[place] for place in fit], most=MAX_RETRIED_BYTES)
    await _mark(fit, State.RETRIED, kafka)
    outcome.retried += len(fit)


def _unfit(record: ConsumerRecord) -> str | None:
    if cut := read_letter(record).why.get("cut"):
        return f"its {cut} bytes were too many to be buried: only the reason was"
    if (bytes_ := size(revive(record))) > MAX_RETRIED_BYTES:
        return f"its {bytes_} bytes are over the limit of {MAX_RECORD_BYTES} for one record"
    return None


async def _mark(places: Collection[Place], state: State, kafka: Producer, reason: str = "") -> None:
    now = datetime.now(UTC)
    for topic in {place.topic for place in places}:
        marks = [
            Mark(letter=str(place), state=state, at=now, reason=reason)
            for place in places
            if place.topic == topic
        ]
        await kafka.write(topic, [mark.to_record() for mark in marks])


@contextlib.asynccontextmanager
async def visit(bootstrap: str, topics: Sequence[Topic], tell: Tell) -> AsyncIterator[Morgue]:
    """The dead-letter twins of these topics; ``tell`` hears of the progress of long work.

    Raises ``NoSuchTopic``, or what aiokafka raises when Kafka is away.
    """
    names = [name for topic in topics for name in (topic.name, topic.dead)]
    async with archive.opened(bootstrap, names, tell) as opened:
        yield Morgue(opened, topics)
