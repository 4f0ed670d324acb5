"""CPU time a notice: classify on the chassis beside a bare aiokafka loop that takes the same decisions."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from bench.texts import notices
from tocsin.chassis import producer, topics
from tocsin.chassis.consumer import Consumer, Incoming
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.health import Health
from tocsin.chassis.subscription import MAX_RECORDS, POLL_MS, Group, subscribe
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.classify import classify
from tocsin.classify.handler import Handler
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.library import Library
from tocsin.classify.rules.load import load_rules
from tocsin.contracts import NOTICES_CLASSIFIED, NOTICES_PUBLISHED, Kind, NoticeClassified, NoticePublished
from tocsin.contracts.cloudevents import Record, to_record
from tocsin.contracts.trace import child_of, new_traceparent
from tocsin.notify import reserved

ALONE = 20_000  # notices that are decided upon without Kafka


@dataclass(frozen=True)
class Cost:
    """What so many notices cost this process."""

    name: str
    cpu_us: float  # a notice
    rate: float  # notices a second


class Meter:
    """Measures CPU and wall time from its making to ``read``."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()

    def read(self, name: str, count: int) -> Cost:
        cpu, wall = _cpu_seconds() - self._cpu, time.perf_counter() - self._wall
        return Cost(name, cpu / count * 1e6, count / wall)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(bootstrap: str, count: int) -> list[Cost]:
    """The decisions alone, the bare loop, the chassis; twice each, so that the spread shows."""
    entities, rules = load_catalogue(), load_rules()
    knowledge = Knowledge.of(entities, rules)
    models = [entity.name for entity in entities if entity.kind is Kind.MODEL and entity.id != reserved.MODEL]
    await topics.apply(bootstrap, [NOTICES_PUBLISHED, NOTICES_CLASSIFIED])
    async with producer.connect(bootstrap, _broken) as kafka:
        await _publish(kafka, count, models)
        library = Library(rules, _broken)
        library.know(entities)
        handler = Handler(kafka, library)
        costs = [_decisions(list(notices(min(count, ALONE), models)), knowledge)]
        for turn in (1, 2):
            costs.append(await _bare(bootstrap, f"bare-{turn}", count, knowledge))
            costs.append(await _chassis(bootstrap, f"chassis-{turn}", count, kafka, handler))
    return costs


def _broken(error: BaseException) -> None:
    raise error


async def _publish(kafka: producer.Producer, count: int, models: list[str]) -> None:
    batch: list[Record] = []
    for notice in notices(count, models):
        now = datetime.now(UTC)
        batch.append(to_record(notice, source="ingest", time=now, traceparent=new_traceparent()))
        if len(batch) == MAX_RECORDS:
            await kafka.publish(NOTICES_PUBLISHED, batch)
            batch = []
    await kafka.publish(NOTICES_PUBLISHED, batch)


def _decisions(made: list[NoticePublished], knowledge: Knowledge) -> Cost:
    meter = Meter()
    for notice in made:
        classify(notice, knowledge)
    return meter.read("classify() alone", len(made))


async def _chassis(
    bootstrap: str, group: str, count: int, kafka: producer.Producer, handler: Handler
) -> Cost:
    done, seen = asyncio.Event(), 0

    async def on_notices(incoming: Sequence[Incoming[NoticePublished]]) -> None:
        nonlocal seen
        await handler.on_notices_published(incoming)
        seen += len(incoming)
        if seen >= count:
            done.set()

    graveyard = Graveyard("bench", NOTICES_PUBLISHED, kafka, _broken)
    consumer = Consumer(NOTICES_PUBLISHED, NoticePublished, on_notices, graveyard)
    meter = Meter()
    async with subscribe(bootstrap, Group(group), consumer, NOTICES_PUBLISHED, Health()):
        await done.wait()
    return meter.read("classify on the chassis", count)


async def _bare(bootstrap: str, group: str, count: int, knowledge: Knowledge) -> Cost:
    consumer = AIOKafkaConsumer(
        NOTICES_PUBLISHED.name,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    writer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        max_batch_size=producer.MAX_BATCH_BYTES,
        max_request_size=producer.MAX_BATCH_BYTES,
    )
    meter = Meter()
    await consumer.start()
    await writer.start()
    seen = 0
    while seen < count:
        polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        sent: list[Awaitable[object]] = []
        for partition, records in polled.items():
            batch = writer.create_batch()
            for record in records:
                said = _said(record.value, dict(record.headers)["traceparent"].decode(), knowledge)
                if not _append(batch, said):
                    sent.append(await _send(writer, batch, partition.partition))
                    batch = writer.create_batch()
                    _append(batch, said)
            sent.append(await _send(writer, batch, partition.partition))
            seen += len(records)
        await asyncio.gather(*sent)
        if polled:
            await consumer.commit()
    await consumer.stop()
    await writer.stop()
    return meter.read("bare aiokafka", count)


def _said(value: bytes, traceparent: str, knowledge: Knowledge) -> Record:
    notice = NoticePublished.model_validate_json(value)
    now = datetime.now(UTC)
    fact = NoticeClassified(
        id=notice.id,
        notice=notice,
        classification=classify(notice, knowledge),
        rules_version=knowledge.version,
        classified_at=now,
    )
    return to_record(fact, source="bench", time=now, traceparent=child_of(traceparent))


def _append(batch: BatchBuilder, record: Record) -> bool:
    headers = list(record.headers)
    return batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is not None


async def _send(writer: AIOKafkaProducer, batch: BatchBuilder, partition: int) -> Awaitable[object]:
    sent: Awaitable[object] = await writer.send_batch(batch, NOTICES_CLASSIFIED.name, partition=partition)
    return sent
