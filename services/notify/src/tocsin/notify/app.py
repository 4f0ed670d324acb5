"""Wiring of notify: the only place that names concrete edges."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import asyncpg
from fastapi import FastAPI

from tocsin.chassis import database, outbound, producer
from tocsin.chassis.consumer import Consumer
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.lifetime import Lifetime
from tocsin.chassis.migrations import migrate as run_migrations
from tocsin.chassis.producer import Producer
from tocsin.chassis.subscription import Group, subscribe
from tocsin.chassis.table import Table, follow
from tocsin.contracts import CATALOGUE, NOTICES_CLASSIFIED, NOTICES_PUBLISHED, Entity, NoticeClassified
from tocsin.notify import api, backlog, console
from tocsin.notify.api import channels as channels_api
from tocsin.notify.api import feeds, signed, unsubscribe
from tocsin.notify.api.bell import Bell, rings
from tocsin.notify.api.door import Door
from tocsin.notify.auditor import Auditor
from tocsin.notify.canary import PATIENCE, Canary
from tocsin.notify.caretaker import Caretaker
from tocsin.notify.cases.filing import Case
from tocsin.notify.channels import Channel
from tocsin.notify.channels.alertmanager import AlertmanagerChannel
from tocsin.notify.channels.canary import CanaryChannel
from tocsin.notify.channels.email import EmailChannel, WaysOut
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.matrix import MatrixChannel
from tocsin.notify.channels.pagerduty import PagerDutyChannel
from tocsin.notify.channels.slack import SlackChannel
from tocsin.notify.channels.teams import TeamsChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.ingest import Ingest
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import Entrance, Proxy
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.keyring import Keyring
from tocsin.notify.links import Links
from tocsin.notify.oncall import OnCall
from tocsin.notify.publisher import Publisher
from tocsin.notify.sender import Sender
from tocsin.notify.settings import NotifySettings
from tocsin.notify.store.wakeup import listen
from tocsin.notify.sweep import Sweep

SERVICE = "notify"
KEYRING = Keyring(os.environ)
LOOP_SECONDS = 60.0  # a loop that has not turned for so long is stuck


def migrate(settings: NotifySettings) -> None:
    """Bring notify's tables up to date."""
    run_migrations(settings.database_url.get_secret_value(), SERVICE, Path(__file__).parent / "migrations")


async def run(settings: NotifySettings) -> None:
    """Run notify until it is told to stop."""
    health = Health()
    app = create_app(SERVICE, health)
    bootstrap = settings.kafka_bootstrap_servers
    async with Lifetime(settings.stop_deadline_seconds) as life:
        await life.enter(serve(app, settings.http_host, settings.http_port))
        pool = await life.enter(database.connect(settings.database_url, SERVICE, health))
        kafka = await life.enter(producer.connect(bootstrap, life.fail))
        session = await life.enter(_session(settings))
        directory = Directory(pool)

        table = Table(CATALOGUE, Entity, lambda rows: directory.know(rows.values()), health)
        await life.enter(follow(bootstrap, table, life.fail))
        handler = Handler(pool, directory, lambda case: _case_url(settings, case))
        links = Links(settings.public_url, settings.link_keys)
        channels = _channels(settings, session, links)
        bell = await life.enter(rings())
        _answer(app, settings, handler, channels, links, bell)
        await _open_console(life, app, settings, handler)
        _deliver(life, settings, handler, kafka, channels, links, bell, health)
        if settings.canary_url is not None:
            await _keep_a_canary(life, settings, settings.canary_url, pool, health)
        await _consume(life, settings, handler, kafka, health)
        app.openapi_schema = None  # whoever asked for it while we started was told of half the routes
        health.started = True
        await life.until_stopped()


def _answer(  # noqa: PLR0913, PLR0917 - it wires, and each is a part
    app: FastAPI,
    settings: NotifySettings,
    handler: Handler,
    channels: Mapping[str, Channel],
    links: Links,
    bell: Bell,
) -> None:
    """The routes for programs, and those that a link in a message opens."""
    pool, directory = handler.pool, handler.directory
    door = Door(pool, settings.api_keys, per_minute=settings.calls_per_minute)
    app.include_router(api.router(Sweep(handler), door, lambda name: name in KEYRING, bell))
    app.include_router(channels_api.router(pool, directory, channels, settings.send_seconds, door))
    app.include_router(feeds.router(pool, directory, settings.api_keys, door))
    app.include_router(signed.router(pool, directory, links))
    app.include_router(unsubscribe.router(pool, directory, links))


