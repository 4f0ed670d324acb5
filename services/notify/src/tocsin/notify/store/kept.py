"""Answers that are kept, to be given again to the same call with the same Idempotency-Key."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

KEPT = timedelta(hours=24)
IN_HAND = timedelta(minutes=1)  # a first call that has not ended by then was cut off


@dataclass(frozen=True)
class Kept:
    """What a call asked, as a digest, and what it was answered; ``status`` is None while it is in hand."""

    asked: bytes
    status: int | None
    answer: Any


@dataclass(frozen=True)
class Taken:
    """A key that a caller has taken for a call."""

    pool: asyncpg.Pool
    who: str
    key: str


async def begin(taken: Taken, asked: bytes) -> Kept | None:
    """Take a key for a call; what it was taken for, when somebody has it already."""
    async with taken.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            """
            delete from kept_answers where asked_at < now() - $1::interval
              or who = $3 and key = $4 and status is null and asked_at < now() - $2::interval
            """,
            KEPT,
            IN_HAND,
            taken.who,
            taken.key,
        )
        made = await connection.fetchval(
            """
            insert into kept_answers (who, key, asked) values ($1, $2, $3)
            on conflict do nothing returning true
            """,
            taken.who,
            taken.key,
            asked,
        )
        if made:
            return None
        row = await connection.fetchrow(
            "select asked, status, answer from kept_answers where who = $1 and key = $2", taken.who, taken.key
        )
    return Kept(**row) if row else None


async def keep(taken: Taken, status: int, answer: object) -> None:
    """The call was answered."""
    await taken.pool.execute(
        "update kept_answers set status = $3, answer = $4 where who = $1 and key = $2",
        taken.who,
        taken.key,
        status,
        answer,
    )


async def let_go(taken: Taken) -> None:
    """The call made nothing: its key is free again."""
    await taken.pool.execute(
        "delete from kept_answers where who = $1 and key = $2 and status is null", taken.who, taken.key
    )
