"""Silences as rows. One on a case that was merged into another counts for that other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tocsin.contracts import AlertRaised, CaseState, SummarySort
from tocsin.notify.cases.claims import RISING
from tocsin.notify.pacing.silence import Asked, Scope, Silence, hides
from tocsin.notify.routing.route import ENDINGS
from tocsin.notify.store import summaries

COLUMNS = """
    s.number, s.team, coalesce(c.merged_into, s.case_id) as case, s.entity, s.source, s.category, s.watch,
    s.until, s.author, s.reason, s.made_at, s.ended_at, s.ended_by
"""
ROWS = f"select {COLUMNS} from silences s left join cases c on c.id = s.case_id where s.team = $1"  # noqa: S608 # constants of ours

EXAMINED = 5_000  # alerts of a team, the latest: a preview is an answer while somebody waits
OPEN = (*RISING, CaseState.EASED)


@dataclass(frozen=True)
class Preview:
    """What a silence would have hidden of the alerts that were examined, latest first.

    ``endings`` are easings, lifts and denials that it is about. ``open_cases``: reference and state.
    """

    examined: int
    hidden: Sequence[AlertRaised]
    endings: int
    open_cases: Sequence[tuple[str, str]]


async def preview(
    connection: asyncpg.Connection | asyncpg.Pool, team: str, scope: Scope, since: datetime
) -> Preview:
    """What of a team's alerts since then this would have hidden; each counts for its case of today."""
    rows = await connection.fetch(
        """
        select a.body || jsonb_build_object('case_id', now.id) as body, now.ref, now.state
        from alerts a join cases c on c.id = a.case_id
        join cases now on now.id = coalesce(c.merged_into, c.id)
        where a.team_id = $1 and a.raised_at >= $2 order by a.seq desc limit $3
        """,
        team,
        since,
        EXAMINED,
    )
    about = [(alert, row) for row in rows if hides(scope, alert := AlertRaised.model_validate(row["body"]))]
    hidden = [(alert, row) for alert, row in about if alert.kind not in ENDINGS]
    cases = {row["ref"]: row["state"] for _, row in hidden if row["state"] in OPEN}
    return Preview(len(rows), [alert for alert, _ in hidden], len(about) - len(hidden), list(cases.items()))


async def standing(connection: asyncpg.Connection | asyncpg.Pool, team: str, now: datetime) -> list[Silence]:
    """The silences of a team that hide something now, oldest first.

    In a transaction, none of them is ended before it is closed: what it folds on their account is there for
    whoever ends one.
    """
    rows = await connection.fetch(
        f"{ROWS} and s.ended_at is null and s.until > $2 order by s.number for share of s", team, now
    )
    return [Silence.model_validate(dict(row)) for row in rows]


async def ended(connection: asyncpg.Connection | asyncpg.Pool, team: str, now: datetime) -> list[Silence]:
    """The silences of a team that are over, latest first; at most 200."""
    rows = await connection.fetch(
        f"{ROWS} and (s.ended_at is not null or s.until <= $2) order by s.number desc limit 200", team, now
    )
    return [Silence.model_validate(dict(row)) for row in rows]


async def make(connection: asyncpg.Connection | asyncpg.Pool, asked: Asked, now: datetime) -> Silence | None:
    """Write a silence down; None when no such team is told."""
    number = await connection.fetchval(
        """
        insert into silences (team, case_id, entity, source, category, watch, until, author, reason, made_at)
        select id, $2, $3, $4, $5, $6, $7, $8, $9, $10 from teams where id = $1 and not retired
        returning number
        """,
        asked.team,
        asked.case,
        asked.entity,
        asked.source,
        asked.category,
        asked.watch,
        asked.until,
        asked.author,
        asked.reason,
        now,
    )
    return Silence(**asked.model_dump(), number=number, made_at=now) if number is not None else None


async def end(pool: asyncpg.Pool, team: str, number: int, author: str, now: datetime) -> bool:
    """A silence ends before its time, and what it held back is told at once.

    False when the team has none of this number that stands.
    """
    async with pool.acquire() as connection, connection.transaction():
        done = await connection.fetchval(
            """
            update silences set ended_at = $4, ended_by = $3
            where team = $1 and number = $2 and ended_at is null and until > $4 returning true
            """,
            team,
            number,
            author,
            now,
        )
        if done:
            await summaries.hasten(connection, team, SummarySort.SILENCE, str(number))
    return bool(done)