def _deliver(  # noqa: PLR0913, PLR0917 - the same
    life: Lifetime,
    settings: NotifySettings,
    handler: Handler,
    kafka: Producer,
    channels: Mapping[str, Channel],
    links: Links,
    bell: Bell,
    health: Health,
) -> None:
    """The loops that take rows to people and to the alerts topic, and those that look after them."""
    pool, directory = handler.pool, handler.directory
    due, unpublished = asyncio.Event(), asyncio.Event()
    sender = Sender(
        pool=pool,
        directory=directory,
        channels=channels,
        wake=due,
        pulse=health.pulse("sender", limit=LOOP_SECONDS),
        send_seconds=settings.send_seconds,
        acknowledge_url=links.acknowledge,
        summary_url=lambda summary: _summary_url(settings, summary),
    )
    publisher = Publisher(pool, kafka, unpublished, health.pulse("publisher", limit=LOOP_SECONDS))
    life.spawn("wake-up", listen(settings.database_url, due, unpublished, bell))
    life.spawn("publisher", publisher.run())
    life.spawn("sender", sender.run())
    life.spawn("backlog", backlog.Gauges(pool, health.pulse("backlog", limit=LOOP_SECONDS)).run())
    life.spawn("on-call", OnCall(pool, directory, health.pulse("on-call", limit=LOOP_SECONDS)).run())
    life.spawn("caretaker", Caretaker(pool, directory, health.pulse("caretaker", limit=LOOP_SECONDS)).run())
    life.spawn("auditor", Auditor(pool, health.pulse("auditor", limit=LOOP_SECONDS)).run())


async def _open_console(life: Lifetime, app: FastAPI, settings: NotifySettings, handler: Handler) -> None:
    client = await life.enter(aiohttp.ClientSession(trust_env=False))  # ingest is within: any address
    letters = Letters(settings.kafka_bootstrap_servers, (NOTICES_PUBLISHED, NOTICES_CLASSIFIED))
    ingest = Ingest(client, settings.ingest_url, settings.ingest_key)
    proxy = Proxy(
        settings.proxy_networks,
        settings.proxy_user_header,
        settings.proxy_team_header,
        settings.proxy_admins,
    )
    entrance = Entrance(handler.pool, settings.api_keys, proxy)
    secure = (settings.public_url or "").startswith("https:")
    desk = Desk(
        handler.pool, handler.directory, entrance, ingest, letters, lambda name: name in KEYRING, secure
    )
    console.install(app, desk)


async def _keep_a_canary(
    life: Lifetime, settings: NotifySettings, url: str, pool: asyncpg.Pool, health: Health
) -> None:
    pulse = health.pulse("canary", limit=LOOP_SECONDS + settings.canary_seconds)
    client = await life.enter(aiohttp.ClientSession(timeout=PATIENCE, trust_env=False))
    canary = Canary(pool, client, url, settings.canary_key, settings.canary_seconds, pulse)
    life.spawn("canary", canary.run())


async def _consume(
    life: Lifetime, settings: NotifySettings, handler: Handler, kafka: Producer, health: Health
) -> None:
    graveyard = Graveyard(SERVICE, NOTICES_CLASSIFIED, kafka, life.fail)
    consumer = Consumer(NOTICES_CLASSIFIED, NoticeClassified, handler.on_notices_classified, graveyard)
    group = Group(f"tocsin-{SERVICE}", settings.instance)
    await life.enter(subscribe(settings.kafka_bootstrap_servers, group, consumer, NOTICES_CLASSIFIED, health))


def _session(settings: NotifySettings) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=outbound.connector(settings.allowed_networks),
        cookie_jar=aiohttp.DummyCookieJar(),  # one receiver's cookies are nobody's business
        headers={"User-Agent": "Tocsin/0.1"},
        trust_env=False,
    )


def _channels(settings: NotifySettings, session: aiohttp.ClientSession, links: Links) -> dict[str, Channel]:
    smtp = settings.smtp_url.get_secret_value() if settings.smtp_url else None
    ways_out = WaysOut(links.unsubscribe, settings.mail_unsubscribe)
    return {
        "webhook": WebhookChannel(session, KEYRING),
        "slack": SlackChannel(session, KEYRING),
        "pagerduty": PagerDutyChannel(session, KEYRING),
        "alertmanager": AlertmanagerChannel(session),
        "teams": TeamsChannel(session, KEYRING),
        "matrix": MatrixChannel(session, KEYRING),
        "email": EmailChannel(smtp, settings.mail_from, settings.send_seconds, ways_out),
        "log": LogChannel(),
        "canary": CanaryChannel(),
    }


def _summary_url(settings: NotifySettings, summary: str) -> str | None:
    """Where all is listed that was folded into a summary."""
    if settings.public_url is None:
        return None
    return f"{settings.public_url.rstrip('/')}/deliveries?summary={summary}"


def _case_url(settings: NotifySettings, case: Case) -> str | None:
    return f"{settings.public_url.rstrip('/')}/cases/{case.ref}" if settings.public_url else None
