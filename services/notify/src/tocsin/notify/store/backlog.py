"""How much waits in the rows, and since when."""

from dataclasses import dataclass

import asyncpg

from tocsin.notify.store.ledger import IN_TURN

SUMMARIES = "select count(*) from deliveries where state = 'pending' and summary_id is not null"
UNACKNOWLEDGED = "select count(*) from escalations where state in ('armed', 'spent')"


@dataclass(frozen=True)
class Waiting:
    """So many wait, the oldest for so many seconds; 0 and 0 when none does."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Backlog:
    """What notify has yet to do, whichever replica will do it."""

    unpublished: Waiting  # alerts that are not on the alerts topic
    pending: Waiting  # deliveries, aged from when their alert was raised
    overdue: float  # seconds for which the earliest of them has been due; 0 when none is
    circuits_open: int  # destinations that are only probed
    unacknowledged: int  # alerts of teams on call that nobody has taken on
    summaries: int = 0  # that are still to be told


async def read(pool: asyncpg.Pool) -> Backlog:
    """The backlog as it stands."""
    unpublished = await pool.fetchrow(
        """
        select count(*) as count, extract(epoch from now() - min(raised_at))::float8 as seconds
        from alerts where published_at is null
        """
    )
    pending = await pool.fetchrow(
        f"""
        select count(*) as count,
               extract(epoch from now() - min(
                   case when d.purpose = 'alert' then coalesce(a.raised_at, d.asked_at) else d.asked_at end
               ))::float8 as seconds,
               extract(epoch from now() - min(d.due_at) filter (
                   where d.due_at <= now() and {IN_TURN}))::float8 as overdue
        from deliveries d left join alerts a on a.id = d.alert_id
        where d.state = 'pending' and (d.summary_id is null or d.asked_at <= now())
        """  # noqa: S608 # constants of ours
    )
    return Backlog(
        unpublished=_waiting(unpublished),
        pending=_waiting(pending),
        overdue=max(0.0, pending["overdue"] or 0.0),
        summaries=await pool.fetchval(SUMMARIES),
        circuits_open=await pool.fetchval("select count(*) from destinations where opened_at is not null"),
        unacknowledged=await pool.fetchval(UNACKNOWLEDGED),
    )


def _waiting(row: asyncpg.Record) -> Waiting:
    return Waiting(row["count"], max(0.0, row["seconds"] or 0.0))
