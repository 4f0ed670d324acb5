"""A compacted topic as a table: whole before the first event, then current."""

import asyncio
import uuid
from collections.abc import Callable, Mapping

from tocsin.chassis import producer, topics
from tocsin.chassis.health import Health
from tocsin.chassis.table import Table, follow
from tocsin.contracts import Entity, Kind, Topic
from tocsin.contracts.cloudevents import Record
from tocsin.embedded import Engines


def row(name: str) -> Record:
    entity = Entity(id=f"vendor:{name}", kind=Kind.VENDOR, name=name)
    return Record(entity.id.encode(), entity.model_dump_json().encode())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is in Kafka, it sets no event
            await asyncio.sleep(0.02)


async def test_it_is_whole_at_the_start_and_follows_changes(engines: Engines) -> None:
    bootstrap = engines.kafka.bootstrap
    topic = Topic(f"test.{uuid.uuid4().hex}", Entity, "id", "a test", partitions=1, compacted=True)
    await topics.apply(bootstrap, [topic])
    seen: list[Mapping[str, Entity]] = []
    fatal: list[BaseException] = []
    health = Health(started=True)
    async with producer.connect(bootstrap, fatal.append) as kafka:
        await kafka.publish(topic, [row("a"), row("b"), row("c"), Record(b"vendor:b", None)])
        await kafka.publish(topic, [Record(b"vendor:c", b"no entity")])
        table = Table(topic, Entity, seen.append, health)
        async with follow(bootstrap, table, fatal.append):
            assert [sorted(rows) for rows in seen] == [["vendor:a", "vendor:c"]]
            assert health.unfit() == {}
            await kafka.publish(topic, [row("d"), Record(b"vendor:a", None)])
            await until(lambda: sorted(seen[-1]) == ["vendor:c", "vendor:d"])
            count = len(seen)
            await kafka.publish(topic, [row("d"), row("e")])
            await until(lambda: "vendor:e" in seen[-1])
            assert len(seen) == count + 1  # the same row again is no change
    assert not fatal


async def test_an_empty_table_is_not_loaded_until_somebody_fills_it(engines: Engines) -> None:
    bootstrap = engines.kafka.bootstrap
    topic = Topic(f"test.{uuid.uuid4().hex}", Entity, "id", "a test", partitions=1, compacted=True)
    await topics.apply(bootstrap, [topic])
    seen: list[Mapping[str, Entity]] = []
    health = Health(started=True)

    async def load() -> None:
        async with follow(bootstrap, Table(topic, Entity, seen.append, health), lambda _: None):
            pass

    loading = asyncio.create_task(load())
    await until(lambda: "is empty" in health.unfit().get(f"table {topic.name}", ""))
    assert not loading.done()
    async with producer.connect(bootstrap, lambda _: None) as kafka:
        await kafka.publish(topic, [row("a")])
        await asyncio.wait_for(loading, 20)
    assert list(seen[0]) == ["vendor:a"]
