"""Summaries as rows: opened by the first that is folded into them, closed when they are first sent."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from tocsin.contracts import AlertsSummarised, SummarisedAlert, SummarySort, fingerprint
from tocsin.notify.pacing.plan import Folded
from tocsin.notify.pacing.summing import Link, Open, compose
from tocsin.notify.store.wakeup import WAKE

# Whoever opens or folds locks the row until its transaction ends, and so does who closes it.
OPEN = """
    insert into summaries (id, team_id, channel, sort, key, due_at, since) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (team_id, channel, sort, key) do update set key = excluded.key
    returning closed_at is null
"""
SEND = """
    insert into deliveries (id, summary_id, team_id, channel, due_at, asked_at, because)
    values ($1, $2, $3, $4, $5, $5, $6) on conflict do nothing
"""
ITEMS = """
    select a.id, a.body ->> 'case_ref' as case_ref, a.body ->> 'kind' as kind,
           a.body ->> 'severity' as severity, a.body ->> 'headline' as headline, a.raised_at,
           a.body ->> 'case_url' as case_url
    from deliveries d join alerts a on a.id = d.alert_id where d.folded_into = $1 order by a.seq
"""


def identity(team: str, channel: str, sort: SummarySort, key: str) -> str:
    """The id of a summary."""
    return fingerprint("s", team, channel, sort.value, key)


async def fold(
    connection: asyncpg.Connection, team: str, channel: str, plan: Folded, now: datetime
) -> str | None:
    """Open a summary, if need be, for a delivery that is folded into it; gives its id.

    None when it has left already: nothing may be folded into it. Until the transaction ends it cannot leave.
    """
    summary = identity(team, channel, plan.sort, plan.key)
    stands = await connection.fetchval(
        OPEN, summary, team, channel, plan.sort, plan.key, plan.due_at, plan.since or now
    )
    if not stands:
        return None
    await connection.execute(
        SEND, fingerprint("msg", summary), summary, team, channel, plan.due_at, f"the {plan.sort} is due"
    )
    return summary


async def tell(  # noqa: PLR0913, PLR0917 - each is a word of what is told, to whom and when
    connection: asyncpg.Connection,
    team: str,
    channel: str,
    sort: SummarySort,
    key: str,
    headline: str,
    lines: Sequence[str],
    due_at: datetime,
) -> bool:
    """Have a team told something that is no alert, once a key; False when it was told before.

    Wakes the sender on commit.
    """
    summary = identity(team, channel, sort, key)
    made = await connection.fetchval(
        """
        insert into summaries (id, team_id, channel, sort, key, due_at, headline, lines)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing returning true
        """,
        summary,
        team,
        channel,
        sort,
        key,
        due_at,
        headline,
        list(lines),
    )
    if made:
        await connection.execute(SEND, fingerprint("msg", summary), summary, team, channel, due_at, headline)
        await connection.execute(f"notify {WAKE}")
    return bool(made)


async def hasten(connection: asyncpg.Connection, team: str, sort: SummarySort, key: str) -> int:
    """What a team was to hear later is due now, on every channel; gives how many summaries that hastens."""
    rows = await connection.fetch(
        """
        update summaries set due_at = now()
        where team_id = $1 and sort = $2 and key = $3 and closed_at is null and due_at > now() returning id
        """,
        team,
        sort,
        key,
    )
    await connection.execute(
        """
        update deliveries set due_at = now(), asked_at = now()
        where summary_id = any($1) and state = 'pending' and attempts = 0
        """,
        [row["id"] for row in rows],
    )
    await connection.execute(f"notify {WAKE}")
    return len(rows)


async def close(pool: asyncpg.Pool, summary: str, link: Link) -> AlertsSummarised | None:
    """The text of a summary, composed when it is first asked for; from then on it stays as it is.

    None when there is nothing to tell: then it is no more.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "select *, now() as now from summaries where id = $1 for update", summary
        )
        if row is None:
            return None
        if row["body"] is not None:
            return AlertsSummarised.model_validate(row["body"])
        items = [SummarisedAlert(**row) for row in await connection.fetch(ITEMS, summary)]
        if not items and row["headline"] is None:
            await connection.execute("delete from deliveries where summary_id = $1", summary)
            await connection.execute("delete from summaries where id = $1", summary)
            return None
        told = Open(
            id=summary,
            team=row["team_id"],
            channel=row["channel"],
            sort=SummarySort(row["sort"]),
            since=row["since"],
            headline=row["headline"],
            lines=tuple(row["lines"]),
        )
        body = compose(told, items, row["now"], link)
        await connection.execute(
            "update summaries set closed_at = now(), body = $2 where id = $1",
            summary,
            body.model_dump(mode="json"),
        )
        return body
