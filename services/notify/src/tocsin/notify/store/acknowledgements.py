"""Acknowledgements as rows, and what each ends and sends in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from tocsin.contracts import AlertRaised
from tocsin.notify.acknowledgement import Acknowledgement, How
from tocsin.notify.channels import Purpose
from tocsin.notify.pacing.escalation import State
from tocsin.notify.reserved import NAME
from tocsin.notify.store import escalations

ENTER = """
    insert into acknowledgements (alert_id, team_id, case_id, step, author, how)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning *
"""
COVERING = """
    select * from acknowledgements where case_id = $1 and team_id = $2 and step >= $3 order by seq limit 1
"""
PAGED = """
    select distinct d.channel from deliveries d join alerts a on a.id = d.alert_id
    where a.case_id = $1 and a.team_id = $2 and a.step <= $3 and d.channel = any($4)
      and d.purpose <> 'acknowledge' and d.state in ('pending', 'delivered')
"""


@dataclass(frozen=True)
class Acknowledged:
    """The acknowledgement that holds; ``new`` when it is the one just made."""

    by: Acknowledgement
    new: bool
    ended: int = 0  # escalations


async def alert(pool: asyncpg.Pool, identity: str) -> AlertRaised | None:
    """An alert by its id; the canary's is nobody's business."""
    body = await pool.fetchval("select body from alerts where id = $1 and team_id <> $2", identity, NAME)
    return AlertRaised.model_validate(body) if body is not None else None


async def of(connection: asyncpg.Pool | asyncpg.Connection, told: AlertRaised) -> Acknowledgement | None:
    """Who has acknowledged an alert, or a later step of its case; the first who did."""
    row = await connection.fetchrow(COVERING, told.case_id, told.team, told.step)
    return _read(row) if row is not None else None


async def acknowledge(
    pool: asyncpg.Pool, told: AlertRaised, author: str, how: How, pagers: Sequence[str]
) -> Acknowledged:
    """Record that somebody has taken an alert on; the first who did stays on record.

    Nothing further follows for it and the earlier steps of its case. Those of ``pagers`` (channels that hold
    an alarm) to which the case went are told, by a delivery of its own.
    """
    case = (told.case_id, told.team)
    async with pool.acquire() as connection, connection.transaction():
        if (before := await of(connection, told)) is not None:
            return Acknowledged(before, new=False)
        row = await connection.fetchrow(ENTER, told.id, told.team, told.case_id, told.step, author, how)
        if row is None:  # somebody else did at this moment, and has by now
            row = await connection.fetchrow(COVERING, *case, told.step)
            return Acknowledged(_read(row), new=False)
        because = f"{author} has acknowledged step {told.step}"
        ended = await escalations.end(connection, case, told.step, State.ACKNOWLEDGED, because)
        paged = [one["channel"] for one in await connection.fetch(PAGED, *case, told.step, list(pagers))]
        await escalations.send(connection, (told.id, told.team), paged, Purpose.ACKNOWLEDGE)
        return Acknowledged(_read(row), new=True, ended=ended)


async def opened(pool: asyncpg.Pool, identity: str) -> None:
    """The page of an alert was opened: by a person or by something that looks at links."""
    await pool.execute(
        """
        insert into openings (alert_id) values ($1)
        on conflict (alert_id) do update set times = openings.times + 1, last_at = now()
        """,
        identity,
    )


def _read(row: Any) -> Acknowledgement:
    return Acknowledgement(
        alert=row["alert_id"], step=row["step"], author=row["author"], how=How(row["how"]), at=row["at"]
    )
