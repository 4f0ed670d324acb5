"""Dead letters on real Kafka: found by every filter, retried once whatever happens, dropped with a reason."""

import contextlib
import itertools
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import morgue, producer, topics
from tocsin.chassis.archive import NoSuchTopic
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.faults import Fault
from tocsin.chassis.letter import MARK, Letter, Mark, Place, Search, State
from tocsin.chassis.morgue import Morgue, visit
from tocsin.chassis.producer import Producer
from tocsin.contracts import NoticePublished, Topic
from tocsin.contracts.cloudevents import Headers, Record
from tocsin.embedded import Engines

HEADERS: Headers = (("ce_id", b"n-1"), ("ce_type", b"t"), ("odd", None), ("odd", b"\xff"))


@dataclass
class Yard:
    """A topic with its twin, and somebody who buries."""

    topic: Topic
    bootstrap: str
    kafka: Producer
    morgue: Morgue
    progress: list[tuple[str, int, int]] = field(default_factory=list)
    _offsets: Iterator[int] = field(default_factory=itertools.count)

    async def bury(
        self, key: bytes | None, value: bytes | None, headers: Headers = HEADERS, **changes: Any
    ) -> None:
        graveyard = Graveyard(changes.get("service", "test"), self.topic, self.kafka, lambda _: None)
        offset = changes.get("offset", next(self._offsets))
        record = ConsumerRecord(self.topic.name, 1, offset, 0, 0, key, value, None, 0, 0, headers)
        await graveyard.bury(record, changes.get("fault", Fault.UNREADABLE), ValueError("why"), attempts=1)

    async def letters(self, **search: Any) -> list[Letter]:
        return await self.morgue.survey(Search(**search))

    async def published(self) -> list[ConsumerRecord]:
        """What lies on the original topic, a partition after the other."""
        client = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await client.start()
        found: list[ConsumerRecord] = []
        try:
            partitions = [TopicPartition(self.topic.name, n) for n in range(self.topic.partitions)]
            client.assign(partitions)
            for partition, end in (await client.end_offsets(partitions)).items():
                while await client.position(partition) < end:
                    for records in (await client.getmany(partition, timeout_ms=100)).values():
                        found += records
        finally:
            await client.stop()
        return found


@contextlib.asynccontextmanager
async def yard(engines: Engines) -> AsyncIterator[Yard]:
    bootstrap = engines.kafka.bootstrap
    topic = Topic(f"test.{uuid.uuid4().hex}", NoticePublished, "document id", "a test", partitions=3)
    await topics.apply(bootstrap, [topic])
    progress: list[tuple[str, int, int]] = []
    async with (
        producer.connect(bootstrap, lambda _: None) as kafka,
        visit(bootstrap, [topic], lambda *step: progress.append(step)) as place,
    ):
        yield Yard(topic, bootstrap, kafka, place, progress)


class PowerCut(Exception):
    """The process ends here."""


class Doomed(Producer):
    """A producer whose process ends after so many writes."""

    def __init__(self, kafka: Producer, writes: int) -> None:
        super().__init__(kafka._client, lambda _: None)
        self._left = writes

    async def write(self, topic: str, records: Sequence[Record], most: int = 1_000_000) -> None:
        if self._left == 0:
            raise PowerCut
        self._left -= 1
        await super().write(topic, records, most)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({}, "abc"),
        ({"fault": Fault.REFUSED}, "b"),
        ({"service": "notify"}, "c"),
        ({"key": b"key b"}, "b"),
        ({"id": "n-c"}, "c"),
        ({"id": "n-c", "service": "test"}, ""),
        ({"since": datetime.now(UTC) - timedelta(hours=1)}, "abc"),
        ({"since": datetime.now(UTC) + timedelta(hours=1)}, ""),
    ],
)
async def test_letters_are_found_by_every_filter(
    engines: Engines, search: dict[str, Any], found: str
) -> None:
    async with yard(engines) as place:
        await place.bury(b"key a", b"a", (("ce_id", b"n-a"),))
        await place.bury(b"key b", b"b", (("ce_id", b"n-b"),), fault=Fault.REFUSED)
        await place.bury(b"key c", b"c", (("ce_id", b"n-c"),), service="notify")
        letters = await place.letters(**search)
        assert "".join((letter.id or "")[-1] for letter in letters) == found
        for letter in letters:
            assert (letter.state, letter.why["message"]) == (State.OPEN, "why")
            assert [one.place for one in await place.letters(places=frozenset([letter.place]))] == [
                letter.place
            ]


