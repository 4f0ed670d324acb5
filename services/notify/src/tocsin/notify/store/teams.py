"""The teams as they were last declared."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from tocsin.contracts.subscriptions import Subscriptions, Team


async def replace(pool: asyncpg.Pool, declared: Subscriptions) -> dict[str, str]:
    """Make the declared teams the ones that are told, all or none.

    Gives what became of each team: ``added``, ``changed``, ``unchanged`` or ``retired``. A retired team's
    past stays on record.
    """
    wanted = {team.id: team.model_dump(mode="json", exclude_defaults=True) for team in declared.teams}
    async with pool.acquire() as connection, connection.transaction():
        # The row lock lets one writer through; the version tells every replica to read again.
        await connection.execute("update subscriptions set version = version + 1")
        rows = await connection.fetch("select id, declaration from teams where not retired")
        before = {row["id"]: row["declaration"] for row in rows}
        await connection.executemany(
            """
            insert into teams (id, declaration) values ($1, $2)
            on conflict (id) do update set declaration = excluded.declaration, retired = false
            """,
            list(wanted.items()),
        )
        gone = sorted(before.keys() - wanted.keys())
        await connection.execute("update teams set retired = true where id = any($1)", gone)
    outcome = {name: _outcome(before.get(name), declaration) for name, declaration in wanted.items()}
    return outcome | dict.fromkeys(gone, "retired")


def _outcome(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "unchanged" if before == after else "changed"


async def version(connection: asyncpg.Connection | asyncpg.Pool) -> int:
    """A number that grows with every change of the teams."""
    number: int = await connection.fetchval("select version from subscriptions")
    return number


@dataclass(frozen=True)
class Current:
    """The teams that are told and what they have refused, as JSON, at one instant."""

    version: int
    teams: list[Any]
    not_this: list[Any]


async def current(pool: asyncpg.Pool) -> Current:
    """Everything that decisions stand on, but for the catalogue."""
    row = await pool.fetchrow(
        """
        select version,
          (select coalesce(jsonb_agg(declaration order by id), '[]') from teams where not retired) as teams,
          (select coalesce(jsonb_agg(to_jsonb(n) order by number), '[]')
           from not_this n where taken_back_at is null) as not_this
        from subscriptions
        """
    )
    return Current(**row)


async def read(connection: asyncpg.Connection | asyncpg.Pool) -> tuple[Team, ...]:
    """Every team that is told, by id."""
    rows = await connection.fetch("select declaration from teams where not retired order by id")
    return tuple(Team.model_validate(row["declaration"]) for row in rows)
