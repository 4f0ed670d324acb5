"""Real engines, the parts of ingest on them, and a web server whose answers a test decides."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import asyncpg
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
from tocsin.ingest.app import readers
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.poll import Poller
from tocsin.ingest.snapshots import Folder
from tocsin.ingest.source import Source
from tocsin.ingest.sources import file, mailbox
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Teller
from tocsin.ingest.watch import Watch
from tocsin.ingest.workers import Workers


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

    pool: asyncpg.Pool
    store: Store
    snapshots: Folder
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
        store, snapshots = Store(pool), Folder(tmp_path / "snapshots")
        teller = Teller(store, snapshots, producer)
        yield Place(pool, store, snapshots, producer, teller, engines.kafka.bootstrap)


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """The processes that parse; starting one takes a second, so that all tests share them."""
    some = Workers(count=2, seconds=10, megabytes=1_000)
    yield some
    some.close()


def _poller(
    place: Place, net: fetch.Web, sources: Sequence[Source], teller: Teller, workers: Workers
) -> Poller:
    reader_of = readers(net, net, file.Files(1_000_000), mailbox.Mailboxes(1_000_000), workers)
    return Poller(
        sources=sources,
        reader_of=reader_of,
        store=place.store,
        snapshots=place.snapshots,
        teller=teller,
        evidence=Evidence(place.pool),
        watch=Watch(place.pool),
        concurrency=4,
        health=Health(),
    )


def _at_once(source: Source) -> Source:
    """Loopback needs no sparing, unless a test says so."""
    return source if "spacing" in source.model_fields_set else source.model_copy(update={"spacing": 0.0})


@pytest.fixture
def polling(place: Place, workers: Workers) -> Callable[..., AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def poll(*sources: Source, teller: Teller | None = None) -> AsyncIterator[None]:
        sources = tuple(_at_once(source) for source in sources)
        await place.store.declare(sources)
        async with fetch.session("Tocsin/test", (ip_network("127.0.0.0/8"),), limit=10) as client:
            net = fetch.Web(client, fetch.Caps(max_bytes=1_000_000, seconds=5, redirects=3))
            task = asyncio.create_task(_poller(place, net, sources, teller or place.teller, workers).run())
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
        answer = there.answers.get(request.path)
        return await answer(request) if answer else web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    there.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    await runner.cleanup()


# Of a certificate for "localhost" that ran out on 2 January 2020, signed by itself; made for this test.
EXPIRED = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIE/LdNl33HvlDdwanTG5Rr+bX0IBQg1PNlZUaDEetR9PoAoGCCqGSM49
AwEHoUQDQgAEETXRO4WLjB14aC7BpUcfeK2sBhTEit+dnAigoxtg4tvTNoDqN6bz
X1mWE2WNh0wI0nULLwo8pS5Gd8g9NQIHRw==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBEDCBtgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwHhcN
MjAwMTAxMDAwMDAwWhcNMjAwMTAyMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQRNdE7hYuMHXhoLsGlRx94rawG
FMSK352cCKCjG2Di29M2gOo3pvNfWZYTZY2HTAjSdQsvCjylLkZ3yD01AgdHMAoG
CCqGSM49BAMCA0kAMEYCIQDypE7+g4y0S7U6hTX2zcxMBrzy4aNFn/F1qTXR3S77
4gIhALIEI/TXLqJlv2G7BfZwUd/o8hdTqrqWKhFul+7TsrzK
-----END CERTIFICATE-----
"""


@pytest.fixture
async def expired_tls(tmp_path: Path) -> AsyncIterator[str]:
    """A server whose certificate has expired; it would redirect to http."""
    pem = tmp_path / "expired.pem"
    pem.write_text(EXPIRED)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def handle(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://news.example/f"})

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await listener.start()
    yield f"https://localhost:{runner.addresses[0][1]}/f"
    await runner.cleanup()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - the world has no event for it
                await asyncio.sleep(0.02)

    return wait
