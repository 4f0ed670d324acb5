"""Poison of every kind, on real Kafka: it costs only itself, and its neighbours keep their order."""

import asyncio
import base64
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import consumer, deadletter, producer, topics
from tocsin.chassis.consumer import Consumer, Incoming
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.faults import Refused
from tocsin.chassis.health import Health
from tocsin.chassis.subscription import Group, subscribe
from tocsin.contracts import NoticePublished, SourceRef, Tier, Topic
from tocsin.contracts.cloudevents import Headers, to_record
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Engines

TYPE = NoticePublished.type.encode()
HEADERS: Headers = (("ce_type", TYPE), ("content-type", b"application/json"))
LARGE = {"max.message.bytes": "4000000", "cleanup.policy": "delete", "retention.ms": "-1"}
NOW = datetime.now(UTC)
LONG = base64.b64encode(os.urandom(1_500_000))  # 2 MB that compression does not make small

Handle = Callable[[Sequence[Incoming[NoticePublished]]], Awaitable[None]]


@dataclass(frozen=True)
class Sent:
    """A record as somebody puts it on the topic."""

    value: bytes | None
    headers: Headers = HEADERS
    key: bytes | None = b"doc-1"
    timestamp: datetime = NOW


def notice(id_: str, document: str = "doc-1", **changes: Any) -> NoticePublished:
    facts = {
        "id": id_,
        "document_id": document,
        "revision": 1,
        "source": SourceRef(id="s", name="S", tier=Tier.PRESS, kind="push"),
        "title": "A title",
        "text": "A text.",
        "first_seen_at": NOW,
        "content_sha256": "0" * 64,
    }
    return NoticePublished.model_validate(facts | changes)


def sent(id_: str, document: str = "doc-1", **changes: Any) -> Sent:
    """What ingest would send."""
    event = notice(id_, document, **changes)
    record = to_record(event, source="test", time=NOW, traceparent=new_traceparent())
    return Sent(record.value, record.headers, record.key)


def spoilt(old: bytes, new: bytes, **changes: Any) -> Sent:
    """A good record with some bytes exchanged."""
    good = sent("spoilt", **changes)
    assert good.value is not None
    assert old in good.value
    return replace(good, value=good.value.replace(old, new))


POISON: dict[str, tuple[Sent, str]] = {
    "not JSON": (Sent(b"not json"), "Invalid JSON"),
    "not UTF-8": (Sent(b"\xff\xfe{}"), "Invalid JSON"),
    "not UTF-8 in a string": (spoilt(b"A text.", b"A \xff text."), "Invalid JSON"),
    "half a surrogate pair": (spoilt(b"A text.", b"A \\ud83d text."), "Invalid JSON"),
    "empty": (Sent(b""), "Invalid JSON"),
    "null value": (Sent(None), "the value is null"),
    "no object": (Sent(b"[1, 2]"), "should be an object"),
    "no headers": (replace(sent("x"), headers=()), "ce_type is None"),
    "null type": (replace(sent("x"), headers=(("ce_type", None),)), "ce_type is None"),
    "type not UTF-8": (replace(sent("x"), headers=(("ce_type", b"\xff"),)), "ce_type is None"),
    "unknown type": (replace(sent("x"), headers=(("ce_type", b"other.v1"),)), "ce_type is 'other.v1'"),
    "a newer version": (
        replace(sent("x"), headers=(("ce_type", TYPE[:-1] + b"2"),)),
        "ce_type is 'tocsin.notice.published.v2', expected 'tocsin.notice.published.v1'",
    ),
    "no JSON, it says": (replace(sent("x"), headers=(("ce_type", TYPE),)), "content-type is ''"),
    "a field missing": (spoilt(b'"revision"', b'"version"'), "revision: Field required"),
    "wrong types": (
        spoilt(b'"revision":1', b'"revision":"one"'),
        "revision: Input should be a valid integer",
    ),
    "a number out of range": (spoilt(b'"revision":1', b'"revision":1e999'), "revision"),
    "a naive time": (spoilt(b'"published_at":null', b'"published_at":"2026-06-12T10:00:00"'), "timezone"),
    "a text of 2 MB": (spoilt(b"A text.", LONG), "text: String should have at most"),
    "deep nesting": (Sent(b"[" * 200_000 + b"]" * 200_000), "recursion limit"),
    "deep nesting where nobody looks": (
        spoilt(b'"revision":1', b'"revision":1,"x":' + b"[" * 50_000 + b"]" * 50_000),
        "recursion limit",
    ),
    "the key of another document": (replace(sent("x"), key=b"doc-2"), "the key is 'doc-2', expected 'doc-1'"),
    "no key": (replace(sent("x"), key=None), "the key is null, expected 'doc-1'"),
    "a key not UTF-8": (replace(sent("x"), key=b"\xff"), r"the key is '\\xff', expected 'doc-1'"),
}

