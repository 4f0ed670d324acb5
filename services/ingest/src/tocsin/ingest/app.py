"""The wiring of ingest: the only place that names concrete edges."""

from pathlib import Path

from tocsin.chassis import database, producer
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.lifetime import Lifetime, insist
from tocsin.chassis.migrations import migrate as run_migrations
from tocsin.ingest import fetch, metrics
from tocsin.ingest.ages import Ages
from tocsin.ingest.canary import CANARY, PAUSE_SECONDS, forget
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.poll import STUCK_SECONDS, Poller, Reader
from tocsin.ingest.push import Desk
from tocsin.ingest.settings import IngestSettings
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import feed, file, json_feed, statuspage
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Teller

SERVICE = "ingest"


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
        await life.enter(serve(app, settings.http_host, settings.http_port))
        pool = await life.enter(database.connect(settings.database_url, SERVICE, health))
        kafka = await life.enter(producer.connect(settings.kafka_bootstrap_servers, life.fail))
        health.require("producer", kafka.complaint)
        client = await life.enter(
            fetch.session(settings.user_agent, settings.allow_private_addresses, limit=settings.concurrency)
        )
        store, snapshots = Store(pool), Snapshots(settings.snapshots)
        await insist("sources", lambda: store.declare(sources))
        teller = Teller(store, snapshots, kafka)
        web = fetch.Web(client, fetch.Caps(settings.max_bytes, settings.max_seconds, settings.max_redirects))
        poller = Poller(
            sources=sources,
            readers=_readers(web, file.Files(settings.max_bytes)),
            store=store,
            snapshots=snapshots,
            teller=teller,
            concurrency=settings.concurrency,
            health=health,
        )
        life.spawn("poll", poller.run())
        life.spawn("ages", Ages(pool, sources, health.pulse("ages", limit=STUCK_SECONDS)).run())
        life.spawn("canary", forget(store, health.pulse("canary", limit=2 * PAUSE_SECONDS)))
        desk.open(teller)
        health.started = True
        await life.until_stopped()


def _readers(web: fetch.Web, files: file.Files) -> dict[Kind, Reader]:
    return {
        Kind.FEED: Reader(web.fetch, feed.parse),
        Kind.JSON_FEED: Reader(web.fetch, json_feed.parse),
        Kind.STATUSPAGE: Reader(web.fetch, statuspage.parse),
        Kind.FILE: Reader(files.fetch, file.parse),
    }


def _declared(settings: IngestSettings) -> tuple[Source, ...]:
    try:
        return load_sources(settings.sources_file, reserved=CANARY.id)
    except SourcesInvalid as error:
        raise SystemExit(str(error)) from error
