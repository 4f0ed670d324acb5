"""The steps on record, for those who ask what they would have meant."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tocsin.contracts import NoticeClassified
from tocsin.notify.cases.filing import Case, Development, Step
from tocsin.notify.hindsight import Past

PAGE = 500  # steps that are fetched at a time

# Without what no watch asks about: texts and evidence are by far the most. The canary has no standing.
STEPS = """
    select s.taken_at, s.body as step, t.stood - 'words' - 'originals' as stood,
           jsonb_set(n.body #- '{classification,evidence}', '{notice,text}', '""') as fact
    from steps s
    join tellings t on t.case_id = s.case_id and t.notice_id = s.notice_id
    join notices n on n.id = s.notice_id
    where t.stood is not null and n.standing is not null
"""


@dataclass(frozen=True)
class Extent:
    """How many steps there are, and when the first of them was taken."""

    steps: int
    oldest: datetime | None


@dataclass(frozen=True)
class Look:
    """What there is in a span of time, and all of it, some at a time and in order of decision."""

    extent: Extent
    pages: AsyncIterator[Sequence[asyncpg.Record]]


@contextlib.asynccontextmanager
async def look(pool: asyncpg.Pool, since: datetime) -> AsyncIterator[Look]:
    """The steps taken since then, as they stand at this instant. Read what a page holds with ``past``."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(
            f"select count(*) as steps, min(taken_at) as oldest from ({STEPS} and s.taken_at >= $1) s",  # noqa: S608 # a constant of ours
            since,
        )
        yield Look(Extent(**row), _pages(connection, since))


async def _pages(connection: asyncpg.Connection, since: datetime) -> AsyncIterator[Sequence[asyncpg.Record]]:
    cursor = await connection.cursor(f"{STEPS} and s.taken_at >= $1 order by t.turn", since)
    while rows := await cursor.fetch(PAGE):
        yield rows


async def of_case(pool: asyncpg.Pool, name: str) -> tuple[str, list[Past]] | None:
    """The reference of a case, by id or reference, and all of its steps; None when there is no such case."""
    case = await pool.fetchrow(
        "select id, ref from cases where id = $1 or ref = upper($1) order by seq desc limit 1", name
    )
    if case is None:
        return None
    rows = await pool.fetch(f"{STEPS} and s.case_id = $1 order by t.turn", case["id"])
    return case["ref"], past(rows)


def past(rows: Sequence[asyncpg.Record]) -> list[Past]:
    """Rows as steps; it takes a while, so do it in a thread."""
    return [
        Past(
            news=Development(
                fact=NoticeClassified.model_validate(row["fact"]),
                case=Case.model_validate(row["stood"]),
                step=Step.model_validate(row["step"]),
            ),
            at=row["taken_at"],
        )
        for row in rows
    ]
