"""Wiring of classify: the only place that names concrete edges."""

from tocsin.chassis import producer
from tocsin.chassis.consumer import Consumer
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.lifetime import Lifetime
from tocsin.chassis.subscription import Group, subscribe
from tocsin.chassis.table import Table, follow
from tocsin.classify import api
from tocsin.classify.handler import SERVICE, Handler
from tocsin.classify.library import Library
from tocsin.classify.rules.load import load_rules
from tocsin.classify.settings import ClassifySettings
from tocsin.contracts import CATALOGUE, NOTICES_PUBLISHED, Entity, NoticePublished


async def run(settings: ClassifySettings) -> None:
    """Run classify until it is told to stop."""
    health = Health()
    app = create_app(SERVICE, health)
    bootstrap = settings.kafka_bootstrap_servers
    async with Lifetime(settings.stop_deadline_seconds) as life:
        await life.enter(serve(app, settings.http_host, settings.http_port))
        kafka = await life.enter(producer.connect(bootstrap, life.fail))
        library = Library(load_rules(), life.fail)
        handler = Handler(kafka, library)

        table = Table(CATALOGUE, Entity, lambda rows: library.know(rows.values()), health)
        await life.enter(follow(bootstrap, table, life.fail))
        app.include_router(
            api.router(lambda: library.knowledge, settings.api_keys, max_bytes=settings.max_explain_bytes)
        )

        graveyard = Graveyard(SERVICE, NOTICES_PUBLISHED, kafka, life.fail)
        consumer = Consumer(NOTICES_PUBLISHED, NoticePublished, handler.on_notices_published, graveyard)
        await life.enter(
            subscribe(
                bootstrap, Group(f"tocsin-{SERVICE}", settings.instance), consumer, NOTICES_PUBLISHED, health
            )
        )
        health.started = True
        await life.until_stopped()
