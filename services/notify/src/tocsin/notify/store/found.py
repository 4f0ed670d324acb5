"""Searching what is on record: cases by what they hit, notices by words, the last as a beginning."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from tocsin.contracts import EntityId
from tocsin.notify.cases.filing import Case
from tocsin.notify.reserved import MODEL

MOST_HITS = 2_000  # among which the newest are taken: a common word costs no more than a rare one
QUERY = """
    select case when words = '' then null else (words || ':*')::tsquery end as asked
    from (select plainto_tsquery('simple', $1)::text as words) w
"""


class Hit(NamedTuple):
    """A notice with these words in its title, and a case that it is in, if it is in one."""

    id: str
    title: str
    source: str
    tier: str
    url: str | None
    recorded_at: datetime
    case_ref: str | None


async def cases(pool: asyncpg.Pool, ref: str, entities: Sequence[EntityId], most: int) -> list[Case]:
    """Cases of this reference, or that hit any of these; newest first."""
    rows = await pool.fetch(
        """
        with hits as (
            select seq from cases where ref = upper($1) or subjects && $2::text[] and not $4 = any(subjects)
            order by seq desc limit $3
        )
        select body from hits join cases using (seq) where merged_into is null order by seq desc
        """,
        ref,
        entities,
        most,
        MODEL,
    )
    return [Case.model_validate(row["body"]) for row in rows]


async def notices(pool: asyncpg.Pool, words: str, most: int) -> list[Hit]:
    """Notices with these words in their titles, newest first."""
    rows = await pool.fetch(
        f"""
        with q as ({QUERY}), hits as (
            select n.seq from notices n, q
            where to_tsvector('simple', n.body #>> '{{notice,title}}') @@ q.asked limit $3
        ), newest as (select seq from hits order by seq desc limit $2)
        select n.id, n.body #>> '{{notice,title}}' as title, n.body #>> '{{notice,source,name}}' as source,
               n.body #>> '{{notice,source,tier}}' as tier, n.body #>> '{{notice,url}}' as url, n.recorded_at,
               (select c.ref from tellings t join cases c on c.id = coalesce(t.now_in, t.case_id)
                where t.notice_id = n.id
                order by t.turn desc limit 1) as case_ref
        from newest join notices n using (seq) order by seq desc
        """,  # noqa: S608 # constants of ours
        words,
        most,
        MOST_HITS,
    )
    return [Hit(**row) for row in rows]
