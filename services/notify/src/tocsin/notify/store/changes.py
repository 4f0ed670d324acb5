"""Who changed what over the API, as rows: written before the change is made, and completed after it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import asyncpg

from tocsin.notify.store.reading import Page

Row = dict[str, Any]
LONGEST = 500


class Outcome(StrEnum):
    """What became of a change that was begun; a row without one was cut off in the middle."""

    DONE = "done"
    FAILED = "failed"  # our fault: some of it may be made


@dataclass
class Change:
    """A change on its way; whoever makes it says what it was, as far as the path does not.

    ``before`` and ``after`` are entity tags. No secret may be in any of it.
    """

    number: int
    team: str | None  # whose thing it is; None: everybody's
    before: str | None = None
    after: str | None = None
    summary: str | None = None
    made: bool = True  # False: it was only asked what would be


async def begin(pool: asyncpg.Pool, who: str, what: str, team: str | None) -> Change:
    """A caller is about to change something: on record, whatever happens to us meanwhile."""
    number = await pool.fetchval(
        "insert into changes (who, what, team) values ($1, $2, $3) returning number", who, what, team
    )
    return Change(number, team)


async def complete(pool: asyncpg.Pool, change: Change, outcome: Outcome) -> None:
    """It is made, or was not, by our fault."""
    await pool.execute(
        """
        update changes set outcome = $2, team = $3, before = $4, after = $5, summary = $6 where number = $1
        """,
        change.number,
        outcome,
        change.team,
        change.before,
        change.after,
        change.summary and change.summary[:LONGEST],
    )


async def call_off(pool: asyncpg.Pool, change: Change) -> None:
    """It was refused: nothing has changed."""
    await pool.execute("delete from changes where number = $1", change.number)


async def read(pool: asyncpg.Pool, page: Page, team: str | None) -> list[Row]:
    """Changes, newest first; ``team`` leaves out what is not that team's."""
    rows = await pool.fetch(
        """
        select number as seq, * from changes
        where ($2::bigint is null or number < $2) and ($3::timestamptz is null or at >= $3)
          and ($4::text is null or team = $4)
        order by number desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        team,
    )
    return [dict(row) for row in rows]
