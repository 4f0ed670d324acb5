"""What 50 healthy receivers lose when one beside them is dead and one hangs: time from alert to arrival.

Rounds go in turn: all 52 are well, then two are sick. The load is the same, and so are the 50 that count.

    make bench-isolation
    .venv/bin/python -m bench.isolation 2 10    # so many pairs of rounds, so many seconds each
"""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import socket
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bench import machine
from bench.telling import facts
from tocsin.chassis import database, logs, outbound
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.health import Health
from tocsin.cli.demo.neighbourhood import serving
from tocsin.contracts import Entity, Kind
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Postgres
from tocsin.notify.app import migrate
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.sender import Sender
from tocsin.notify.settings import NotifySettings
from tocsin.notify.store import teams
from tocsin.notify.store.wakeup import listen

HEALTHY = 50
DEAD, SLOW = "dead", "slow"
EACH_SECOND = 4  # notices, told to all: 208 deliveries a second
LAST_SECONDS = 10.0  # for what is still under way
LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRETS = {"BENCH_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()}

Cuts = tuple[float, float]  # p50 and p99, in milliseconds
Arrivals = dict[str, list[float]]  # milliseconds from alert to arrival, by team


def main(pairs: int, seconds: int) -> None:
    logs.configure("bench", level="critical", fmt="console")
    print(machine.describe())
    count = seconds * EACH_SECOND
    print(f"{EACH_SECOND} notices a second for {seconds} s to {HEALTHY} and two more receivers; one sender")
    well: list[Cuts] = []
    beside: list[Cuts] = []
    with Postgres() as postgres, _sick() as sick:
        for turn in range(pairs):
            for which, addresses, found in (("well", {}, well), ("sick", sick, beside)):
                url = SecretStr(postgres.create_database(f"bench_{which}_{turn}"))
                took = asyncio.run(_round(url, addresses, count))
                found.append(_cuts(took))
                name, load = f"two are {which}", os.getloadavg()[0]
                print(f"{name:15}{len(took):7} deliveries  {_said(found[-1])}  (load {load:.1f})")
    usual, sickened = _medians(well), _medians(beside)
    print(f"{'median well':33}  {_said(usual)}\n{'median beside sick ones':33}  {_said(sickened)}")
    print(
        f"beside sick ones over well: p50 {sickened[0] / usual[0]:.2f} x, p99 {sickened[1] / usual[1]:.2f} x"
    )


@contextlib.contextmanager
def _sick() -> Iterator[dict[str, str]]:
    """Addresses by team: one refuses connections; of the other the kernel takes them, and nobody answers."""
    with socket.socket() as dead, socket.create_server(("127.0.0.1", 0), backlog=1_000) as slow:
        dead.bind(("127.0.0.1", 0))
        ports = {DEAD: dead.getsockname()[1], SLOW: slow.getsockname()[1]}
        yield {team: f"http://127.0.0.1:{port}/" for team, port in ports.items()}


def _receiver(arrivals: Arrivals) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        at, alert = datetime.now(UTC), json.loads(await request.read())["data"]
        took = at - datetime.fromisoformat(alert["raised_at"])
        arrivals.setdefault(alert["team"], []).append(took.total_seconds() * 1000)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    return app


def _declared(address: str, sick: dict[str, str]) -> Subscriptions:
    """A team a receiver; no cap on alerts, so that each is told singly."""
    names = [*(f"team-{number}" for number in range(HEALTHY)), DEAD, SLOW]
    declared = [
        {
            "id": name,
            "name": name,
            "watches": [{"name": "all", "categories": ["model_restriction"], "min_severity": "info"}],
            "channels": [
                {
                    "kind": "webhook",
                    "name": "hook",
                    "url": sick.get(name, address),
                    "secret_env": "BENCH_SECRET",
                    "most_an_hour": 100_000,
                }
            ],
            "most_an_hour": 1_000_000,
        }
        for name in names
    ]
    return Subscriptions.model_validate({"teams": declared})


async def _round(url: SecretStr, sick: dict[str, str], count: int) -> list[float]:
    """The milliseconds of every delivery to the healthy; stops the bench if one is missing."""
    arrivals: Arrivals = {}
    await asyncio.to_thread(migrate, NotifySettings(database_url=url))
    async with database.connect(url, "notify", Health()) as pool:
        with serving(_receiver(arrivals)) as address:
            await teams.replace(pool, _declared(address, sick))
            directory, due = Directory(pool), asyncio.Event()
            async with aiohttp.ClientSession(connector=outbound.connector(LOOPBACK)) as session:
                sender = Sender(
                    pool=pool,
                    directory=directory,
                    channels={"webhook": WebhookChannel(session, SECRETS)},
                    wake=due,
                    pulse=Health().pulse("sender", limit=60),
                    send_seconds=NotifySettings(database_url=url).send_seconds,
                )
                running = [asyncio.create_task(work) for work in (sender.run(), listen(url, due))]
                await _tell(Handler(pool, directory, lambda _: None), count)
                await _arrived(arrivals, count)
                for task in running:
                    task.cancel()
                await asyncio.wait(running)
    return [took for team, each in arrivals.items() if team not in {DEAD, SLOW} for took in each]


async def _tell(handler: Handler, count: int) -> None:
    """So many notices, evenly in time, each a case of its own; late ones do not thin out those after."""
    entities = [Entity(id=f"model:bench-{n}", kind=Kind.MODEL, name=f"Bench {n}") for n in range(count)]
    handler.directory.know(entities)
    began = asyncio.get_running_loop().time()
    for number, fact in enumerate(facts(count, entities)):
        ahead = began + number / EACH_SECOND - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, ahead))
        await handler.on_notices_classified([Incoming(fact, None, new_traceparent())])


async def _arrived(arrivals: Arrivals, count: int) -> None:
    healthy = [f"team-{number}" for number in range(HEALTHY)]
    try:
        async with asyncio.timeout(LAST_SECONDS):
            while any(len(arrivals.get(team, [])) < count for team in healthy):  # noqa: ASYNC110 - a thread fills it
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        missing = sum(count - len(arrivals.get(team, [])) for team in healthy)
        raise SystemExit(
            f"{missing} messages have not come to healthy receivers: try a quiet time"
        ) from error


def _cuts(values: list[float]) -> Cuts:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def _medians(rounds: list[Cuts]) -> Cuts:
    """Of the rounds' own, so that one round beside other work does not make the figure."""
    return statistics.median(p50 for p50, _ in rounds), statistics.median(p99 for _, p99 in rounds)


def _said(cuts: Cuts) -> str:
    return f"p50 {cuts[0]:7.1f} ms  p99 {cuts[1]:7.1f} ms"


if __name__ == "__main__":
    pairs, seconds = [int(word) for word in sys.argv[1:]] or [6, 20]
    main(pairs, seconds)
