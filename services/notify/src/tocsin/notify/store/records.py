"""What is on record about notices that report an act, gathered for the audit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tocsin.contracts import EntityId, NoticeClassified
from tocsin.notify.audit import Alert, Delivery, Filed, Record
from tocsin.notify.cases.filing import Case, Step
from tocsin.notify.store import standings

# What a notice was decided on: each case as it was after the last telling before its own. One that is in no
# case was decided after those that were recorded before it: a lock keeps the two orders alike. This is asked
# where it matters: of notices in no case, or in one that counts a step which is not there.
NOTICES = """
    with page as (
        select n.*, (select min(turn) from tellings where notice_id = n.id) as turn
        from notices n
        where n.standing is not null and n.recorded_at >= $1 and n.seq > $2
        order by n.seq limit $3
    ), doubtful as (
        select page.seq, page.turn, array[body #>> '{notice,document_id}'] as documents, array(
            select e ->> 'id' from jsonb_array_elements(body #> '{classification,entities}') e
            where e ->> 'role' = 'subject') as subjects, page.addresses
        from page where turn is null or exists (
            select from tellings t
            where t.notice_id = page.id and (t.stood ->> 'steps')::int > 0 and not exists (
                select from steps s where s.case_id = t.case_id and s.number = (t.stood ->> 'steps')::int))
    ), earlier as (
        select d.seq, found.*
        from doubtful d cross join lateral (
            select last.stood, (last.stood ->> 'changed_at')::timestamptz as changed_at, c.seq as place
            from cases c cross join lateral (
                select stood from (
                    (select t.turn, t.stood from tellings t join notices p on p.id = t.notice_id
                     where t.case_id = c.id and t.stood is not null
                       and t.turn < coalesce(d.turn, 9223372036854775807)
                       and (d.turn is not null or p.seq < d.seq)
                     order by t.turn desc limit 1)
                    union all
                    select h.turn, case h.case_id when c.id then h.stood else h.other_stood end
                    from case_changes h
                    where c.id in (h.case_id, h.other_id) and h.turn < coalesce(d.turn, 9223372036854775807)
                      and (d.turn is not null or h.after_notice < d.seq)
                ) stands
                order by turn desc limit 1
            ) last
            where last.stood is not null and (
              c.documents @> d.documents or c.subjects && d.subjects or c.addresses && d.addresses
              or c.merged_into is not null and (
                last.stood -> 'documents' ?| d.documents
                or jsonb_path_query_array(last.stood, '$.subjects[*].id') ?| d.subjects))
            order by 2 desc, 3 desc limit 100
        ) found
    )
    select page.seq, page.body, page.standing, page.recorded_at, array(
        select stood from earlier where earlier.seq = page.seq order by changed_at desc, place desc
    ) as before
    from page order by page.seq
"""
FILED = """
    select t.notice_id, t.case_id, t.stood, s.number, s.body as step
    from tellings t left join steps s on s.notice_id = t.notice_id and s.case_id = t.case_id
    where t.notice_id = any($1) order by t.turn
"""
ALERTS = """
    select s.notice_id, s.case_id, a.id, a.team_id, a.concerns, a.raised_at, a.published_at,
           a.step < s.number as earlier
    from steps s join alerts a on a.case_id = s.case_id and a.step <= s.number
    where s.notice_id = any($1)
    union all
    select s.notice_id, s.case_id, a.id, a.team_id, a.concerns, a.raised_at, a.published_at, true
    from steps s
    join tellings t on t.case_id = s.case_id and t.notice_id = s.notice_id
    join case_kin k on k.case_id = s.case_id and k.turn < t.turn
    join steps e on e.case_id = k.other_id
    join tellings u on u.case_id = e.case_id and u.notice_id = e.notice_id and u.turn < t.turn
    join alerts a on a.case_id = e.case_id and a.step = e.number
    where s.notice_id = any($1)
"""
DELIVERIES = """
    select d.alert_id, d.id, d.channel, d.state = 'folded' as folded, s.asked_at as goes_at,
           case when d.state <> 'folded' then d.state else coalesce(s.state, 'missing') end as state,
           case when d.state <> 'folded' then d.last_error else s.last_error end as last_error,
           exists (select from attempts t
                   where t.delivery_id = coalesce(s.id, d.id) and t.outcome = 'delivered') as attested
    from deliveries d left join deliveries s on d.state = 'folded' and s.summary_id = d.folded_into
    where d.alert_id = any($1) and d.purpose = 'alert' order by d.seq
"""


@dataclass(frozen=True)
class Page:
    """Some records, oldest first; ``last`` is where the next page starts, None after the last one."""

    records: Sequence[Record]
    last: int | None


async def read(connection: asyncpg.Connection | asyncpg.Pool, since: datetime, after: int, most: int) -> Page:
    """Records of notices since then, from one position on. Canary and everyday notices are not among them."""
    notices = await connection.fetch(NOTICES, since, after, most)
    ids = [row["body"]["id"] for row in notices]
    stood = await standings.read(connection, {row["standing"] for row in notices})
    filed = await _filed(connection, ids)
    records = [
        Record(
            fact=NoticeClassified.model_validate(row["body"]),
            recorded_at=row["recorded_at"],
            standing=stood[row["standing"]],
            before=[Case.model_validate(case) for case in row["before"]],
            filed=filed[row["body"]["id"]],
        )
        for row in notices
    ]
    return Page(records, notices[-1]["seq"] if len(notices) == most else None)


async def _filed(connection: asyncpg.Connection | asyncpg.Pool, ids: Sequence[str]) -> dict[str, list[Filed]]:
    """By notice: where it is filed."""
    alerts = await connection.fetch(ALERTS, ids)
    deliveries = await _deliveries(connection, [row["id"] for row in alerts if not row["earlier"]])
    told: dict[Any, dict[str, frozenset[EntityId]]] = defaultdict(dict)
    raised: dict[Any, dict[str, Alert]] = defaultdict(dict)
    for row in alerts:
        place, team = (row["notice_id"], row["case_id"]), row["team_id"]
        if row["earlier"]:
            told[place][team] = told[place].get(team, frozenset()) | frozenset(row["concerns"])
        else:
            raised[place][team] = Alert(
                id=row["id"],
                raised_at=row["raised_at"],
                published=row["published_at"] is not None,
                deliveries=deliveries[row["id"]],
            )
    filed: dict[str, list[Filed]] = defaultdict(list)
    for row in await connection.fetch(FILED, ids):
        place = (row["notice_id"], row["case_id"])
        step = Step.model_validate(row["step"]) if row["step"] else None
        filed[row["notice_id"]].append(
            Filed(Case.model_validate(row["stood"]), step, told[place], raised[place])
        )
    return filed


async def _deliveries(
    connection: asyncpg.Connection | asyncpg.Pool, alerts: Sequence[str]
) -> dict[str, list[Delivery]]:
    """By alert: its deliveries."""
    found: dict[str, list[Delivery]] = defaultdict(list)
    for row in await connection.fetch(DELIVERIES, alerts):
        facts = {name: value for name, value in row.items() if name != "alert_id"}
        found[row["alert_id"]].append(Delivery(**facts))
    return found
