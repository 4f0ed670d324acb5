"""What is on record that the pace of deliveries depends on, and what was decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import asyncpg

from tocsin.contracts import Severity, SummarySort, fingerprint
from tocsin.notify.pacing.plan import HOUR, Earlier, Folded, Known, Now, Plan, Waiting
from tocsin.notify.pacing.silence import Silence
from tocsin.notify.store import silences, summaries

# By team and channel; a summary that was claimed is on its way, and nothing waits in it any more.
EARLIER = """
    select d.team_id, d.channel, a.body ->> 'severity' as severity, s.sort, s.key, s.due_at
    from deliveries d join alerts a on a.id = d.alert_id
    left join summaries s on s.id = d.folded_into and s.closed_at is null and d.state = 'folded'
    where d.case_id in (select $1 union all select other_id from case_kin where case_id = $1)
      and d.team_id = any($2) order by d.seq
"""
GONE = """
    select team_id, channel, count(*) as gone from deliveries
    where team_id = any($1) and released_at > $2 group by 1, 2
"""
STORMS = """
    select team_id, channel, sort, key, due_at from summaries
    where team_id = any($1) and sort = 'storm' and closed_at is null order by due_at
"""
SILENCED = "select distinct team from silences where team = any($1) and ended_at is null and until > $2"
DELIVER = """
    insert into deliveries
      (id, alert_id, team_id, channel, case_id, state, because, folded_into, released_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def known(
    connection: asyncpg.Connection, case: str, teams: Iterable[str], now: datetime
) -> Mapping[str, Known]:
    """By team: what decisions about the next step of a case depend on."""
    names = list(teams)
    earlier: dict[str, dict[str, list[Earlier]]] = defaultdict(lambda: defaultdict(list))
    for row in await connection.fetch(EARLIER, case, names):
        step = Earlier(Severity(row["severity"]), _waiting(row) if row["key"] is not None else None)
        earlier[row["team_id"]][row["channel"]].append(step)
    gone: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(GONE, names, now - HOUR):
        gone[row["team_id"]][row["channel"]] = row["gone"]
    storms: dict[str, dict[str, Waiting]] = defaultdict(dict)
    for row in await connection.fetch(STORMS, names):
        storms[row["team_id"]][row["channel"]] = _waiting(row)
    hidden = await _silences(connection, names, now)
    return {team: Known(hidden.get(team, ()), earlier[team], gone[team], storms[team]) for team in names}


async def deliver(
    connection: asyncpg.Connection,
    of: tuple[str, str, str],
    plans: Mapping[str, Plan],
    now: datetime,
) -> list[Plan]:
    """Record what becomes of an alert (its id, case and team) on each channel; gives what came of the plans.

    What was to go in a summary that has left meanwhile goes now: nothing is folded into what is told already.
    """
    done = []
    for channel, plan in plans.items():
        kept, folded = plan, None
        if isinstance(plan, Folded):
            folded = await summaries.fold(connection, of[2], channel, plan, now)
            kept = plan if folded else Now(f"the {plan.sort} for it had just left", what="late")
        await connection.execute(DELIVER, *_row(of, channel, kept, folded, now))
        done.append(kept)
    return done


async def _silences(
    connection: asyncpg.Connection, teams: list[str], now: datetime
) -> dict[str, list[Silence]]:
    rows = await connection.fetch(SILENCED, teams, now)
    return {row["team"]: await silences.standing(connection, row["team"], now) for row in rows}


def _row(
    of: tuple[str, str, str], channel: str, plan: Plan, folded: str | None, now: datetime
) -> tuple[object, ...]:
    alert, case, team = of
    counts = isinstance(plan, Now) and plan.counts
    return (
        fingerprint("msg", alert, channel),
        alert,
        team,
        channel,
        case,
        "folded" if folded else "pending",
        plan.because,
        folded,
        now if counts else None,
    )


def _waiting(row: asyncpg.Record) -> Waiting:
    return Waiting(SummarySort(row["sort"]), row["key"], row["due_at"])