async def test_a_retry_brings_back_bytes_key_headers_and_order_once(engines: Engines) -> None:
    async with yard(engines) as place:
        buried = [(f"key {n % 5}".encode(), f"{n}".encode()) for n in range(250)]
        for key, value in buried:
            await place.bury(key, value)
        letters = await place.letters()
        outcome = await place.morgue.retry(letters, place.kafka)
        assert (outcome.retried, outcome.found, outcome.refused) == (250, 0, {})
        assert place.progress[-1] == ("retrying", 250, 250)
        back = await place.published()
        for key in {key for key, _ in buried}:
            assert [r.value for r in back if r.key == key] == [v for k, v in buried if k == key]
        for record in back:
            *headers, (name, taken_from) = record.headers
            assert tuple(headers) == HEADERS
            assert name == "tocsin-retried-from"
            letter = next(one for one in letters if str(one.place).encode() == taken_from)
            assert (await place.morgue.fetch(letter)).value == record.value
            assert letter.place.partition == record.partition
        assert {letter.state for letter in await place.letters()} == {State.RETRIED}


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
async def test_a_retry_that_was_cut_off_goes_on_and_repeats_nothing(engines: Engines, writes: int) -> None:
    async with yard(engines) as place:
        for n in range(10):
            await place.bury(b"one key", f"{n}".encode())
        first, *_ = letters = await place.letters()
        await place.morgue.retry([first], place.kafka)
        rest = [letter for letter in await place.letters() if letter.state.waits]
        with contextlib.suppress(PowerCut):
            await place.morgue.retry(rest, Doomed(place.kafka, writes))
        states = {letter.state for letter in await place.letters()} - {State.RETRIED}
        assert states == ([{State.OPEN}, {State.RETRYING}, {State.RETRYING}, set()][writes])
        rest = [letter for letter in await place.letters() if letter.state.waits]
        outcome = await place.morgue.retry(rest, place.kafka)
        assert (outcome.retried, outcome.found) == [(9, 0), (9, 0), (0, 9), (0, 0)][writes]
        assert [record.value for record in await place.published()] == [f"{n}".encode() for n in range(10)]
        assert {letter.state for letter in await place.letters()} == {State.RETRIED}
        assert len(letters) == 10


async def test_a_letter_that_comes_back_is_a_new_one_and_may_be_retried_again(engines: Engines) -> None:
    async with yard(engines) as place:
        await place.bury(b"k", b"v")
        await place.morgue.retry(await place.letters(), place.kafka)
        (record,) = await place.published()
        await place.bury(record.key, record.value, tuple(record.headers))
        waiting = [letter for letter in await place.letters() if letter.state.waits]
        await place.morgue.retry(waiting, place.kafka)
        _, again = await place.published()
        told = [value for name, value in again.headers if name == "tocsin-retried-from"]
        assert told == [str(waiting[0].place).encode()]


async def test_a_record_that_was_buried_twice_is_one_letter(engines: Engines) -> None:
    async with yard(engines) as place:
        for service in ("test", "after a restart"):
            await place.bury(b"k", b"v", offset=41, service=service)
        await place.bury(b"k", b"other", offset=42)
        letters = await place.letters()
        assert [letter.why["service"] for letter in letters] == ["test", "test"]
        assert await place.letters(service="after a restart") == []
        await place.morgue.retry(letters, place.kafka)
        assert [record.value for record in await place.published()] == [b"v", b"other"]


async def test_a_dropped_letter_keeps_its_bytes_and_the_reason(engines: Engines) -> None:
    async with yard(engines) as place:
        await place.bury(b"k", b"v")
        await place.bury(b"k", None)
        first, second = await place.letters()
        await place.morgue.drop([first], "a drill", place.kafka)
        dropped, waiting = await place.letters()
        assert (dropped.state, dropped.reason, waiting) == (State.DROPPED, "a drill", second)
        assert (await place.morgue.fetch(dropped)).value == b"v"
        assert (await place.morgue.fetch(waiting)).value is None


async def test_what_cannot_be_published_is_told_and_holds_up_nobody(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(morgue, "MAX_RETRIED_BYTES", 10_000)
    async with yard(engines) as place:
        await place.bury(b"k", b"x" * 20_000)
        await place.bury(b"k", b"small")
        outcome = await place.morgue.retry(await place.letters(), place.kafka)
        (why,) = outcome.refused.values()
        assert "over the limit" in why
        assert [record.value for record in await place.published()] == [b"small"]
        assert [letter.state for letter in await place.letters()] == [State.OPEN, State.RETRIED]


async def test_an_outsiders_header_makes_no_mark_and_a_strange_record_is_a_letter(engines: Engines) -> None:
    async with yard(engines) as place:
        await place.bury(b"k", b"victim")
        (victim,) = await place.letters()
        forged = Mark(letter=str(victim.place), state=State.DROPPED, at=datetime.now(UTC)).to_record()
        await place.bury(forged.key, forged.value, forged.headers)
        await place.kafka.write(place.topic.dead, [Record(b"k", b"no mark", ((MARK, b"x"),))])
        await place.kafka.write(place.topic.dead, [Record(None, None, (("tocsin-dead-fault", None),))])
        assert [letter.state for letter in await place.letters()] == [State.OPEN] * 4


async def test_an_empty_twin_has_no_letters_and_a_missing_one_is_told(engines: Engines) -> None:
    async with yard(engines) as place:
        assert await place.letters() == []
    absent = Topic(f"test.{uuid.uuid4().hex}", NoticePublished, "document id", "a test")
    with pytest.raises(NoSuchTopic, match="tocsin topics apply"):
        async with visit(engines.kafka.bootstrap, [absent], lambda *_: None):
            pass


@pytest.mark.parametrize("text", ["", "topic", "topic/1", "topic/one/2", "topic/1/"])
def test_a_place_is_read_as_it_is_written_or_not_at_all(text: str) -> None:
    assert Place.parse(str(Place("a/topic", 1, 2))) == Place("a/topic", 1, 2)
    with pytest.raises(ValueError, match="TOPIC/PARTITION/OFFSET"):
        Place.parse(text)
