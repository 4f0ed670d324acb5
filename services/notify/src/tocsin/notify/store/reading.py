"""Reading back what was told: pages of alerts, cases and deliveries, newest first, without the canary."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts import NoticeClassified
from tocsin.notify.cases.conflicts import conflicts
from tocsin.notify.reserved import MODEL, NAME
from tocsin.notify.store import byhand

Row = dict[str, Any]  # a JSON object, as the API answers it

STEPS = """
    select s.body, s.notice_id, s.taken_at, c.ref as case_ref from steps s join cases c on c.id = s.case_id
    where $1 in (c.id, c.merged_into) order by s.taken_at, s.number
"""
NOTICES = """
    select body, because from (
        select distinct on (n.seq) n.seq, n.body, t.because
        from tellings t join notices n on n.id = t.notice_id
        where coalesce(t.now_in, t.case_id) in (select id from cases where id = $1 or merged_into = $1)
        order by n.seq, t.turn
    ) told order by seq limit 500
"""


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


async def alerts_after(
    pool: asyncpg.Pool, after: int, team: str | None, case: str | None, limit: int
) -> list[Row]:
    """Alerts that came after one, oldest first. They are numbered as they are committed: none comes late."""
    rows = await pool.fetch(
        """
        select seq, published_at, body from alerts
        where seq > $2 and ($3::text is null or team_id = $3) and team_id <> $5
          and ($4::text is null or $4 in (case_id, body ->> 'case_ref'))
        order by seq limit $1
        """,
        limit,
        after,
        team,
        case,
        NAME,
    )
    return [row["body"] | {"seq": row["seq"], "published_at": row["published_at"]} for row in rows]


async def newest_alert(pool: asyncpg.Pool) -> int:
    """The number of the latest alert; 0 when there is none."""
    number: int = await pool.fetchval("select coalesce(max(seq), 0) from alerts")
    return number


async def cases(pool: asyncpg.Pool, page: Page) -> list[Row]:
    """Cases as they stand."""
    rows = await pool.fetch(
        """
        select seq, ref, state, body from cases
        where ($2::bigint is null or seq < $2) and ($3::timestamptz is null or changed_at >= $3)
          and not subjects @> array[$4::text] and merged_into is null
        order by seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        MODEL,
    )
    return [row["body"] | {"ref": row["ref"], "state": row["state"], "seq": row["seq"]} for row in rows]


async def case(pool: asyncpg.Pool, name: str) -> Row | None:
    """One case by id or reference with steps, notices and what these differ about; None if there is none.

    It has what was told of those that were merged into it. One that was itself merged into another has what
    it had then, and ``merged_into``: the reference of that other.
    """
    row = await pool.fetchrow(
        """
        select c.ref, c.state, c.body, whole.ref as merged_into
        from cases c left join cases whole on whole.id = c.merged_into
        where c.id = $1 or c.ref = upper($1) order by c.seq desc limit 1
        """,
        name,
    )
    if row is None:
        return None
    identity = row["body"]["id"]
    steps = await pool.fetch(STEPS, identity)
    notices = await pool.fetch(NOTICES, identity)
    facts = [NoticeClassified.model_validate(n["body"]) for n in notices]
    found: Row = row["body"]
    return found | {
        "ref": row["ref"],
        "state": row["state"],
        "merged_into": row["merged_into"],
        "changes": await byhand.changes(pool, identity),
        "steps": [
            s["body"] | {name: s[name] for name in ("case_ref", "notice_id", "taken_at")} for s in steps
        ],
        "notices": [n["body"] | {"because": n["because"]} for n in notices],
        "conflicts": [one.model_dump() for one in conflicts(facts)],
    }


async def deliveries(  # noqa: PLR0913 - each narrows what is read
    pool: asyncpg.Pool,
    page: Page,
    team: str | None,
    state: str | None,
    identity: str | None = None,
    *,
    summary: str | None = None,
) -> list[Row]:
    """Deliveries with every attempt: the one of an id, or all that are folded into a summary, where asked.

    One that is folded goes with its summary, at ``goes_at``; ``summary`` says what a delivery of one tells.
    """
    rows = await pool.fetch(
        """
        select d.*, coalesce(a.body ->> 'headline', m.body ->> 'headline', m.headline) as headline,
               a.body ->> 'case_ref' as case_ref, a.step, coalesce(a.raised_at, m.since) as raised_at,
               m.sort as summary, s.due_at as goes_at,
               (select coalesce(jsonb_agg(to_jsonb(t) - 'delivery_id' order by t.number), '[]')
                from attempts t where t.delivery_id = d.id) as log
        from deliveries d left join alerts a on a.id = d.alert_id
        left join summaries m on m.id = d.summary_id
        left join deliveries s on d.state = 'folded' and s.summary_id = d.folded_into
        where ($2::bigint is null or d.seq < $2)
          and ($3::timestamptz is null or coalesce(a.raised_at, m.since) >= $3)
          and ($4::text is null or d.team_id = $4) and ($5::text is null or d.state = $5)
          and d.team_id <> $6 and ($7::text is null or d.id = $7)
          and ($8::text is null or d.folded_into = $8)
        order by d.seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        team,
        state,
        NAME,
        identity,
        summary,
    )
    return [dict(row) for row in rows]


async def notices(pool: asyncpg.Pool, page: Page, source: str | None) -> list[Row]:
    """Classified notices without their text."""
    rows = await pool.fetch(
        """
        select seq, recorded_at, body #- '{notice,text}' as body from notices
        where ($2::bigint is null or seq < $2) and ($3::timestamptz is null or recorded_at >= $3)
          and ($4::text is null or body #>> '{notice,source,id}' = $4)
          and body #>> '{notice,source,id}' <> $5
        order by seq desc limit $1
        """,
        page.limit,
        page.before,
        page.since,
        source,
        NAME,
    )
    return [row["body"] | {"seq": row["seq"], "recorded_at": row["recorded_at"]} for row in rows]


async def notice(pool: asyncpg.Pool, identity: str) -> Row | None:
    """One classified notice whole, and the cases that it told; None if there is none."""
    row = await pool.fetchrow(
        """
        select recorded_at, body,
          (select coalesce(jsonb_agg(ref order by c.seq), '[]')
           from tellings join cases c on c.id = case_id where notice_id = n.id) as cases
        from notices n where id = $1 and body #>> '{notice,source,id}' <> $2
        """,
        identity,
        NAME,
    )
    if row is None:
        return None
    found: Row = row["body"]
    return found | {"recorded_at": row["recorded_at"], "cases": row["cases"]}


async def channels(pool: asyncpg.Pool, team: str | None) -> list[Row]:
    """Channels of the teams as they are declared, how they fare, and when a test last arrived."""
    rows = await pool.fetch(
        """
        select t.id as team, c.body, coalesce(d.failures, 0) as failures, d.opened_at, d.held_until,
          p.at as proven_at
        from teams t cross join jsonb_array_elements(t.declaration -> 'channels') as c (body)
        left join destinations d on d.team_id = t.id and d.channel = c.body ->> 'name'
        left join proofs p on p.team_id = t.id and p.channel = c.body ->> 'name'
        where not t.retired and ($1::text is null or t.id = $1)
        order by t.id, c.body ->> 'name'
        """,
        team,
    )
    return [row["body"] | {name: value for name, value in row.items() if name != "body"} for row in rows]
