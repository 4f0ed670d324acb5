"""Sending again, as rows: what failed or was missed comes due anew, under the id that it always had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tocsin.contracts import fingerprint
from tocsin.notify.reserved import NAME
from tocsin.notify.store.wakeup import WAKE

MISSED = "missed"  # the alert was raised, and this channel was not yet declared

# Not what is being sent at this moment: it would go out twice at once. What was given up goes to the
# addresses that have not taken it; what was delivered is wanted anew, by all.
AGAIN = """
    with wanted_anew as (
        delete from taken t using deliveries d
        where d.id = t.delivery_id and d.id = any($1) and d.state = 'delivered'
    )
    update deliveries d set state = 'pending', due_at = now(), asked_at = now(), asked_after = attempts,
        delivered_at = null
    where id = any($1) and state <> 'cancelled' and (state <> 'pending' or attempts = coalesce(
        (select max(number) from attempts where delivery_id = d.id), 0))
    returning id
"""
ENTER = """
    insert into deliveries (id, alert_id, team_id, channel, asked_after, case_id, because)
    select m.id, a.id, a.team_id, $3, 0, a.case_id, 'somebody had sent what the channel missed'
    from unnest($1::text[], $2::text[]) m (id, alert_id) join alerts a on a.id = m.alert_id order by a.seq
    on conflict do nothing returning id
"""
COLUMNS = """
    d.alert_id, d.id, d.team_id, d.channel, d.state, d.delivered_at, exists (
        select from alerts a join alerts l using (case_id, team_id)
        where a.id = d.alert_id and l.step > a.step
    ) as overtaken
"""
ONE = f"""
    select {COLUMNS}, h.held_until
    from deliveries d left join destinations h using (team_id, channel) where d.id = $1 and d.team_id <> $2
"""  # noqa: S608 - constants of ours
FAILED = f"""
    select {COLUMNS} from deliveries d
    where d.team_id = $1 and ($2::text is null or d.channel = $2) and d.state = 'failed'
    order by d.seq limit $3
"""  # noqa: S608 - constants of ours
RANGE = f"""
    with d as (
        select a.id as alert_id, d.id, a.team_id, $2 as channel, coalesce(d.state, $5) as state,
               d.delivered_at, a.raised_at
        from alerts a
        left join deliveries d on d.alert_id = a.id and d.channel = $2 and d.purpose = 'alert'
        where a.team_id = $1 and a.raised_at >= $3 and a.raised_at < $4
        union all
        select null, d.id, d.team_id, d.channel, d.state, d.delivered_at, s.due_at
        from summaries s join deliveries d on d.summary_id = s.id
        where d.team_id = $1 and d.channel = $2 and s.due_at >= $3 and s.due_at < $4
    )
    select {COLUMNS} from d order by d.raised_at limit $6
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True)
class Found:
    """An alert, or a summary, on a channel: its delivery's state, or that it has none."""

    alert: str | None  # None: of a summary
    id: str
    team: str
    channel: str
    state: str
    delivered_at: datetime | None
    overtaken: bool  # the team was told a later step of the case


@dataclass(frozen=True)
class One:
    """A delivery that somebody names; nothing goes to its destination before ``held_until``."""

    found: Found
    held_until: datetime | None


async def one(pool: asyncpg.Pool, identity: str) -> One | None:
    """A delivery by its id; the canary's is nobody's business."""
    row = await pool.fetchrow(ONE, identity, NAME)
    return One(_found(row), row["held_until"]) if row is not None else None


async def failed(pool: asyncpg.Pool, team: str, channel: str | None, most: int) -> list[Found]:
    """What was given up, oldest first."""
    return [_found(row) for row in await pool.fetch(FAILED, team, channel, most)]


async def raised(
    pool: asyncpg.Pool, to: tuple[str, str], since: datetime, until: datetime, most: int
) -> list[Found]:
    """Every alert of a team that was raised in this time, oldest first, as it stands on a channel."""
    rows = await pool.fetch(RANGE, *to, since, until, MISSED, most)
    return [_found(row) for row in rows]


async def ask(pool: asyncpg.Pool, found: Sequence[Found]) -> list[Found]:
    """Make these due now, as if they had not been tried yet; attempts stay on record.

    Gives those that are: what is being sent at this moment is not.
    """
    missed = [item for item in found if item.state == MISSED]
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(AGAIN, [item.id for item in found if item.state != MISSED])
        for channel in {item.channel for item in missed}:
            new = [item for item in missed if item.channel == channel]
            rows += await connection.fetch(
                ENTER, [item.id for item in new], [item.alert for item in new], channel
            )
        await connection.execute(f"notify {WAKE}")
    made = {row["id"] for row in rows}
    return [item for item in found if item.id in made]


def _found(row: asyncpg.Record) -> Found:
    return Found(
        alert=row["alert_id"],
        id=row["id"] or fingerprint("msg", row["alert_id"], row["channel"]),
        team=row["team_id"],
        channel=row["channel"],
        state=row["state"],
        delivered_at=row["delivered_at"],
        overtaken=row["overtaken"],
    )
