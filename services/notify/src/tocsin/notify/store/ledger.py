"""The ledger of deliveries: a queue that is also the record of what was sent, when, and with what answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from tocsin.contracts import AlertRaised
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Outcome, Purpose


@dataclass(frozen=True)
class Delivery:
    """An alert or a summary due on one channel; ``attempt`` counts the one that is about to be made."""

    id: str
    team: str
    channel: str
    alert: AlertRaised | None
    summary: str | None  # its id, where it is no alert
    attempt: int
    traceparent: str
    first_tried_at: datetime  # start of the first attempt, this one if it is
    asked_at: datetime  # when it was to be sent, or last asked for anew
    asked_after: int | None = None  # attempts that were made before somebody asked for it anew
    purpose: Purpose = Purpose.ALERT
    thread: str | None = None  # that an earlier message of the case began on this channel
    taken: frozenset[str] = frozenset()  # addresses that took it in an earlier attempt
    unsubscribed: frozenset[str] = frozenset()  # addresses that want nothing of this channel


@dataclass(frozen=True)
class Result:
    """What came of an attempt. ``again_in`` None with a failure means that it was the last one."""

    outcome: Outcome
    detail: str
    seconds: float
    again_in: timedelta | None = None
    thread: str | None = None  # that it began
    taken: tuple[str, ...] = ()  # addresses that took it


@dataclass(frozen=True)
class Recorded:
    """What became of a delivery, and whether its destination is on record as in trouble."""

    delivered_at: datetime | None
    in_trouble: bool


# A step of a case waits on its channel for the ones before it, sent singly or in a summary on its way: that
# an alarm is over is not told before the alarm. Nothing waits for what was refused or given up. Steps of a
# case that was merged into it are before it, too. What waits for some addresses only holds the others up no
# longer: one mailbox that is full for days must not.
# `offset 0` has it asked of one delivery after the other, until enough are found: as a join, PostgreSQL reads
# the whole table for a claim as soon as many are due.
AHEAD = """
    e.team_id = d.team_id and e.channel = d.channel and e.seq < d.seq
    and (e.state = 'pending' and not exists (select from taken where delivery_id = e.id)
        or e.state = 'folded' and s.state = 'pending' and s.attempts > 0)
"""
IN_TURN = f"""
    not exists (
        select from deliveries e left join deliveries s on s.summary_id = e.folded_into
        where e.case_id = d.case_id and {AHEAD} offset 0
    ) and not exists (
        select from case_kin k join deliveries e on e.case_id = k.other_id
        left join deliveries s on s.summary_id = e.folded_into
        where k.case_id = d.case_id and {AHEAD} offset 0
    )
"""  # noqa: S608 # constants of ours

# due: what could go; probe: open circuits of which this claim has the one try; free: what goes.
# All that waits for a held destination is put off in one go: a dead one with thousands costs nobody time.
CLAIM = f"""
    with due as (
        select d.id, d.team_id, d.channel, d.due_at, d.seq, h.opened_at,
               coalesce(h.held_until > now(), false) as held
        from deliveries d left join destinations h using (team_id, channel)
        where d.state = 'pending' and d.due_at <= now() and d.team_id || '/' || d.channel <> all($2::text[])
          and {IN_TURN}
        order by d.due_at, d.seq limit $1 for update of d skip locked
    ), probe as (
        update destinations h set held_until = now() + $3::interval
        from (select distinct team_id, channel from due where opened_at is not null and not held) p
        where h.team_id = p.team_id and h.channel = p.channel and h.held_until <= now()
        returning h.team_id, h.channel
    ), free as (
        select id from due where opened_at is null and not held
        union all
        (select distinct on (team_id, channel) id from due join probe using (team_id, channel)
         order by team_id, channel, due_at, seq)
    ), siblings as (
        select d.id from deliveries d
        where d.state = 'pending' and d.due_at <= now()
          and (d.team_id, d.channel) in (select team_id, channel from due where opened_at is not null or held)
          and d.id not in (select id from free)
        for update skip locked
    ), put_off as (
        update deliveries d set due_at = greatest(
            (select held_until from destinations h where h.team_id = d.team_id and h.channel = d.channel),
            now() + interval '1 second')
        from siblings where d.id = siblings.id
    )
    update deliveries d set due_at = now() + $3, attempts = d.attempts + 1
    from free, deliveries o left join alerts a on a.id = o.alert_id where d.id = free.id and o.id = d.id
    returning d.id, d.team_id, d.channel, d.attempts, d.asked_at, d.asked_after, d.purpose, d.summary_id,
        a.body, a.traceparent, (
            select root from threads t
            where t.team_id = d.team_id and t.channel = d.channel and t.case_id = d.case_id
        ) as thread, array(select address from taken where delivery_id = d.id) as taken, array(
            select address from unsubscribed u where u.team_id = d.team_id and u.channel = d.channel
        ) as unsubscribed, coalesce(
            (select min(at - make_interval(secs => seconds)) from attempts where delivery_id = d.id), now()
        ) as first_tried_at
