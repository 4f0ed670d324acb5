"""The wiring of ingest: the only place that names concrete edges."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from tocsin.chassis import database, producer
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.lifetime import Lifetime, insist
from tocsin.chassis.migrations import migrate as run_migrations
from tocsin.ingest import api, fetch, metrics
from tocsin.ingest.ages import Ages
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.backfill import Backfiller
from tocsin.ingest.bucket import Bucket
from tocsin.ingest.canary import CANARY, PAUSE_SECONDS, forget
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.live import Live
from tocsin.ingest.poll import STUCK_SECONDS, Poller, Reader
from tocsin.ingest.push import Desk
from tocsin.ingest.quarantine import Quarantine
from tocsin.ingest.reread import Rereader
from tocsin.ingest.retention import PAUSE_SECONDS as SWEEP_SECONDS
from tocsin.ingest.retention import Retention
from tocsin.ingest.settings import IngestSettings
from tocsin.ingest.snapshots import Folder, Snapshots
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import (
    federal_register,
    feed,
    file,
    hacker_news,
    json_feed,
    mailbox,
    page,
    sitemap,
    snapshot_list,
    statuspage,
    statuspage_json,
)
from tocsin.ingest.sources.apart import apart
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Teller
from tocsin.ingest.watch import Watch
from tocsin.ingest.workers import Workers

SERVICE = "ingest"
READING_SECONDS = 10.0  # for one document; well within what a poll may take
READING_MEGABYTES = 1_000  # of address space


def migrate(settings: IngestSettings) -> None:
    """Bring ingest's tables up to date."""
    run_migrations(settings.database_url.get_secret_value(), SERVICE, Path(__file__).parent / "migrations")


async def run(settings: IngestSettings) -> None:
    """Poll and take pushes until a signal comes."""
    sources = (*_declared(settings), CANARY)
    metrics.at_zero()
    health = Health()
    async with Lifetime(settings.stop_deadline_seconds) as life:
        app = create_app(SERVICE, health)
        desk = Desk(sources, settings.api_keys, max_bytes=settings.max_push_bytes)
        desk.mount(app)
        health.require("push", desk.complaint)
        snapshots = open_snapshots(settings.snapshots)
        await life.enter(serve(app, settings.http_host, settings.http_port))
        pool = await life.enter(database.connect(settings.database_url, SERVICE, health))
        kafka = await life.enter(producer.connect(settings.kafka_bootstrap_servers, life.fail))
        health.require("producer", kafka.complaint)
        reader_of = await life.enter(reading(settings))
        store, evidence = Store(pool), Evidence(pool)
        await insist("sources", lambda: store.declare(sources))
        teller = Teller(store, snapshots, kafka)
        poller = Poller(
            sources=sources,
            reader_of=reader_of,
            store=store,
            snapshots=snapshots,
            teller=teller,
            evidence=evidence,
            watch=Watch(pool),
            concurrency=settings.concurrency,
            health=health,
        )
        roll, ages = Roll(pool, sources), Ages(pool, sources, health.pulse("ages", limit=STUCK_SECONDS))
        rereader = Rereader(reader_of, snapshots, Quarantine(pool), store, teller)
        backfiller = Backfiller(reader_of, snapshots, evidence, store, teller)
        app.include_router(api.router(roll, rereader, backfiller, evidence, settings.api_keys))
        adopting = (poller.adopt, desk.adopt, ages.adopt, roll.adopt)
        pulse = health.pulse("sources", limit=STUCK_SECONDS)
        live = Live(settings.sources_file, CANARY, store.declare, adopting, pulse, sources)
        life.spawn("poll", poller.run())
        life.spawn("ages", ages.run())
        life.spawn("sources", live.run())
        life.spawn("canary", forget(store, health.pulse("canary", limit=2 * PAUSE_SECONDS)))
        life.spawn("snapshots", _retention(settings, snapshots, evidence, health).run())
        desk.open(teller)
        health.started = True
        await life.until_stopped()


def _retention(
    settings: IngestSettings, snapshots: Snapshots, evidence: Evidence, health: Health
) -> Retention:
    kept = timedelta(days=settings.snapshot_days)
    return Retention(snapshots, evidence, kept, health.pulse("snapshots", limit=2 * SWEEP_SECONDS))


def open_snapshots(address: str) -> Snapshots:
    """A folder, or with an address such as ``s3://bucket/prefix`` an object store."""
    if "://" not in address:
        return Folder(Path(address))
    try:
        return Bucket(address)
    except ValueError as error:
        raise SystemExit(
            f"{error}; set TOCSIN_INGEST_SNAPSHOTS to a folder or to s3://BUCKET/PREFIX"
        ) from error


@contextlib.asynccontextmanager
async def reading(settings: IngestSettings) -> AsyncIterator[Callable[[Source], Reader]]:
    """How each source is read, while the context is open."""
    async with fetch.session(
        settings.user_agent, settings.allow_private_addresses, limit=settings.concurrency
    ) as client:
        caps = fetch.Caps(settings.max_bytes, settings.max_seconds, settings.max_redirects)
        lists = fetch.Web(client, replace(caps, max_bytes=max(caps.max_bytes, snapshot_list.MAX_BYTES)))
        workers = Workers(count=2, seconds=READING_SECONDS, megabytes=READING_MEGABYTES)
        try:
            yield readers(
                fetch.Web(client, caps),
                lists,
                file.Files(settings.max_bytes),
                mailbox.Mailboxes(settings.max_bytes),
                workers,
            )
        finally:
            workers.close()


def readers(
    web: fetch.Web, lists: fetch.Web, files: file.Files, mailboxes: mailbox.Mailboxes, workers: Workers
) -> Callable[[Source], Reader]:
    """How each source is read; ``lists`` fetches what is larger than other documents."""
    register, pages = federal_register.FederalRegister(web), page.Pages(web, workers)
    maps = sitemap.Sitemaps(web, pages)
    alike = {
        Kind.FEED: Reader(web.fetch, partial(apart, workers, feed.parse)),
        Kind.JSON_FEED: Reader(web.fetch, json_feed.parse),
        Kind.STATUSPAGE: Reader(web.fetch, partial(apart, workers, statuspage.parse)),
        Kind.STATUSPAGE_JSON: Reader(web.fetch, statuspage_json.parse),
        Kind.FEDERAL_REGISTER: Reader(register.fetch, federal_register.documents, register.past),
        Kind.PUBLIC_INSPECTION: Reader(web.fetch, federal_register.public_inspection),
        Kind.HACKER_NEWS: Reader(web.fetch, hacker_news.parse, hacker_news.past(web)),
        Kind.MAILBOX: Reader(mailboxes.fetch, mailbox.parse),
        Kind.FILE: Reader(files.fetch, file.parse),
    }

    def reader_of(source: Source) -> Reader:
        own = {
            Kind.PAGE: Reader(pages.fetch, partial(pages.parse, source)),
            Kind.SITEMAP: Reader(maps.fetch, partial(maps.parse, source)),
            Kind.SNAPSHOT_LIST: Reader(lists.fetch, partial(snapshot_list.parse, source)),
        }
        return (alike | own)[source.kind]

    return reader_of


def _declared(settings: IngestSettings) -> tuple[Source, ...]:
    try:
        return load_sources(settings.sources_file, reserved=CANARY.id)
    except SourcesInvalid as error:
        raise SystemExit(str(error)) from error
