"""The publisher: every alert is on the alerts topic, under its team's key, in order, with its own id."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import producer, topics
from tocsin.chassis.health import Health
from tocsin.contracts import ALERTS, AlertRaised, NoticeClassified
from tocsin.contracts.cloudevents import Received, from_record
from tocsin.embedded import Engines
from tocsin.notify.publisher import Publisher

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]


async def test_alerts_reach_the_topic_from_the_rows(
    engines: Engines, pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    team = f"team-{uuid.uuid4().hex}"
    await declare(**{team: {}})
    replica = start(pool)
    for hours, tier in enumerate(("press", "party", "official")):
        await replica.hear(tell(tier, tier=tier, hours=hours))
    bootstrap = engines.kafka.bootstrap
    await topics.apply(bootstrap, [ALERTS])
    broken: list[BaseException] = []
    async with producer.connect(bootstrap, broken.append) as kafka:
        publisher = Publisher(pool, kafka, asyncio.Event(), Health().pulse("publisher", limit=60))
        publishing = asyncio.create_task(publisher.run())
        records = await _of(bootstrap, team, 3)
        await _all_marked(pool)
        publishing.cancel()
        await asyncio.wait([publishing])
    alerts = [from_record(Received(record.value, record.headers), AlertRaised) for record in records]
    rows = await pool.fetch("select id, traceparent from alerts order by seq")
    assert [alert.id for alert in alerts] == [row["id"] for row in rows]
    assert [alert.step for alert in alerts] == [1, 2, 3]
    assert [dict(record.headers)["traceparent"].decode() for record in records] == [
        row["traceparent"] for row in rows
    ]
    assert not broken


async def _all_marked(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(10):
        while True:
            if not await pool.fetchval("select count(*) from alerts where published_at is null"):
                return
            await asyncio.sleep(0.01)


async def _of(bootstrap: str, team: str, count: int) -> list[ConsumerRecord]:
    """The records of one team; the topic is shared with other tests."""
    consumer = AIOKafkaConsumer(ALERTS.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    found: list[ConsumerRecord] = []
    try:
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [record for record in records if record.key == team.encode()]
    finally:
        await consumer.stop()
    return found
