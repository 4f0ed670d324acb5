"""Rows a second into PostgreSQL through notify's handler, then deliveries a second at 1, 2 and 4 senders."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

import asyncpg
from pydantic import SecretStr

from bench.classifying import Meter
from bench.texts import notices
from tocsin.chassis import database, logs
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.health import Health
from tocsin.contracts import Entity, Kind, NoticeClassified
from tocsin.contracts.channels import Channel
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Postgres
from tocsin.notify.app import migrate
from tocsin.notify.channels import Answer, Outcome, Sendable
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.sender import Sender
from tocsin.notify.settings import NotifySettings
from tocsin.notify.store import teams

TEAMS = 100  # destinations: of 10,000 alerts each gets 100, its burst, so that no rate holds a sender back
POLL = 500  # notices a transaction, as the consumer has them at most
TABLES = ("notices", "cases", "tellings", "steps", "alerts", "deliveries")
WAITING = "select exists (select from deliveries where state = 'pending')"
DECLARED = {
    "teams": [
        {
            "id": f"team-{number}",
            "name": f"Team {number}",
            "watches": [{"name": "all", "categories": ["model_restriction"], "min_severity": "info"}],
            "channels": [{"kind": "log", "name": "log", "most_an_hour": 100_000}],
            "most_an_hour": 1_000_000,
        }
        for number in range(TEAMS)
    ]
}


class Instant:
    """A channel whose receiver takes no time: what is left is the ledger."""

    async def send(self, message: Sendable, target: Channel) -> Answer:
        return Answer(Outcome.DELIVERED, f"{message.id} on {target.name}")


async def measure(postgres: Postgres, alerts: int) -> list[str]:
    """The figures as lines to print."""
    url = SecretStr(postgres.create_database("bench"))
    await asyncio.to_thread(migrate, NotifySettings(database_url=url))
    async with database.connect(url, "notify", Health()) as pool:
        await teams.replace(pool, Subscriptions.model_validate(DECLARED))
        lines = [await _raise(pool, alerts)]
        for senders in (1, 2, 4):
            await pool.execute("truncate attempts")
            await pool.execute("update deliveries set state = 'pending', due_at = now(), attempts = 0")
            await pool.execute("vacuum analyze deliveries")
            lines.append(await asyncio.to_thread(_deliver, url.get_secret_value(), senders, alerts))
    return lines


def facts(count: int, entities: list[Entity]) -> Iterator[NoticeClassified]:
    """Each restricts a model of its own, and so opens a case of its own."""
    for notice, entity in zip(notices(count, [""]), entities, strict=True):
        span = {"field": "title", "start": 0, "end": 3, "quote": notice.title[:3]}
        subject = {"id": entity.id, "name": entity.name, "kind": "model", "role": "subject", "spans": [span]}
        said = {
            "category": "model_restriction",
            "action": "imposed",
            "certainty": "official",
            "severity": "critical",
            "entities": [subject],
            "evidence": [{"claim": "action=imposed", "rule": "bench", "span": span}],
        }
        fact = {"id": notice.id, "notice": notice, "classification": said, "rules_version": "bench"}
        yield NoticeClassified.model_validate(fact | {"classified_at": datetime.now(UTC)})


async def _raise(pool: asyncpg.Pool, alerts: int) -> str:
    count = alerts // TEAMS
    entities = [Entity(id=f"model:bench-{n}", kind=Kind.MODEL, name=f"Bench {n}") for n in range(count)]
    directory = Directory(pool)
    directory.know(entities)
    handler = Handler(pool, directory, lambda _: None)
    incoming = [Incoming(fact, None, new_traceparent()) for fact in facts(count, entities)]
    meter, began = Meter(), time.perf_counter()
    for start in range(0, count, POLL):
        await handler.on_notices_classified(incoming[start : start + POLL])
    seconds = time.perf_counter() - began
    rows = sum([await pool.fetchval(f"select count(*) from {table}") for table in TABLES])
    cost = meter.read("handler", alerts)
    return (
        f"handler: {count} notices, {rows} rows in {seconds:.1f} s: {rows / seconds:.0f} rows and "
        f"{cost.rate:.0f} alerts a second; {cost.cpu_us:.0f} CPU us an alert in this process, "
        f"{cost.cpu_us * cost.rate / 1e4:.0f} % of the time"
    )


def _deliver(url: str, senders: int, alerts: int) -> str:
    context = multiprocessing.get_context("spawn")  # replicas are processes
    ready, costs = context.Barrier(senders + 1), context.SimpleQueue()
    processes = [context.Process(target=_send, args=(url, ready, costs)) for _ in range(senders)]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    cpu_us = sum(costs.get() for _ in processes)
    rate = alerts / (time.perf_counter() - began)
    for process in processes:
        process.join()
    name = f"{senders} sender{'s' if senders > 1 else ''}"
    return f"{name}: {rate:.0f} deliveries claimed and recorded a second; {cpu_us / alerts:.0f} CPU us each"


def _send(url: str, ready: Barrier, costs: "SimpleQueue[float]") -> None:
    logs.configure("bench", level="critical", fmt="console")
    costs.put(asyncio.run(_sending(url, ready)))


async def _sending(url: str, ready: Barrier) -> float:
    """Send until nothing is pending; gives the CPU microseconds that it took."""
    async with database.connect(SecretStr(url), "notify", Health()) as pool:
        sender = Sender(
            pool=pool,
            directory=Directory(pool),
            channels={"log": Instant()},
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=15,
        )
        ready.wait()
        meter = Meter()
        running = asyncio.create_task(sender.run())
        while await pool.fetchval(WAITING):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)
        spent = meter.read("sender", 1).cpu_us
        running.cancel()
        await asyncio.wait([running])
    return spent
