"""The backlog as the rows have it: what waits, how much, and since when."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg

from tocsin.contracts import NoticeClassified
from tocsin.notify.channels import Outcome
from tocsin.notify.store import backlog, ledger
from tocsin.notify.store.backlog import Backlog, Waiting
from tocsin.notify.store.ledger import Result

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]

NOTHING = Waiting(0, 0.0)
TWO = [{"kind": "log", "name": "one"}, {"kind": "log", "name": "two"}]


async def test_nothing_waits_in_an_empty_house(pool: asyncpg.Pool) -> None:
    assert await backlog.read(pool) == Backlog(NOTHING, NOTHING, 0.0, 0, 0, 0)


async def test_what_waits_is_counted_and_aged_until_it_is_done(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments={"channels": TWO})
    await start(pool).hear(tell())
    await pool.execute("update alerts set raised_at = raised_at - interval '1 hour'")
    await pool.execute("update deliveries set due_at = due_at - interval '2 minutes' where channel = 'one'")
    now = await backlog.read(pool)
    assert (now.unpublished.count, now.pending.count) == (1, 2)
    assert 3600 <= now.unpublished.seconds < 3660
    assert 3600 <= now.pending.seconds < 3660
    assert 120 <= now.overdue < 180
    await pool.execute("update alerts set published_at = now()")
    for delivery in await ledger.claim(pool, 2, [], timedelta(minutes=1)):
        await ledger.record(pool, delivery, Result(Outcome.DELIVERED, "204", 0.1))
    assert await backlog.read(pool) == Backlog(NOTHING, NOTHING, 0.0, 0, 0, 0)


async def test_the_first_attempt_is_remembered_on_later_ones(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments={"channels": TWO[:1]})
    await start(pool).hear(tell())
    (first,) = await ledger.claim(pool, 1, [], timedelta(minutes=1))
    await ledger.record(pool, first, Result(Outcome.RETRY, "503", 2.0, timedelta(microseconds=1)))
    await pool.execute("update attempts set at = $1", first.first_tried_at + timedelta(seconds=2))
    (second,) = await ledger.claim(pool, 1, [], timedelta(minutes=1))
    assert (second.attempt, second.first_tried_at) == (2, first.first_tried_at)
