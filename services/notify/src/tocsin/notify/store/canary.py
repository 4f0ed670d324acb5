"""The canary's rows: when it last came back, and an end to those of the days before."""

from datetime import datetime

import asyncpg

from tocsin.notify.reserved import MODEL, NAME

# Cases go with all that hangs on them, deepest first; a case that still moves is kept whole.
FORGET = """
    with gone as (
        select id from cases where subjects @> array[$1::text] and changed_at < $2
    ), attempt as (
        delete from attempts using deliveries d, alerts a, gone
        where delivery_id = d.id and d.alert_id = a.id and a.case_id = gone.id
    ), delivery as (
        delete from deliveries d using alerts a, gone where d.alert_id = a.id and a.case_id = gone.id
    ), alert as (
        delete from alerts using gone where case_id = gone.id
    ), step as (
        delete from steps using gone where case_id = gone.id
    ), telling as (
        delete from tellings using gone where case_id = gone.id returning notice_id
    ), deleted as (
        delete from cases using gone where cases.id = gone.id
    )
    delete from notices where id in (select notice_id from telling) and not exists (
        select from tellings where notice_id = notices.id and case_id not in (select id from gone))
"""


async def last_back(pool: asyncpg.Pool) -> datetime | None:
    """When the canary last came back, to whichever replica; None when it never did."""
    at: datetime | None = await pool.fetchval(
        "select max(delivered_at) from alerts a join deliveries on alert_id = a.id where a.team_id = $1",
        NAME,
    )
    return at


async def forget(pool: asyncpg.Pool, before: datetime) -> None:
    """Delete the canary's cases that have not moved since then, with all that they led to."""
    await pool.execute(FORGET, MODEL, before)
