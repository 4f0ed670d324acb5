"""The time line of an alert, read from rows: what became of it, in order."""

from typing import Any

import asyncpg

from tocsin.contracts import AlertRaised
from tocsin.notify.store import acknowledgements

Row = dict[str, Any]  # a JSON object, as the API answers it

# at, what, and in words; ``seq`` keeps apart, in order, what has the same time.
EVENTS = """
    select a.raised_at as at, 1 as seq, 'raised' as what, a.body ->> 'headline' as detail, null as channel
    from alerts a where a.id = $1
    union all
    select t.at - make_interval(secs => t.seconds), 2, 'sent',
           d.purpose || ', attempt ' || t.number || ': ' || t.outcome || ': ' || t.detail, d.channel
    from deliveries d join attempts t on t.delivery_id = d.id where d.alert_id = $1
    union all
    select d.delivered_at, 3, 'delivered', d.purpose, d.channel
    from deliveries d where d.alert_id = $1 and d.delivered_at is not null
    union all
    select first_at, 4, 'page opened',
           case when times > 1 then times || ' times; ' else '' end
               || 'by a person, or by what looks at links', null
    from openings where alert_id = $1
    union all
    select reminded_at, 5, 'reminded', 'nobody had acknowledged it', null
    from escalations where alert_id = $1 and reminded_at is not null
    union all
    select fallen_back_at, 6, 'fallen back', 'nobody had acknowledged it, even after a reminder', null
    from escalations where alert_id = $1 and fallen_back_at is not null
    union all
    select k.at, 7, 'acknowledged',
           'by ' || k.author || ' (' || k.how || case when k.alert_id <> $1 then
               '), with step ' || k.step || ' of the case' else ')' end, null
    from alerts a join acknowledgements k on k.case_id = a.case_id and k.team_id = a.team_id
    where a.id = $1 and k.step >= a.step
    union all
    select e.ended_at, 8, 'watched no more', e.because, null
    from escalations e where e.alert_id = $1 and e.state in ('over', 'dropped')
    union all
    select b.raised_at, 9, 'superseded', 'by step ' || b.step || ', ' || (b.body ->> 'kind'), null
    from alerts a join alerts b on b.case_id = a.case_id and b.team_id = a.team_id and b.step > a.step
    where a.id = $1
    order by 1, 2
"""
ESCALATION = """
    select state, due_at, remind_at, fall_back_at, because from escalations where alert_id = $1
"""


async def alert(pool: asyncpg.Pool, told: AlertRaised) -> Row:
    """An alert with who has acknowledged it, and what follows if nobody does."""
    by = await acknowledgements.of(pool, told)
    follows = await pool.fetchrow(ESCALATION, told.id)
    return told.model_dump(mode="json") | {
        "acknowledged": by.model_dump(mode="json") if by else None,
        "on_call": dict(follows) if follows else None,
    }


async def events(pool: asyncpg.Pool, identity: str) -> list[Row]:
    """What became of an alert, oldest first."""
    rows = await pool.fetch(EVENTS, identity)
    return [{name: row[name] for name in ("at", "what", "channel", "detail")} for row in rows]
