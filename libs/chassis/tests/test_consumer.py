"""Consuming on real Kafka: at least once, poison costs only itself, nothing is committed too early."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from prometheus_client import REGISTRY

from tocsin.chassis import deadletter, metrics, producer, topics
from tocsin.chassis.consumer import Consumer, Incoming
from tocsin.chassis.deadletter import Graveyard, Overwhelmed
from tocsin.chassis.faults import Refused
from tocsin.chassis.health import Health, Pulse
from tocsin.chassis.subscription import WATCH_SECONDS, Group, UnsafeSubscriber, assert_safe, subscribe
from tocsin.contracts import Event, Topic
from tocsin.contracts.cloudevents import to_record
from tocsin.contracts.trace import new_traceparent, trace_id
from tocsin.embedded import Engines


class Rung(Event):
    type: ClassVar[str] = "test.rung.v1"
    bell: str

    def key(self) -> str:
        return self.bell


Handle = Callable[[Sequence[Incoming[Rung]]], Awaitable[None]]


@dataclass
class Belfry:
    """A topic with its consumer running, and what the handler saw."""

    topic: Topic
    bootstrap: str
    kafka: producer.Producer
    health: Health
    seen: list[str] = field(default_factory=list)
    fatal: list[BaseException] = field(default_factory=list)

    async def ring(self, *ids: str, bell: str = "one") -> None:
        now = datetime.now(UTC)
        records = [
            to_record(Rung(id=i, bell=bell), source="test", time=now, traceparent=new_traceparent())
            for i in ids
        ]
        await self.kafka.publish(self.topic, records)

    async def raw(
        self, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = (), key: bytes = b"one"
    ) -> None:
        client = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await client.start()
        try:
            await client.send_and_wait(self.topic.name, value, key=key, headers=list(headers))
        finally:
            await client.stop()

    async def committed(self) -> int:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self.topic.name)
            return sum(max(at.offset, 0) for at in offsets.values())
        finally:
            await admin.close()

    async def dead(self, count: int) -> list[ConsumerRecord]:
        client = AIOKafkaConsumer(
            self.topic.dead, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest"
        )
        await client.start()
        found: list[ConsumerRecord] = []
        try:
            async with asyncio.timeout(20):
                while len(found) < count:
                    for records in (await client.getmany(timeout_ms=100)).values():
                        found += records
        finally:
            await client.stop()
        return found


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def belfry(
    engines: Engines,
    handle: Handle | None = None,
    topic: Topic | None = None,
    instance: str | None = None,
) -> AsyncIterator[Belfry]:
    bootstrap = engines.kafka.bootstrap
    topic = topic or Topic(f"test.{uuid.uuid4().hex}", Rung, "bell", "a test", partitions=2)
    await topics.apply(bootstrap, [topic])
    fatal: list[BaseException] = []
    async with producer.connect(bootstrap, fatal.append) as kafka:
        place = Belfry(topic, bootstrap, kafka, Health(started=True), fatal=fatal)

        async def on_rung(incoming: Sequence[Incoming[Rung]]) -> None:
            if handle is not None:
                await handle(incoming)
            place.seen += [one.event.id for one in incoming]

        graveyard = Graveyard("test", topic, kafka, fatal.append)
        consumer = Consumer(topic, Rung, on_rung, graveyard)
        group = Group(topic.name, instance)
        async with subscribe(bootstrap, group, consumer, topic, place.health):
            yield place


async def test_events_arrive_in_order_and_are_committed_after_handling(engines: Engines) -> None:
    async with belfry(engines) as place:
        await place.ring(*(str(n) for n in range(100)))
        await until(lambda: len(place.seen) == 100)
        assert place.seen == [str(n) for n in range(100)]
        await until(lambda: _is(place.committed(), 100))
        await until(lambda: not place.health.unfit())


async def test_nothing_is_committed_while_the_handler_works(engines: Engines) -> None:
    let_go = asyncio.Event()
    entered = asyncio.Event()

    async def wait(_: Sequence[Incoming[Rung]]) -> None:
        entered.set()
        await let_go.wait()

    async with belfry(engines, wait) as place:
        await place.ring("1")
        await entered.wait()
        assert await place.committed() == 0
        let_go.set()
        await until(lambda: _is(place.committed(), 1))


async def test_a_consumer_that_has_fallen_silent_does_not_live(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = AIOKafkaConsumer.getmany
    silent = False

    async def getmany(self: AIOKafkaConsumer, *args: Any, **kwargs: Any) -> Any:
        if silent and self._group_id is not None:
            await asyncio.sleep(0.01)
            return {}
        return await poll(self, *args, **kwargs)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    async with belfry(engines) as place:
        await until(lambda: not place.health.unfit())
        (pulse,) = place.health._pulses
        await _beats(pulse)
        silent = True
        await place.ring("1")
        await until(lambda: pulse.age > 4 * WATCH_SECONDS)
        silent = False
        await _beats(pulse)
        assert place.seen == ["1"]


async def _beats(pulse: Pulse) -> None:
    before = pulse._last
    await until(lambda: pulse._last > before)


async def test_a_rebalance_waits_for_the_batch_in_hand(engines: Engines) -> None:
    let_go, entered = asyncio.Event(), asyncio.Event()

    async def wait(_: Sequence[Incoming[Rung]]) -> None:
        entered.set()
        await let_go.wait()

    async with belfry(engines, wait) as first:
        for n in range(8):  # on both partitions, in one poll or two
            await first.ring(f"{n}", bell=f"bell {n}")
        await entered.wait()
        joining = asyncio.create_task(_join(engines, first, joined := asyncio.Event()))
        await until(lambda: "has not joined" in str(first.health.unfit()))  # its partitions are being revoked
        let_go.set()
        await joined.wait()
        await until(lambda: not first.health.unfit())
        await first.ring("last", bell="bell 0")
        await first.ring("last too", bell="bell 1")
        second = await joining
        assert sorted(first.seen + second) == sorted([*map(str, range(8)), "last", "last too"])


async def _join(engines: Engines, first: Belfry, joined: asyncio.Event) -> list[str]:
    """Join the group of the first replica; gives what came here until all ten events were seen."""
    async with belfry(engines, topic=first.topic) as second:
        await until(lambda: not second.health.unfit())
        joined.set()
        await until(lambda: len(set(first.seen + second.seen)) == 10)
        return second.seen


async def test_a_restart_under_the_same_name_moves_no_partition(engines: Engines) -> None:
    async with belfry(engines) as first:
        await until(lambda: not first.health.unfit())
        assignments = metrics.REBALANCES.labels(first.topic.name)
        for restart in (False, True):
            before = assignments._value.get()
            async with belfry(engines, topic=first.topic, instance="replica-1") as second:
                await until(lambda: not second.health.unfit())
                await until(lambda: not first.health.unfit())
                # The first time both are assigned anew; after the restart only the one that came back.
                assert assignments._value.get() - before == (1 if restart else 2)


async def test_an_idle_consumer_turns(engines: Engines) -> None:
    async with belfry(engines) as place:
        await until(lambda: not place.health.unfit())
        (pulse,) = place.health._pulses
        for _ in range(2):
            await _beats(pulse)


POISON: list[tuple[bytes | None, list[tuple[str, bytes | None]]]] = [
    (b"not json", [("ce_type", b"test.rung.v1"), ("content-type", b"application/json")]),
    (b"\xff\xfe", [("ce_type", b"test.rung.v1"), ("content-type", b"application/json")]),
    (None, [("ce_type", b"test.rung.v1")]),
    (b"{}", [("ce_type", b"test.rung.v1"), ("content-type", b"application/json")]),
    (b'{"id": "x", "bell": "y"}', []),
    (b'{"id": "x", "bell": "y"}', [("ce_type", None), ("reply_to", b"elsewhere")]),
    (b'{"id": "x", "bell": "y"}', [("ce_type", b"\xff")]),
]


async def test_poison_of_every_kind_costs_only_itself(engines: Engines) -> None:
    async with belfry(engines) as place:
        for n, (value, headers) in enumerate(POISON):
            await place.ring(f"before {n}")
            await place.raw(value, headers)
        await place.ring("after")
        await until(lambda: len(place.seen) == len(POISON) + 1)
        buried = await place.dead(len(POISON))
        for record, (value, headers) in zip(buried, POISON, strict=True):
            assert (record.value, list(record.headers)[: len(headers)]) == (value, headers)
        why = dict(buried[0].headers)
        assert why["tocsin-dead-fault"] == b"unreadable"
        assert why["tocsin-dead-topic"] == place.topic.name.encode()
        assert int(why["tocsin-dead-offset"]) == 1
        await until(lambda: _is(place.committed(), 2 * len(POISON) + 1))


async def test_a_record_the_handler_refuses_is_buried_and_its_neighbours_go_on(engines: Engines) -> None:
    async def refuse(incoming: Sequence[Incoming[Rung]]) -> None:
        if any(one.event.id == "bad" for one in incoming):
            raise Refused("not this one")

    async with belfry(engines, refuse) as place:
        await place.ring("1", "bad", "2", "3")
        (buried,) = await place.dead(1)
        assert json.loads(buried.value)["id"] == "bad"
        assert dict(buried.headers)["tocsin-dead-message"] == b"not this one"
        await until(lambda: place.seen == ["1", "2", "3"])


async def test_a_fault_that_heals_is_tried_again_and_buries_nothing(engines: Engines) -> None:
    failures = [ValueError("once"), ValueError("twice")]

    async def stumble(_: Sequence[Incoming[Rung]]) -> None:
        if failures:
            raise failures.pop()

    async with belfry(engines, stumble) as place:
        await place.ring("1")
        await until(lambda: place.seen == ["1"])
        await until(lambda: _is(place.committed(), 1))


async def test_while_a_part_is_away_nothing_is_buried_and_nothing_committed(engines: Engines) -> None:
    tries: list[int] = []

    async def away(_: Sequence[Incoming[Rung]]) -> None:
        tries.append(1)
        if len(tries) <= 3:
            raise ConnectionRefusedError("database")

    async with belfry(engines, away) as place:
        await place.ring("1", "2")
        await until(lambda: len(tries) >= 2)
        assert await place.committed() == 0
        await until(lambda: place.seen == ["1", "2"])
        await until(lambda: _is(place.committed(), 2))


async def test_a_run_of_burials_stops_the_service_before_it_buries_a_topic(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadletter, "MAX_IN_A_ROW", 3)
    async with belfry(engines) as place:
        for _ in range(5):
            await place.raw(b"not json")
        await until(lambda: bool(place.fatal))
        assert isinstance(place.fatal[0], Overwhelmed)
        assert len(await place.dead(3)) == 3
        assert await place.committed() < 5


async def test_the_trace_goes_on(engines: Engines) -> None:
    traces: list[str | None] = []

    async def note(incoming: Sequence[Incoming[Rung]]) -> None:
        traces.extend(trace_id(one.traceparent) for one in incoming)

    async with belfry(engines, note) as place:
        first = new_traceparent()
        record = to_record(Rung(id="1", bell="b"), source="test", time=datetime.now(UTC), traceparent=first)
        await place.kafka.publish(place.topic, [record])
        await until(lambda: traces == [trace_id(first)])


@pytest.mark.parametrize("policy", [AckPolicy.ACK_FIRST, AckPolicy.ACK, AckPolicy.MANUAL])
async def test_a_subscriber_that_acknowledges_otherwise_may_not_start(policy: AckPolicy) -> None:
    broker = KafkaBroker()
    broker.subscriber("t", group_id="g", ack_policy=policy)
    with pytest.raises(UnsafeSubscriber, match="NACK_ON_ERROR"):
        assert_safe(broker)


async def test_keys_keep_their_partition_and_a_record_too_large_is_refused(engines: Engines) -> None:
    async with belfry(engines) as place:
        for n in range(20):
            await place.ring(f"{n}", bell=f"bell {n % 3}")
        await until(lambda: len(place.seen) == 20)
        client = AIOKafkaProducer(bootstrap_servers=place.bootstrap)
        await client.start()
        try:  # any other client puts the same key on the same partition
            sent = await client.send_and_wait(place.topic.name, b"x", key=b"bell 1")
        finally:
            await client.stop()
        reader = AIOKafkaConsumer(bootstrap_servers=place.bootstrap, auto_offset_reset="earliest")
        await reader.start()
        try:
            reader.assign([TopicPartition(place.topic.name, sent.partition)])
            async with asyncio.timeout(10):
                polled = await reader.getmany(timeout_ms=5000)
            keys = [record.key for records in polled.values() for record in records]
        finally:
            await reader.stop()
        assert keys.count(b"bell 1") == 8
        with pytest.raises(Refused, match="over the limit"):
            await place.ring("x" * 1_000_001)


async def test_lag_is_what_the_broker_says_and_the_oldest_record_has_its_own_age(engines: Engines) -> None:
    let_go = asyncio.Event()

    async def wait(_: Sequence[Incoming[Rung]]) -> None:
        await let_go.wait()

    async with belfry(engines, wait) as place:
        client = AIOKafkaProducer(bootstrap_servers=place.bootstrap)
        await client.start()
        now = datetime.now(UTC)
        old = to_record(Rung(id="old", bell="b"), source="test", time=now, traceparent=new_traceparent())
        sent_at = int((now.timestamp() - 3600) * 1000)
        await client.send_and_wait(
            place.topic.name, old.value, key=old.key, headers=list(old.headers), timestamp_ms=sent_at
        )
        await client.stop()
        await place.ring(*(f"{n}" for n in range(9)))  # some of them are in hand now: that is no commit
        await until(lambda: _lag(place) == 10)
        assert await _broker_lag(place) == 10
        await until(lambda: 3600 <= _sample("tocsin_consumer_oldest_seconds", place) < 3660)
        let_go.set()
        await until(lambda: _lag(place) == 0)
        assert await _broker_lag(place) == 0
        await until(lambda: _sample("tocsin_consumer_oldest_seconds", place) == 0)


async def test_retries_and_rebalances_are_counted(engines: Engines) -> None:
    failures = [ValueError("once"), ValueError("twice")]

    async def stumble(_: Sequence[Incoming[Rung]]) -> None:
        if failures:
            raise failures.pop()

    async with belfry(engines, stumble) as place:
        await until(lambda: _sample("tocsin_consumer_rebalances_total", place) == 1)
        assert _sample("tocsin_records_retried_total", place) == 0
        await place.ring("1")
        await until(lambda: place.seen == ["1"])
        assert _sample("tocsin_records_retried_total", place) == 2


def _sample(name: str, place: Belfry, **labels: str) -> float:
    value = REGISTRY.get_sample_value(name, {"topic": place.topic.name} | labels)
    return -1.0 if value is None else value


def _lag(place: Belfry) -> float:
    return sum(_sample("tocsin_consumer_lag_records", place, partition=str(n)) for n in range(2))


async def _broker_lag(place: Belfry) -> int:
    """End less commit, asked from outside the group."""
    reader = AIOKafkaConsumer(bootstrap_servers=place.bootstrap)
    await reader.start()
    ends = await reader.end_offsets([TopicPartition(place.topic.name, n) for n in range(2)])
    await reader.stop()
    end: int = sum(ends.values())
    return end - await place.committed()


async def _is(answer: Awaitable[int], expected: int) -> bool:
    return await answer == expected
