"""The ledger of deliveries: a queue that is also the record of what was sent, when, and with what answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from tocsin.contracts import AlertRaised
from tocsin.notify.channels import Outcome


@dataclass(frozen=True)
class Delivery:
    """One alert due on one channel; ``attempt`` counts the one that is about to be made."""

    id: str
    alert: AlertRaised
    channel: str
    attempt: int
    traceparent: str
    first_tried_at: datetime  # start of the first attempt, this one if it is


@dataclass(frozen=True)
class Result:
    """What came of an attempt. ``again_in`` None with a failure means that it was the last one."""

    outcome: Outcome
    detail: str
    seconds: float
    again_in: timedelta | None = None


async def claim(pool: asyncpg.Pool, most: int, busy: Sequence[str], lease: timedelta) -> list[Delivery]:
    """Take up to ``most`` due deliveries, earliest first, none on a channel that is ``busy``.

    A claim moves the due time ahead by the lease. Whoever claimed and died needs no cleaning up: the
    delivery comes due again, with the same id.
    """
    rows = await pool.fetch(
        """
        with due as (
            select id from deliveries
            where state = 'pending' and due_at <= now() and team_id || '/' || channel <> all($2::text[])
            order by due_at limit $1 for update skip locked
        )
        update deliveries d set due_at = now() + $3, attempts = attempts + 1
        from due, alerts a where d.id = due.id and a.id = d.alert_id
        returning d.id, d.channel, d.attempts, a.body, a.traceparent, coalesce(
            (select min(at - make_interval(secs => seconds)) from attempts where delivery_id = d.id), now()
        ) as first_tried_at
        """,
        most,
        list(busy),
        lease,
    )
    return [
        Delivery(
            id=row["id"],
            alert=AlertRaised.model_validate(row["body"]),
            channel=row["channel"],
            attempt=row["attempts"],
            traceparent=row["traceparent"],
            first_tried_at=row["first_tried_at"],
        )
        for row in rows
    ]


async def record(pool: asyncpg.Pool, delivery: Delivery, result: Result) -> datetime | None:
    """Write down an attempt and what follows from it; gives the time of delivery if it was made."""
    state = "delivered" if result.outcome is Outcome.DELIVERED else "pending" if result.again_in else "failed"
    delivered_at: datetime | None = await pool.fetchval(
        """
        with attempt as (
            insert into attempts (delivery_id, number, outcome, detail, seconds) values ($1, $2, $3, $4, $5)
            on conflict do nothing
        )
        update deliveries set
            state = $6,
            due_at = now() + coalesce($7, interval '0'),
            delivered_at = case when $6 = 'delivered' then now() end,
            last_error = case when $6 = 'delivered' then null else $4 end
        where id = $1 and state = 'pending' returning delivered_at
        """,
        delivery.id,
        delivery.attempt,
        result.outcome,
        result.detail,
        result.seconds,
        state,
        result.again_in,
    )
    return delivered_at


async def next_due(pool: asyncpg.Pool) -> float | None:
    """Seconds until the next one is due; negative: overdue; None: none waits."""
    wait: float | None = await pool.fetchval(
        "select extract(epoch from min(due_at) - now())::float8 from deliveries where state = 'pending'"
    )
    return wait