HARMLESS: dict[str, Sent] = {
    "reply_to": replace(sent("reply_to"), headers=(*HEADERS, ("reply_to", b"tocsin.alerts.v1"))),
    "null header": replace(sent("null header"), headers=(*HEADERS, ("x", None))),
    "header not UTF-8": replace(sent("header not UTF-8"), headers=(*HEADERS, ("traceparent", b"\xff"))),
    "a record of 1970": replace(sent("a record of 1970"), timestamp=datetime(1970, 1, 2, tzinfo=UTC)),
    "a record of the future": replace(sent("a record of the future"), timestamp=NOW + timedelta(minutes=50)),
    "a notice of 1970": sent("a notice of 1970", published_at=datetime(1970, 1, 1, tzinfo=UTC)),
    "a notice of 9999": sent("a notice of 9999", published_at=datetime(9999, 12, 31, tzinfo=UTC)),
    "as many links as fit": sent("as many links as fit", links=("l",) * 240_000),
    "a field of tomorrow": spoilt(b'"id":"spoilt"', b'"new":{"a":[1]},"id":"a field of tomorrow"'),
}


@dataclass
class Mill:
    """A topic of one partition with its consumer running, and the ids that it was done with."""

    topic: Topic
    bootstrap: str
    seen: list[str] = field(default_factory=list)
    fatal: list[BaseException] = field(default_factory=list)

    async def put(self, records: Iterable[Sent]) -> int:
        """Send all, in order, in as few batches as can be; gives how many."""
        client = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, max_request_size=4_000_000, linger_ms=50, acks="all"
        )
        await client.start()
        try:
            waiting = [
                await client.send(
                    self.topic.name,
                    one.value,
                    key=one.key,
                    headers=list(one.headers),
                    partition=0,
                    timestamp_ms=int(one.timestamp.timestamp() * 1000),
                )
                for one in records
            ]
            return len(await asyncio.gather(*waiting))
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

    async def buried(self, count: int) -> list[ConsumerRecord]:
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

    async def done(self, count: int) -> None:
        """Wait until so many records are committed."""
        async with asyncio.timeout(60):
            while await self.committed() < count:  # noqa: ASYNC110 - what is waited for is in Kafka
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def mill(engines: Engines, handle: Handle | None = None) -> AsyncIterator[Mill]:
    bootstrap = engines.kafka.bootstrap
    topic = Topic(f"test.{uuid.uuid4().hex}", NoticePublished, "document id", "a test", partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:  # an operator lets larger records in than we declare
        await admin.create_topics([NewTopic(topic.name, 1, 1, topic_configs=LARGE)])
    finally:
        await admin.close()
    await topics.apply(bootstrap, [topic])
    place = Mill(topic, bootstrap)

    async def on_notices(incoming: Sequence[Incoming[NoticePublished]]) -> None:
        if handle is not None:
            await handle(incoming)
        place.seen += [one.event.id for one in incoming]

    async with producer.connect(bootstrap, place.fatal.append) as kafka:
        graveyard = Graveyard("test", topic, kafka, place.fatal.append)
        reading = Consumer(topic, NoticePublished, on_notices, graveyard)
        async with subscribe(bootstrap, Group(topic.name), reading, topic, Health()):
            yield place


async def test_every_kind_costs_only_itself(engines: Engines) -> None:
    async with mill(engines) as place:
        mixed = [
            one for n, (poison, _) in enumerate(POISON.values()) for one in (sent(f"before {n}"), poison)
        ]
        count = await place.put([*mixed, sent("last")])
        await place.done(count)
        assert place.seen == [*(f"before {n}" for n in range(len(POISON))), "last"]
        buried = await place.buried(len(POISON))
        for (kind, (poison, reason)), record in zip(POISON.items(), buried, strict=True):
            headers = tuple(record.headers)
            assert (record.key, record.value) == (poison.key, poison.value), kind
            assert headers[: len(poison.headers)] == poison.headers, kind
            why = {name: value.decode() for name, value in headers[len(poison.headers) :]}
            assert reason in why["tocsin-dead-message"], kind
            assert why["tocsin-dead-fault"] == "unreadable", kind
            assert mixed[int(why["tocsin-dead-offset"])] is poison, kind
        assert not place.fatal


async def test_what_looks_like_poison_and_is_none_is_handled(engines: Engines) -> None:
    async with mill(engines) as place:
        await place.done(await place.put(HARMLESS.values()))
        assert place.seen == list(HARMLESS)


async def test_order_per_document_holds_around_an_attempt_in_place(engines: Engines) -> None:
    stumbles = {"b2": 2, "c1": 3}

    async def stumble(incoming: Sequence[Incoming[NoticePublished]]) -> None:
        for one in incoming:
            if one.event.id == "a3":
                raise Refused("never this one")
            if stumbles.get(one.event.id, 0) > 0:
                stumbles[one.event.id] -= 1
                raise ValueError("not yet")

    async with mill(engines, stumble) as place:
        order = [f"{document}{n}" for n in range(6) for document in "abc"]
        await place.done(await place.put(sent(id_, document=f"doc-{id_[0]}") for id_ in order))
        (buried,) = await place.buried(1)
        assert buried.key == b"doc-a"
        assert place.seen == [id_ for id_ in order if id_ != "a3"]


async def test_a_poll_full_of_faults_is_dealt_with_in_bounded_time(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "PATIENCE_SECONDS", 0.0)

    async def fail(_: Sequence[Incoming[NoticePublished]]) -> None:
        raise ValueError("a bug")

    async with mill(engines, fail) as place:
        await place.done(await place.put(sent(f"{n}") for n in range(20)))
        attempts = [dict(record.headers)["tocsin-dead-attempts"] for record in await place.buried(20)]
        assert attempts == [b"1"] * 20


async def test_burials_with_a_success_between_them_are_no_run(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadletter, "MAX_IN_A_ROW", 2)
    async with mill(engines) as place:
        mixed = [one for n in range(5) for one in (Sent(b"not json"), Sent(b"nor this"), sent(f"{n}"))]
        await place.done(await place.put(mixed))
        assert len(await place.buried(10)) == 10
        assert not place.fatal


async def test_what_is_too_large_to_be_buried_leaves_the_reason_and_where_it_lies(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadletter, "MAX_DEAD_BYTES", 100_000)
    async with mill(engines) as place:
        await place.done(await place.put([Sent(b"x" * 200_000, (("h", b"x"),)), sent("after")]))
        (buried,) = await place.buried(1)
        why = dict(buried.headers)
        assert (buried.key, buried.value) == (None, b"")
        assert int(why["tocsin-dead-cut"]) > 200_000
        assert why["tocsin-dead-offset"] == b"0"
        assert place.seen == ["after"]
