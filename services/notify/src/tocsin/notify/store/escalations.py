"""Escalations as rows: armed with an alert, ended by whoever answers, done once by whichever replica."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tocsin.contracts import AlertRaised, fingerprint
from tocsin.notify.channels import Purpose
from tocsin.notify.pacing.escalation import Escalation, State
from tocsin.notify.store.wakeup import WAKE

# Not where nothing of the alert goes out now, nor where the case has moved on since: a sweep raises late.
ARM = """
    insert into escalations (alert_id, team_id, case_id, step, remind_at, fall_back_at, due_at)
    select $1, $2, $3, $4, $5, $6, $7
    where exists (select from deliveries where alert_id = $1 and state = 'pending')
      and not exists (select from alerts where case_id = $3 and team_id = $2 and step > $4)
    returning alert_id
"""
END = """
    with answered as (
        select alert_id from escalations
        where case_id = $1 and team_id = $2 and step <= $3 and state in ('armed', 'spent')
        order by alert_id for update
    )
    update escalations e set state = $4, because = $5, due_at = null, ended_at = now()
    from answered where e.alert_id = answered.alert_id
    returning e.alert_id
"""
OVERTAKEN = """
    update deliveries d set state = 'cancelled', last_error = $4
    from alerts a where a.id = d.alert_id and a.case_id = $1 and a.team_id = $2 and a.step <= $3
      and d.purpose in ('reminder', 'fallback') and d.state in ('pending', 'failed')
"""
DUE = """
    select * from escalations where state = 'armed' and due_at <= $1
    order by due_at limit $2 for update skip locked
"""
KEEP = """
    update escalations set (reminded_at, fallen_back_at, due_at, state) = ($2, $3, $4, $5)
    where alert_id = $1
"""
TOLD = """
    select channel from deliveries where alert_id = $1 and purpose = 'alert' and state <> 'folded'
    order by seq
"""

WHY = {
    Purpose.REMINDER: "nobody has acknowledged it",
    Purpose.FALLBACK: "nobody has acknowledged it, even after a reminder",
    Purpose.ACKNOWLEDGE: "somebody has acknowledged it",
    Purpose.RESOLVE: "the measure is over, and this channel holds its alarm open",
}


@dataclass(frozen=True)
class Due:
    """An escalation that has come due, and whose it is; its row is locked."""

    alert: str
    team: str
    escalation: Escalation


async def arm(connection: asyncpg.Connection, alert: AlertRaised, escalation: Escalation) -> bool:
    """Write down what follows if nobody acknowledges; gives whether anything does."""
    armed = await connection.fetchval(
        ARM,
        alert.id,
        alert.team,
        alert.case_id,
        alert.step,
        escalation.remind_at,
        escalation.fall_back_at,
        escalation.due_at,
    )
    return armed is not None


async def end(
    connection: asyncpg.Connection, of: tuple[str, str], step: int, why: State, because: str
) -> int:
    """Nothing further follows for the steps of a case (id, team) up to one; gives how many had to come.

    Reminders and fallbacks that have not left do not leave. The rows are taken in one order, before their
    deliveries: whoever else ends them or does them comes first or after.
    """
    ended = await connection.fetch(END, *of, step, why, because)
    await connection.execute(OVERTAKEN, *of, step, because)
    return len(ended)


@contextlib.asynccontextmanager
async def due(
    pool: asyncpg.Pool, now: datetime, most: int
) -> AsyncIterator[tuple[asyncpg.Connection, list[Due]]]:
    """Those that have come due, earliest first, and the transaction that holds them.

    What is done about them is rows as well, in the same transaction: all of it or nothing. So no lease is
    needed: what a replica that died had taken is free at once, and nothing of it was done.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(DUE, now, most)
        yield connection, [_read(row) for row in rows]


async def keep(connection: asyncpg.Connection, alert: str, after: Escalation) -> None:
    """What has been done."""
    await connection.execute(KEEP, alert, after.reminded_at, after.fallen_back_at, after.due_at, after.state)


async def drop(connection: asyncpg.Connection, alert: str, because: str) -> None:
    """The team is on call no more."""
    await connection.execute(
        """
        update escalations set state = 'dropped', because = $2, due_at = null, ended_at = now()
        where alert_id = $1
        """,
        alert,
        because,
    )


async def told(connection: asyncpg.Connection, alert: str) -> list[str]:
    """The channels to which an alert went by itself."""
    return [row["channel"] for row in await connection.fetch(TOLD, alert)]


async def send(
    connection: asyncpg.Connection, of: tuple[str, str], channels: Sequence[str], purpose: Purpose
) -> int:
    """Record one more delivery of an alert (id, team) on these channels, once; wakes the sender on commit.

    Gives how many there are that were not there.
    """
    alert, team = of
    rows = await connection.fetch(
        """
        insert into deliveries (id, alert_id, case_id, team_id, channel, purpose, because)
        select new.id, $3, a.case_id, $4, new.channel, $5, $6
        from unnest($1::text[], $2::text[]) as new (id, channel), alerts a where a.id = $3
        on conflict do nothing returning id
        """,
        [fingerprint("msg", alert, channel, purpose) for channel in channels],
        list(channels),
        alert,
        team,
        purpose,
        WHY[purpose],
    )
    await connection.execute(f"notify {WAKE}")
    return len(rows)


def _read(row: asyncpg.Record) -> Due:
    facts = Escalation(
        remind_at=row["remind_at"],
        fall_back_at=row["fall_back_at"],
        reminded_at=row["reminded_at"],
        fallen_back_at=row["fallen_back_at"],
        state=State(row["state"]),
    )
    return Due(row["alert_id"], row["team_id"], facts)
