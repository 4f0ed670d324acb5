"""Trouble with a channel: the team hears of it on another one, once an opening, and again when it is over."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from tocsin.chassis.health import Health
from tocsin.contracts import NoticeClassified
from tocsin.notify import sender
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.pacing import circuit
from tocsin.notify.pacing import retry as pacing
from tocsin.notify.sender import Sender
from tocsin.notify.store import trouble

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
SOON = (timedelta(milliseconds=20),) * 20
TOLD = "select channel, headline, lines from summaries where sort = 'trouble' order by due_at"


def hook(receiver: Receiver, name: str) -> dict[str, str]:
    return {"kind": "webhook", "name": name, "url": f"{receiver.address}/{name}", "secret_env": "A_SECRET"}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", SOON)
    monkeypatch.setattr(circuit, "PROBES", SOON)
    monkeypatch.setattr(sender, "IDLE_SECONDS", 0.05)


@contextlib.asynccontextmanager
async def sending(replica: Any, session: aiohttp.ClientSession) -> AsyncIterator[None]:
    running = Sender(
        pool=replica.pool,
        directory=replica.directory,
        channels={"webhook": WebhookChannel(session, {"A_SECRET": SECRET}), "log": LogChannel()},
        wake=asyncio.Event(),
        pulse=Health().pulse("sender", limit=60),
        send_seconds=5,
    )
    task = asyncio.create_task(running.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(pool: asyncpg.Pool, question: str) -> None:
    async with asyncio.timeout(20):
        while not await pool.fetchval(question):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)


async def test_an_opening_and_its_end_are_told_once_on_another_channel(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell, receiver: Receiver
) -> None:
    ill = {"pager"}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500 if request.path.rpartition("/")[2] in ill else 204, text="down")

    receiver.answer = answer
    channels = [{"kind": "log", "name": "log"}, *(hook(receiver, n) for n in ("pager", "room", "third"))]
    await declare(payments={"channels": channels})
    replica = start(pool)
    await replica.hear(tell("one"))
    async with aiohttp.ClientSession() as session, sending(replica, session):
        await until(pool, "select exists (select from summaries where sort = 'trouble')")
        await until(pool, "select probes > 2 from destinations where channel = 'pager'")
        ill.clear()
        await until(pool, "select count(*) = 2 from summaries where sort = 'trouble'")
        await until(pool, "select not exists (select from deliveries where state = 'pending')")
    opened, closed = await pool.fetch(TOLD)
    assert {opened["channel"], closed["channel"]} == {"room"}, "the first declared that is well, and no log"
    assert opened["headline"] == "Your channel pager does not take messages"
    assert "HTTP 500 down" in opened["lines"][0]
    assert closed["headline"].startswith("Your channel pager works again; 0 waiting messages")
    assert sum(b"Your channel pager" in body for body in receiver.bodies) == 2


async def test_trouble_with_telling_of_trouble_is_told_to_nobody(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell, receiver: Receiver
) -> None:
    async def fail(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    receiver.answer = fail
    await declare(payments={"channels": [hook(receiver, "pager"), hook(receiver, "room")]})
    replica = start(pool)
    await replica.hear(tell("one"))
    async with aiohttp.ClientSession() as session, sending(replica, session):
        await until(pool, "select count(*) = 2 from destinations where opened_at is not null")
        await until(pool, "select coalesce(sum(probes), 0) > 4 from destinations")
    assert await pool.fetchval("select count(*) from summaries where sort = 'trouble'") <= 1


async def test_a_receiver_that_wants_no_more_is_told_of_once_a_day(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell, receiver: Receiver
) -> None:
    async def gone(request: web.Request) -> web.StreamResponse:
        return web.Response(status=410 if request.path.endswith("/pager") else 204)

    receiver.answer = gone
    await declare(payments={"channels": [hook(receiver, "pager"), hook(receiver, "room")]})
    replica = start(pool)
    for number in range(3):
        await replica.hear(tell(f"{number}", hours=number * 24 * 100))
    async with aiohttp.ClientSession() as session, sending(replica, session):
        await until(pool, "select not exists (select from deliveries where state = 'pending')")
    (told,) = await pool.fetch(TOLD)
    assert (told["channel"], told["headline"]) == ("room", "Your channel pager wants no more messages")


async def test_where_there_is_no_other_channel_nobody_is_told(pool: asyncpg.Pool, declare: Declare) -> None:
    await declare(payments={})
    assert await trouble.gone(pool, ("payments", "pager"), ["pager"], "HTTP 410") is None
