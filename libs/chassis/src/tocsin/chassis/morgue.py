"""Dead letters as a person deals with them: looked through, retried, dropped."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

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

AT_ONCE = 100  # letters taken in hand together: as many are looked for again after a kill
POLL_MS = 200
PATIENCE_SECONDS = 30.0
MAX_RETRIED_BYTES = MAX_RECORD_BYTES + 1_000  # room for the header that a retry adds
CLOCK_SLACK = timedelta(minutes=5)

Tell = Callable[[str, int, int], None]  # what is done, how many so far, of how many
Spans = Mapping[TopicPartition, tuple[int, int]]  # the first offset to read, and the one to stop before


class NoSuchTopic(RuntimeError):
    """A topic or its dead-letter twin is not there; the message says what to do."""


@dataclass
class Outcome:
    """What came of a retry."""

    retried: int = 0  # published now
    found: int = 0  # published before, by a retry that was interrupted before it could say so
    refused: dict[Place, str] = field(default_factory=dict)  # cannot be published, and why


class Morgue:
    """The dead-letter twins of some topics; use ``visit``."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topics: Sequence[Topic],
        partitions: Mapping[str, Sequence[TopicPartition]],
        tell: Tell,
    ) -> None:
        self._consumer = consumer
        self._topics = topics
        self._partitions = partitions
        self._tell = tell

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
            spans |= await self._spans(topic.dead)
        async for records in self._read("reading", spans):
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
        (record,) = [record async for records in self._read("fetching", spans) for record in records]
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
            async for records in self._read(None, _around(topic, rest)):
                wanted = [record for record in records if place_of(record) in rest]
                await _publish(topic, wanted, kafka, outcome)
                done += len(wanted)
                self._tell("retrying", done, len(rest))
        return outcome

    async def drop(self, letters: Sequence[Letter], reason: str, kafka: Producer) -> None:
        """Mark letters as not worth a retry. Their bytes stay."""
        for first in range(0, len(letters), AT_ONCE):
            some = letters[first : first + AT_ONCE]
            await _mark([letter.place for letter in some], State.DROPPED, kafka, reason)
            self._tell("dropping", first + len(some), len(letters))

    async def _back(self, letters: Sequence[Letter]) -> set[Place]:
        """Which of these letters, that a retry had in hand when it was interrupted, it had published."""
        wanted = {str(letter.place): letter.place for letter in letters}
        back: set[Place] = set()
        for topic in self._topics:
            taken = [one.marked_at for one in letters if one.place.topic == topic.dead and one.marked_at]
            if taken:
                spans = await self._spans(topic.name, since=min(taken) - CLOCK_SLACK)
                async for records in self._read("looking for what was retried", spans):
                    told = [header(record.headers, RETRIED_FROM) or "" for record in records]
                    back |= {wanted[place] for place in told if place in wanted}
        return back

    async def _spans(self, topic: str, since: datetime | None = None) -> Spans:
        partitions = self._partitions[topic]
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(partitions)
        if since is None:
            firsts = await self._consumer.beginning_offsets(partitions)
        else:
            at = int(since.timestamp() * 1000)
            later = await self._consumer.offsets_for_times(dict.fromkeys(partitions, at))
            firsts = {p: found.offset if found else ends[p] for p, found in later.items()}
        return {p: (firsts[p], end) for p, end in ends.items() if firsts[p] < end}

    async def _read(self, what: str | None, spans: Spans) -> AsyncIterator[Sequence[ConsumerRecord]]:
        """Every record of the spans, some at a time, in order within a partition."""
        self._consumer.assign(list(spans))
        for partition, (first, _) in spans.items():
            self._consumer.seek(partition, first)
        left = {partition: end for partition, (_, end) in spans.items()}
        total = sum(end - first for first, end in spans.values())
        heard_at = time.monotonic()
        while left:
            polled = await self._consumer.getmany(*left, timeout_ms=POLL_MS, max_records=AT_ONCE)
            if not polled and time.monotonic() > heard_at + PATIENCE_SECONDS:
                raise TimeoutError("it fell silent")  # aiokafka itself waits for ever
            for partition, records in polled.items():
                yield [record for record in records if record.offset < left[partition]]
                heard_at = time.monotonic()
            # The position is asked, not the records: the last offsets may hold none.
            behind = {p: end - await self._consumer.position(p) for p, end in left.items()}
            left = {p: end for p, end in left.items() if behind[p] > 0}
            if what is not None:
                self._tell(what, total - sum(behind[p] for p in left), total)


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
    partitions = await _partitions(bootstrap, [name for topic in topics for name in (topic.name, topic.dead)])
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,  # a new assignment waits for the fetch of the old one
    )
    try:
        await consumer.start()
        yield Morgue(consumer, topics, partitions, tell)
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, names: Sequence[str]) -> dict[str, list[TopicPartition]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(list(names))
    finally:
        await admin.close()
    found = {one["topic"]: [p["partition"] for p in one["partitions"]] for one in described}
    if missing := [name for name in names if not found.get(name)]:
        raise NoSuchTopic(f"{', '.join(missing)} does not exist: run `tocsin topics apply`")
    return {name: [TopicPartition(name, number) for number in sorted(found[name])] for name in names}
