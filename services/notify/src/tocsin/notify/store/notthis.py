"""What teams have refused, as rows; every change tells every replica to decide on it."""

import asyncpg

from tocsin.notify.routing.notthis import NotThis, Refusal

COLUMNS = "number, team, sort, thing, author, reason, made_at"
CHANGED = "update subscriptions set version = version + 1"  # also lets one writer through at a time


async def refuse(pool: asyncpg.Pool, said: Refusal) -> NotThis | None:
    """Write a refusal down; the one that is there, if the team has refused it before.

    None when no such team is told.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(CHANGED)
        if not await connection.fetchval("select true from teams where id = $1 and not retired", said.team):
            return None
        row = await connection.fetchrow(
            f"""
            insert into not_this (team, sort, thing, author, reason) values ($1, $2, $3, $4, $5)
            on conflict (team, sort, thing) where taken_back_at is null
            do update set thing = excluded.thing returning {COLUMNS}
            """,  # noqa: S608 # constants of ours
            said.team,
            said.sort,
            said.thing,
            said.author,
            said.reason,
        )
    return NotThis.model_validate(dict(row))


async def standing(pool: asyncpg.Pool, team: str) -> list[NotThis]:
    """What a team has refused and not taken back, oldest first."""
    rows = await pool.fetch(
        f"select {COLUMNS} from not_this where team = $1 and taken_back_at is null order by number",  # noqa: S608 # constants of ours
        team,
    )
    return [NotThis.model_validate(dict(row)) for row in rows]


async def take_back(pool: asyncpg.Pool, team: str, number: int, author: str) -> bool:
    """A refusal holds no longer; False when there is none of this number that stands."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(CHANGED)
        done = await connection.fetchval(
            """
            update not_this set taken_back_at = now(), taken_back_by = $3
            where team = $1 and number = $2 and taken_back_at is null returning true
            """,
            team,
            number,
            author,
        )
    return bool(done)


async def case(pool: asyncpg.Pool, name: str) -> str | None:
    """The id of a case by id or reference, or of the one that it was merged into; None when there is none."""
    found: str | None = await pool.fetchval(
        """
        select coalesce(merged_into, id) from cases where id = $1 or ref = upper($1) order by seq desc limit 1
        """,
        name,
    )
    return found
