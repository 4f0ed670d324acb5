"""The canary: a notice of our own goes the whole road, comes back, and nobody else ever sees it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.contracts import NoticeClassified
from tocsin.notify import metrics
from tocsin.notify.canary import TEXTS, Canary, NotTaken
from tocsin.notify.channels.canary import CanaryChannel
from tocsin.notify.reserved import NAME
from tocsin.notify.sender import Sender
from tocsin.notify.store import canary as rows
from tocsin.notify.store import outbox, reading, records
from tocsin.notify.store.reading import Page

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Song = Callable[..., NoticeClassified]

PERIOD = 60.0


@pytest.fixture
def song(tell: Tell) -> Song:
    """The canary's notice as classify hands it on."""

    def sung(document: str = "today", **said: Any) -> NoticeClassified:
        fact = tell(document, about=("canary",), tier="party", **said)
        source = fact.notice.source.model_copy(update={"id": NAME})
        return fact.model_copy(update={"notice": fact.notice.model_copy(update={"source": source})})

    return sung


@pytest.fixture
async def canary(pool: asyncpg.Pool, receiver: Any) -> AsyncIterator[Canary]:
    """One whose ingest is the receiver; it takes what it gets."""

    async def taken(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=202)

    receiver.answer = taken
    address = receiver.address.removesuffix("/hook")
    pulse = Health().pulse("canary", limit=60)
    async with aiohttp.ClientSession() as session:
        yield Canary(pool, session, address, SecretStr("a key"), PERIOD, pulse)


async def test_it_is_told_to_itself_alone_and_shown_to_nobody(
    pool: asyncpg.Pool, start: Start, declare: Declare, song: Song
) -> None:
    await declare(
        all={"watches": [{"name": "w", "categories": ["model_restriction"]}]},
        pet={"watches": [{"name": "w", "models": ["Tocsin Canary"]}]},
    )
    replica = start(pool)
    for hours in range(4):
        await replica.hear(song(hours=hours, action="lifted" if hours % 2 else "imposed"))
    told = await pool.fetch("select team_id, step from alerts order by seq")
    assert [tuple(row) for row in told] == [(NAME, step) for step in (1, 2, 3, 4)]
    page = Page(limit=10)
    assert await reading.alerts(pool, page, None, None) == []
    assert await reading.alerts(pool, page, NAME, None) == []
    assert await reading.cases(pool, page) == []
    assert await reading.deliveries(pool, page, None, None) == []
    assert (await records.read(pool, datetime.min.replace(tzinfo=UTC), 0, 10)).records == []

    async def publish(_: object) -> None:
        raise AssertionError("nothing of it goes to the alerts topic")

    assert await outbox.drain(pool, publish) == 0


async def test_its_delivery_comes_back_and_is_timed(pool: asyncpg.Pool, start: Start, song: Song) -> None:
    replica = start(pool)
    await replica.hear(song())
    assert await rows.last_back(pool) is None
    before = metrics.CANARY._sum.get()
    seen_at = song().notice.first_seen_at
    sender = Sender(
        pool=pool,
        directory=replica.directory,
        channels={"canary": CanaryChannel(now=lambda: seen_at + timedelta(seconds=3))},
        wake=asyncio.Event(),
        pulse=Health().pulse("sender", limit=60),
        send_seconds=5,
    )
    sending = asyncio.create_task(sender.run())
    await _came_back(pool)
    sending.cancel()
    await asyncio.wait([sending])
    assert metrics.CANARY._sum.get() - before == 3


async def test_one_push_a_period_by_turns_under_one_id_a_day(canary: Canary, receiver: Any) -> None:
    start = datetime(2026, 6, 12, 23, 58, tzinfo=UTC)
    for seconds in (0, 5, 59, 60, 119, 120):
        await canary.turn(start + timedelta(seconds=seconds))
    pushed = [json.loads(body) for body in receiver.bodies]
    assert [(one["source"], one["id"], one["title"]) for one in pushed] == [
        (NAME, "2026-06-12", TEXTS[0][0]),
        (NAME, "2026-06-12", TEXTS[1][0]),
        (NAME, "2026-06-13", TEXTS[0][0]),
    ]
    assert receiver.headers[0]["authorization"] == "Bearer a key"


async def test_what_ingest_did_not_take_is_pushed_again_in_the_same_period(
    canary: Canary, receiver: Any
) -> None:
    taking = receiver.answer

    async def away(_: web.Request) -> web.StreamResponse:
        return web.json_response({"detail": "come back later"}, status=503)

    receiver.answer = away
    now = datetime(2026, 6, 12, tzinfo=UTC)
    with pytest.raises(NotTaken, match="503"):
        await canary.turn(now)
    receiver.answer = taking
    await canary.turn(now + timedelta(seconds=5))
    await canary.turn(now + timedelta(seconds=10))
    assert len(receiver.bodies) == 2


async def test_its_age_is_that_of_the_last_one_that_came_back_to_any_replica(
    pool: asyncpg.Pool, canary: Canary, start: Start, song: Song
) -> None:
    await start(pool).hear(song())
    now = datetime.now(UTC)
    canary._back = now - timedelta(hours=1)
    canary._pushed = int(now.timestamp() // PERIOD)  # so that it only looks
    await canary.turn(now)
    assert next(iter(metrics.CANARY_AGE.collect())).samples[0].value == pytest.approx(3600, abs=5)
    assert canary._age() == pytest.approx(3600, abs=5)
    await pool.execute("update deliveries set state = 'delivered', delivered_at = now() - interval '9 s'")
    await canary.turn(now)
    assert canary._age() == pytest.approx(9, abs=5)


async def test_its_old_cases_are_forgotten_whole_and_real_ones_are_not(
    pool: asyncpg.Pool, start: Start, declare: Declare, song: Song, tell: Tell
) -> None:
    await declare(payments={"channels": [{"kind": "log", "name": "log"}]})
    replica = start(pool)
    await replica.hear(tell("real", tier="party"))
    real = await replica.counts()
    await replica.hear(song("old"), song("old", hours=1, action="lifted"), song("new", hours=30))
    assert (await replica.counts())["cases"] == real["cases"] + 2
    await rows.forget(pool, song("new", hours=20).notice.first_seen_at)
    assert await replica.counts() == {table: count + 1 for table, count in real.items()}
    await rows.forget(pool, datetime.now(UTC) + timedelta(days=365))
    assert await replica.counts() == real


async def _came_back(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(10):
        while True:
            if await rows.last_back(pool) is not None:
                return
            await asyncio.sleep(0.01)
