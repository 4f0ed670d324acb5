"""Real engines, the parts of ingest on them, and a web server whose answers a test decides."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import SecretStr

import tocsin.ingest
from tocsin.chassis import database as pools
from tocsin.chassis import producer as producers
from tocsin.chassis import topics
from tocsin.chassis.health import Health
from tocsin.chassis.migrations import migrate
from tocsin.contracts import NOTICES_PUBLISHED, TOPICS, NoticePublished
from tocsin.contracts.cloudevents import Received, from_record
from tocsin.embedded import Engines
from tocsin.ingest import fetch
from tocsin.ingest.poll import Poller, Reader
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import feed, file, json_feed, statuspage
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Teller


def _broken(error: BaseException) -> None:
    raise error


MIGRATIONS = Path(tocsin.ingest.__path__[0]) / "migrations"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def source_id() -> str:
    return f"source-{uuid.uuid4().hex[:12]}"


@dataclass
class Place:
    """The parts of ingest that need engines, and what came out on Kafka."""

    store: Store
    snapshots: Snapshots
    producer: producers.Producer
    teller: Teller
    bootstrap: str

    async def published(self, source_id: str) -> list[NoticePublished]:
        """Every notice of a source so far; in order within a document."""
        return [notice for notice, _ in await self.records(source_id)]

    async def records(self, source_id: str) -> list[tuple[NoticePublished, dict[str, str]]]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            name, count = NOTICES_PUBLISHED.name, NOTICES_PUBLISHED.partitions
            partitions = [TopicPartition(name, number) for number in range(count)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found = []
            while any([await consumer.position(p) < end for p, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        notice = from_record(Received(record.value, record.headers), NoticePublished)
                        found.append((notice, {name: value.decode() for name, value in record.headers}))
        finally:
            await consumer.stop()
        return [pair for pair in found if pair[0].source.id == source_id]


@pytest.fixture
async def place(engines: Engines, database: str, tmp_path: Path) -> AsyncIterator[Place]:
    await topics.apply(engines.kafka.bootstrap, TOPICS)
    await asyncio.to_thread(migrate, database, "ingest", MIGRATIONS)
    async with (
        pools.connect(SecretStr(database), "ingest", Health()) as pool,
        producers.connect(engines.kafka.bootstrap, _broken) as producer,
    ):
        store, snapshots = Store(pool), Snapshots(tmp_path / "snapshots")
        teller = Teller(store, snapshots, producer)
        yield Place(store, snapshots, producer, teller, engines.kafka.bootstrap)


def _poller(place: Place, net: fetch.Web, sources: Sequence[Source], teller: Teller) -> Poller:
    return Poller(
        sources=sources,
        readers={
            Kind.FEED: Reader(net.fetch, feed.parse),
            Kind.JSON_FEED: Reader(net.fetch, json_feed.parse),
            Kind.STATUSPAGE: Reader(net.fetch, statuspage.parse),
            Kind.FILE: Reader(file.Files(1_000_000).fetch, file.parse),
        },
        store=place.store,
        snapshots=place.snapshots,
        teller=teller,
        concurrency=4,
        health=Health(),
    )


@pytest.fixture
def polling(place: Place) -> Callable[..., AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def poll(*sources: Source, teller: Teller | None = None) -> AsyncIterator[None]:
        await place.store.declare(sources)
        async with fetch.session("Tocsin/test", (ip_network("127.0.0.0/8"),), limit=10) as client:
            net = fetch.Web(client, fetch.Caps(max_bytes=1_000_000, seconds=5, redirects=3))
            task = asyncio.create_task(_poller(place, net, sources, teller or place.teller).run())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    return poll


@dataclass
class Site:
    """A web server on loopback: ``answers`` by path, ``asked`` in order."""

    base: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)

    def say(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        """Give this answer from now on; ``content_type`` stands for ``Content-Type``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_request: web.Request) -> web.Response:
            content = body.encode() if isinstance(body, str) else body
            return web.Response(body=content, status=status, headers=named)

        self.answers[path] = answer


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    there = Site("")

    async def handle(request: web.Request) -> web.StreamResponse:
        there.asked.append(request)
        return await there.answers[request.path](request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    there.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    await runner.cleanup()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - the world has no event for it
                await asyncio.sleep(0.02)

    return wait