"""  # noqa: S608 # constants of ours


async def claim(pool: asyncpg.Pool, most: int, busy: Sequence[str], lease: timedelta) -> list[Delivery]:
    """Take up to ``most`` due deliveries, earliest first, none on a channel that is ``busy``.

    A claim moves the due time ahead by the lease. Whoever claimed and died needs no cleaning up: the
    delivery comes due again, with the same id. Steps of one case go in their order. What is due on a
    destination that is held is put off until it is held no longer; on one whose circuit is open a single
    delivery is taken then, as its probe.
    """
    rows = await pool.fetch(CLAIM, most, list(busy), lease)
    return [
        Delivery(
            id=row["id"],
            team=row["team_id"],
            channel=row["channel"],
            alert=AlertRaised.model_validate(row["body"]) if row["body"] is not None else None,
            summary=row["summary_id"],
            attempt=row["attempts"],
            traceparent=row["traceparent"] or new_traceparent(),
            first_tried_at=row["first_tried_at"],
            asked_at=row["asked_at"],
            asked_after=row["asked_after"],
            purpose=Purpose(row["purpose"]),
            thread=row["thread"],
            taken=frozenset(row["taken"]),
            unsubscribed=frozenset(row["unsubscribed"]),
        )
        for row in rows
    ]


async def record(pool: asyncpg.Pool, delivery: Delivery, result: Result) -> Recorded:
    """Write down an attempt and what follows from it."""
    state = "delivered" if result.outcome is Outcome.DELIVERED else "pending" if result.again_in else "failed"
    row = await pool.fetchrow(
        """
        with attempt as (
            insert into attempts (delivery_id, number, outcome, detail, seconds) values ($1, $2, $3, $4, $5)
            on conflict do nothing
        ), begun as (
            insert into threads (team_id, channel, case_id, root)
            select team_id, channel, case_id, $10 from deliveries
            where id = $1 and case_id is not null and $10::text is not null
            on conflict (team_id, channel, case_id) do update set root = excluded.root
        ), told as (
            insert into taken (delivery_id, address) select $1, unnest($11::text[]) on conflict do nothing
        ), kept as (
        update deliveries set
            state = $6,
            due_at = now() + coalesce($7, interval '0'),
            delivered_at = case when $6 = 'delivered' then now() end,
            last_error = case when $6 = 'delivered' then null else $4 end
        where id = $1 and state = 'pending' returning delivered_at
        )
        select (select delivered_at from kept) as delivered_at,
               exists (select from destinations where team_id = $8 and channel = $9) as in_trouble
        """,
        delivery.id,
        delivery.attempt,
        result.outcome,
        result.detail,
        result.seconds,
        state,
        result.again_in,
        delivery.team,
        delivery.channel,
        result.thread,
        result.taken,
    )
    return Recorded(row["delivered_at"], row["in_trouble"])


async def next_due(pool: asyncpg.Pool, busy: Sequence[str]) -> float | None:
    """Seconds until the next is due on a channel not ``busy``; negative: overdue; None: none waits."""
    wait: float | None = await pool.fetchval(
        f"""
        select extract(epoch from d.due_at - now())::float8 from deliveries d
        where d.state = 'pending' and d.team_id || '/' || d.channel <> all($1::text[]) and {IN_TURN}
        order by d.due_at limit 1
        """,  # noqa: S608 # constants of ours
        list(busy),
    )
    return wait
