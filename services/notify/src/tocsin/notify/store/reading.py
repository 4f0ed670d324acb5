"""Reading back what was told: pages of alerts, cases and deliveries, newest first, without the canary."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts import NoticeClassified
from tocsin.notify.conflicts import conflicts
from tocsin.notify.reserved import MODEL, NAME

Row = dict[str, Any]  # a JSON object, as the API answers it


@dataclass(frozen=True)
class Page:
    """What to read: rows older than ``before`` (a sequence number), not older than ``since``."""

    limit: int
    before: int | None = None
    since: datetime | None = None


async def alerts(pool: asyncpg.Pool, page: Page, team: str | None, case: str | None) -> list[Row]:
    """Alerts as they were raised, and since when they are on the topic; ``case`` is an id or a reference."""
    rows = await pool.fetch(
        """
        select seq, published_at, body from alerts
        where ($2::bigint is null or seq < $2) and ($3::timestamptz is null or raised_at >= $3)
          and ($4::text is null or team_id = $4) and team_id <> $6
          and ($5::text is null or $5 in (case_id, body ->> 'case_ref'))
        order by seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        team,
        case,
        NAME,
    )
    return [row["body"] | {"seq": row["seq"], "published_at": row["published_at"]} for row in rows]


async def cases(pool: asyncpg.Pool, page: Page) -> list[Row]:
    """Cases as they stand."""
    rows = await pool.fetch(
        """
        select seq, ref, state, body from cases
        where ($2::bigint is null or seq < $2) and ($3::timestamptz is null or changed_at >= $3)
          and not subjects @> array[$4::text]
        order by seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        MODEL,
    )
    return [row["body"] | {"ref": row["ref"], "state": row["state"], "seq": row["seq"]} for row in rows]


async def case(pool: asyncpg.Pool, name: str) -> Row | None:
    """One case by id or reference with steps, notices and what these differ about; None if there is none."""
    row = await pool.fetchrow(
        "select ref, state, body from cases where id = $1 or ref = upper($1) order by seq desc limit 1", name
    )
    if row is None:
        return None
    identity = row["body"]["id"]
    steps = await pool.fetch(
        "select body, notice_id, taken_at from steps where case_id = $1 order by number", identity
    )
    notices = await pool.fetch(
        """
        select body, because from tellings join notices on id = notice_id
        where case_id = $1 order by seq limit 500
        """,
        identity,
    )
    facts = [NoticeClassified.model_validate(n["body"]) for n in notices]
    found: Row = row["body"]
    return found | {
        "ref": row["ref"],
        "state": row["state"],
        "steps": [s["body"] | {"notice_id": s["notice_id"], "taken_at": s["taken_at"]} for s in steps],
        "notices": [n["body"] | {"because": n["because"]} for n in notices],
        "conflicts": [one.model_dump() for one in conflicts(facts)],
    }


async def deliveries(pool: asyncpg.Pool, page: Page, team: str | None, state: str | None) -> list[Row]:
    """Deliveries with every attempt."""
    rows = await pool.fetch(
        """
        select d.*, a.body ->> 'headline' as headline, a.body ->> 'case_ref' as case_ref, a.step,
               a.raised_at, (select coalesce(jsonb_agg(to_jsonb(t) - 'delivery_id' order by t.number), '[]')
                             from attempts t where t.delivery_id = d.id) as log
        from deliveries d join alerts a on a.id = d.alert_id
        where ($2::bigint is null or d.seq < $2) and ($3::timestamptz is null or a.raised_at >= $3)
          and ($4::text is null or d.team_id = $4) and ($5::text is null or d.state = $5)
          and d.team_id <> $6
        order by d.seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        team,
        state,
        NAME,
    )
    return [dict(row) for row in rows]
