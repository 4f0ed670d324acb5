"""What the pages of the console ask: open cases, all that is told of one, what a team holds back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.notify.cases.filing import Case, Step
from tocsin.notify.reserved import MODEL, NAME

MOST_NOTICES = 300  # of a case
MOST_TEAMS = 12  # whose reasons are shown
MOST_TOLD = 60  # alerts of a case; silences, refusals
CLOSED = ("lifted", "denied")

Row = dict[str, Any]


@dataclass(frozen=True)
class Open:
    """A case that is not over, and its newest step."""

    case: Case
    step: Step
    taken_at: datetime


@dataclass(frozen=True)
class Taken:
    """A step of a case, and the notice that made it one; ``case_ref``: of the case that took it then."""

    step: Step
    taken_at: datetime
    case_ref: str
    notice_id: str
    source: str
    tier: str


@dataclass(frozen=True)
class Sent:
    """An alert as it went out: one row a channel; ``channel`` None where its team has none."""

    alert: str
    team: str
    step: int
    raised_at: datetime
    channel: str | None
    state: str | None
    delivered_at: datetime | None


LATER = "exists (select from steps l where l.case_id = s.case_id and l.number > s.number)"
STANDS = """
    c.state <> all($1::text[]) and c.merged_into is null and not c.subjects @> array[$2::text]
    and (not $3 or c.body ->> 'confirmed' = 'false')
"""
OPEN = f"""
    select c.body, s.body as step, s.taken_at from steps s join cases c on c.id = s.case_id
    where {STANDS} and not {LATER} order by s.taken_at desc limit $4
"""  # noqa: S608 # constants of ours
OPEN_TO = f"""
    select c.body, s.body as step, s.taken_at
    from alerts a join cases c on c.id = a.case_id
    join lateral (select * from steps where case_id = a.case_id order by number desc limit 1) s on true
    where a.team_id = $5 and {STANDS} and not exists (
        select from alerts l where l.case_id = a.case_id and l.team_id = a.team_id and l.step > a.step)
    order by a.seq desc limit $4
"""  # noqa: S608 # constants of ours


async def open_cases(pool: asyncpg.Pool, team: str | None, most: int, *, unconfirmed: bool) -> list[Open]:
    """Cases that are not over, newest step first: those that a team was told of, or all."""
    asked = [CLOSED, MODEL, unconfirmed, most]
    rows = await (pool.fetch(OPEN, *asked) if team is None else pool.fetch(OPEN_TO, *asked, team))
    return [
        Open(Case.model_validate(row["body"]), Step.model_validate(row["step"]), row["taken_at"])
        for row in rows
    ]


# What was told of a case, and of those that a person merged into it.
ITS_OWN = "case_id in (select id from cases where id = $1 or merged_into = $1)"
STEPS = f"""
    select s.body, s.taken_at, c.ref as case_ref, s.notice_id, n.body #>> '{{notice,source,name}}' as source,
           n.body #>> '{{notice,source,tier}}' as tier
    from steps s join notices n on n.id = s.notice_id join cases c on c.id = s.case_id
    where s.{ITS_OWN} order by s.taken_at desc, s.number desc
"""  # noqa: S608 # constants of ours
TOLD = """
    select jsonb_set(n.body, '{notice,text}', '""') as body, t.because
    from (
        select distinct on (notice_id) notice_id, because, turn from tellings
        where coalesce(now_in, case_id) in (select id from cases where id = $1 or merged_into = $1)
        order by notice_id, turn
    ) t join notices n on n.id = t.notice_id order by t.turn limit $2
"""
NEWEST = f"""
    select distinct on (team_id) body from alerts
    where {ITS_OWN} and team_id <> $2 and ($3::text is null or team_id = $3)
    order by team_id, seq desc limit $4
"""  # noqa: S608 # constants of ours
SENT = f"""
    select a.id as alert, a.team_id as team, a.step, a.raised_at, d.channel, d.state, d.delivered_at
    from (select * from alerts where {ITS_OWN} and team_id <> $2 and ($3::text is null or team_id = $3)
          order by seq desc limit $4) a
    left join deliveries d on d.alert_id = a.id order by a.seq desc, d.seq
"""  # noqa: S608 # constants of ours


async def case(pool: asyncpg.Pool, name: str) -> Case | None:
    """A case by id or reference, the one that holds it now if it was merged; None when there is none."""
    body = await pool.fetchval(
        """
        select coalesce(whole.body, c.body) from cases c left join cases whole on whole.id = c.merged_into
        where c.id = $1 or c.ref = upper($1) order by c.seq desc limit 1
        """,
        name,
    )
    return Case.model_validate(body) if body is not None else None


async def steps(pool: asyncpg.Pool, case_id: str) -> list[Taken]:
    """The steps of a case, newest first."""
    return [
        Taken(Step.model_validate(row["body"]), row["taken_at"], *row[2:])
        for row in await pool.fetch(STEPS, case_id)
    ]


async def told(pool: asyncpg.Pool, case_id: str) -> list[tuple[NoticeClassified, str]]:
    """The first notices that a case holds today, in order of telling, without texts; why each is in it."""
    rows = await pool.fetch(TOLD, case_id, MOST_NOTICES)
    return [(NoticeClassified.model_validate(row["body"]), row["because"]) for row in rows]


async def notice(pool: asyncpg.Pool, name: str) -> NoticeClassified | None:
    """A notice by id, whole; None when there is none."""
    body = await pool.fetchval("select body from notices where id = $1", name)
    return NoticeClassified.model_validate(body) if body is not None else None


async def newest_alerts(pool: asyncpg.Pool, case_id: str, team: str | None) -> list[AlertRaised]:
    """What each team, or the one, was told last of a case; some teams of many."""
    rows = await pool.fetch(NEWEST, case_id, NAME, team, MOST_TEAMS)
    return [AlertRaised.model_validate(row["body"]) for row in rows]


async def texts(pool: asyncpg.Pool, notices: Sequence[str]) -> dict[str, str]:
    """The texts of notices, by id."""
    rows = await pool.fetch(
        "select id, body #>> '{notice,text}' as text from notices where id = any($1)", notices
    )
    return {row["id"]: row["text"] for row in rows}


async def sent(pool: asyncpg.Pool, case_id: str, team: str | None) -> list[Sent]:
    """Who was told what of a case, when, on which channel; newest first."""
    return [Sent(**row) for row in await pool.fetch(SENT, case_id, NAME, team, MOST_TOLD)]


async def silences(pool: asyncpg.Pool, teams: Sequence[str], now: datetime) -> list[Row]:
    """Silences of these teams that stand, the first to end first, with the reference of the case if one."""
    rows = await pool.fetch(
        """
        select s.*, c.ref as case_ref from silences s left join cases c on c.id = s.case_id
        where s.team = any($1) and s.ended_at is null and s.until > $2 order by s.until limit $3
        """,
        teams,
        now,
        MOST_TOLD,
    )
    return [dict(row) for row in rows]


async def refusals(pool: asyncpg.Pool, teams: Sequence[str]) -> list[Row]:
    """What these teams have refused and not taken back, newest first, with the case's reference."""
    rows = await pool.fetch(
        """
        select n.*, c.ref as case_ref from not_this n left join cases c on n.sort = 'case' and c.id = n.thing
        where n.team = any($1) and n.taken_back_at is null order by n.number desc limit $2
        """,
        teams,
        MOST_TOLD,
    )
    return [dict(row) for row in rows]
