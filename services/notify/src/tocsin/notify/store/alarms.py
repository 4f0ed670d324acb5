"""Alarms that receivers hold open for a measure, and that no delivery of its end reaches by itself."""

from collections.abc import Sequence

import asyncpg

from tocsin.contracts import AlertRaised
from tocsin.notify.channels import Purpose
from tocsin.notify.store import escalations

# The last that may have opened one, by case and channel: of a case that was merged into this one, which the
# receiver knows by that other case; and of this one where the alert that ends it does not go.
HELD = """
    select distinct on (d.case_id, d.channel) d.channel, a.body
    from deliveries d join alerts a on a.id = d.alert_id
    where d.team_id = $2 and d.channel = any($3) and d.purpose <> 'acknowledge' and a.id <> $4
      and (d.state in ('pending', 'delivered') or d.attempts > 0)
      and (d.case_id in (select id from cases where merged_into = $1)
           or d.case_id = $1 and not exists (
               select from deliveries e where e.alert_id = $4 and e.channel = d.channel))
    order by d.case_id, d.channel, a.step desc, d.seq desc
"""


async def resolve(connection: asyncpg.Connection, end: AlertRaised, pagers: Sequence[str]) -> int:
    """Have those of ``pagers`` (channels that hold alarms) end what they still hold open of a measure.

    ``end`` is the alert that it is over, with its deliveries on record. Gives how many alarms that ends; each
    by a delivery of its own, once, after those that opened it.
    """
    ended = 0
    for row in await connection.fetch(HELD, end.case_id, end.team, list(pagers), end.id):
        held = AlertRaised.model_validate(row["body"])
        if not held.over:
            of = (held.id, held.team)
            ended += await escalations.send(connection, of, [row["channel"]], Purpose.RESOLVE)
    return ended
