"""What is on record about one alert or one notice, for whoever asks why."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.notify.audit import Record
from tocsin.notify.reserved import NAME
from tocsin.notify.store import records


@dataclass(frozen=True)
class Heard:
    """A notice, why it is in which case, by id; ``record`` is None where none of it is audited."""

    fact: NoticeClassified
    joined: dict[str, str]
    record: Record | None


async def alert(pool: asyncpg.Pool, name: str) -> tuple[AlertRaised, str] | None:
    """An alert by id, and the notice that led to it; None when there is none."""
    row = await pool.fetchrow(
        """
        select a.body, s.notice_id from alerts a join steps s on s.case_id = a.case_id and s.number = a.step
        where a.id = $1 and a.team_id <> $2
        """,
        name,
        NAME,
    )
    return (AlertRaised.model_validate(row["body"]), row["notice_id"]) if row else None


async def notice(pool: asyncpg.Pool, name: str) -> Heard | None:
    """A notice by id, with its cases and what its decision stood on; None when there is none."""
    row = await pool.fetchrow("select seq, body, standing, recorded_at from notices where id = $1", name)
    if row is None:
        return None
    joined = await pool.fetch(
        "select case_id, because from tellings where notice_id = $1 order by turn", name
    )
    found: list[Record] = []
    if row["standing"] is not None:
        found = list((await records.read(pool, row["recorded_at"], row["seq"] - 1, 1)).records)
    return Heard(
        NoticeClassified.model_validate(row["body"]),
        {one["case_id"]: one["because"] for one in joined},
        found[0] if found else None,
    )


async def paced(pool: asyncpg.Pool, name: str) -> list[dict[str, Any]]:
    """What became of an alert on each channel, and why; what is folded goes when its summary does."""
    rows = await pool.fetch(
        """
        select d.channel, d.state, d.because, d.folded_into, s.due_at as goes_at, s.state as summary_state
        from deliveries d left join deliveries s on d.state = 'folded' and s.summary_id = d.folded_into
        where d.alert_id = $1 order by d.seq
        """,
        name,
    )
    return [dict(row) for row in rows]


async def retired(pool: asyncpg.Pool, team: str) -> bool | None:
    """Whether a team is declared no longer; None when it never was."""
    gone: bool | None = await pool.fetchval(
        "select retired from teams where id = $1 and id <> $2", team, NAME
    )
    return gone


async def alerts(pool: asyncpg.Pool, case: str, team: str) -> list[dict[str, Any]]:
    """What a team was told of a case, step by step."""
    rows = await pool.fetch(
        "select id, step, raised_at from alerts where case_id = $1 and team_id = $2 order by step", case, team
    )
    return [dict(row) for row in rows]
