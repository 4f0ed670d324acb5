"""Alerts that are not on the alerts topic yet."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg

from tocsin.contracts import AlertRaised

MOST = 500


@dataclass(frozen=True)
class Unpublished:
    """An alert on its way to the topic."""

    alert: AlertRaised
    traceparent: str


async def drain(pool: asyncpg.Pool, publish: Callable[[Sequence[Unpublished]], Awaitable[None]]) -> int:
    """Publish what waits, oldest first, then mark it; gives how many there were.

    One replica at a time, so that a team's alerts keep their order. A crash between the two repeats them
    with the same ids.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval("select pg_try_advisory_xact_lock(hashtext('tocsin outbox'))"):
            return 0
        rows = await connection.fetch(
            "select id, body, traceparent from alerts where published_at is null order by seq limit $1", MOST
        )
        if rows:
            await publish(
                [Unpublished(AlertRaised.model_validate(r["body"]), r["traceparent"]) for r in rows]
            )
            await connection.execute(
                "update alerts set published_at = now() where id = any($1)", [row["id"] for row in rows]
            )
        return len(rows)


async def reopen(pool: asyncpg.Pool, ids: Sequence[str]) -> None:
    """Have these alerts published again, under the ids they have."""
    await pool.execute("update alerts set published_at = null where id = any($1)", ids)
