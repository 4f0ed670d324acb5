"""The teams as they were last declared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts.subscriptions import Subscriptions, Team, held
from tocsin.notify.changes import Change, changes, version_of


@dataclass(frozen=True)
class By:
    """Who changes the teams, why, and on top of which version; None: whatever stands."""

    author: str = "unknown"
    reason: str = ""
    expected: str | None = None


@dataclass(frozen=True)
class Changed:
    """A change of the teams on record."""

    number: int
    before: str
    after: str
    author: str
    reason: str
    at: datetime
    diff: list[Any]  # of Change


class Moved(Exception):
    """The teams are not those of the version that was expected; ``last`` is the change that made them."""

    def __init__(self, stands: str, last: Changed | None) -> None:
        super().__init__(stands)
        self.stands = stands
        self.last = last


async def replace(pool: asyncpg.Pool, declared: Subscriptions, by: By = By()) -> dict[str, str]:
    """Make the declared teams the ones that are told, all or none; what changes is put on record.

    Gives what became of each team: ``added``, ``changed``, ``unchanged`` or ``retired``. A retired team's
    past stays on record. Raises ``Moved`` when others stand than were expected.
    """
    async with pool.acquire() as connection, connection.transaction():
        # The row lock lets one writer through.
        await connection.execute("select version from subscriptions for update")
        before = await read(connection)
        stands, wanted = version_of(before), version_of(declared.teams)
        if by.expected not in {None, stands}:
            raise Moved(stands, next(iter(await changed(connection, most=1)), None))
        diff = changes(before, declared.teams)
        if stands != wanted:
            await _write(connection, declared, by, (stands, wanted), diff)
    outcome = {team.id: "unchanged" for team in declared.teams}
    for one in diff:
        whole = one.sort == "team" and one.what != "changed"
        outcome[one.team] = {"added": "added", "removed": "retired"}[one.what] if whole else "changed"
    return outcome


async def _write(
    connection: asyncpg.Connection,
    declared: Subscriptions,
    by: By,
    versions: tuple[str, str],
    diff: Sequence[Change],
) -> None:
    wanted = [(team.id, team.model_dump(mode="json", exclude_defaults=True)) for team in declared.teams]
    await connection.executemany(
        """
        insert into teams (id, declaration) values ($1, $2)
        on conflict (id) do update set declaration = excluded.declaration, retired = false
        """,
        wanted,
    )
    await connection.execute(
        "update teams set retired = true where not retired and not (id = any($1))",
        [name for name, _ in wanted],
    )
    await connection.execute(
        """
        insert into subscription_changes (before, after, author, reason, diff)
        values ($1, $2, $3, $4, $5)
        """,
        *versions,
        by.author,
        by.reason,
        [one.model_dump(mode="json") for one in diff],
    )
    await connection.execute("update subscriptions set version = version + 1")  # every replica reads again


async def changed(
    connection: asyncpg.Connection | asyncpg.Pool, most: int, before: int | None = None
) -> list[Changed]:
    """Changes on record, newest first; those before one where its number is given."""
    rows = await connection.fetch(
        """
        select number, before, after, author, reason, at, diff from subscription_changes
        where $2::bigint is null or number < $2 order by number desc limit $1
        """,
        most,
        before,
    )
    return [Changed(**row) for row in rows]


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
          (select coalesce(jsonb_agg(
              to_jsonb(n) || jsonb_build_object('thing', coalesce(c.merged_into, n.thing))
              order by number), '[]')
           from not_this n left join cases c on n.sort = 'case' and c.id = n.thing
           where taken_back_at is null) as not_this
        from subscriptions
        """
    )
    return Current(**row)


async def read(connection: asyncpg.Connection | asyncpg.Pool) -> tuple[Team, ...]:
    """Every team that is told, by id."""
    rows = await connection.fetch("select declaration from teams where not retired order by id")
    return tuple(held(row["declaration"]) for row in rows)
