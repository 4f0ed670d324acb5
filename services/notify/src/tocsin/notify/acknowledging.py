"""Acknowledging: the one way in, whether by a link, over HTTP or from the console."""

import asyncpg

from tocsin.chassis import logs
from tocsin.contracts import AlertRaised
from tocsin.notify import metrics
from tocsin.notify.acknowledgement import How
from tocsin.notify.directory import Directory
from tocsin.notify.line import line
from tocsin.notify.store import acknowledgements
from tocsin.notify.store.acknowledgements import Acknowledged

LONGEST_NAME = 100

log = logs.get(__name__)


async def acknowledge(
    pool: asyncpg.Pool, directory: Directory, alert: AlertRaised, author: str, how: How
) -> Acknowledged:
    """Somebody takes an alert on. Whoever did so first stays on record, and is in the answer."""
    standing = await directory.refresh()
    team = standing.teams.get(alert.team)
    pagers = [channel.name for channel in team.told if channel.kind == "pagerduty"] if team else []
    made = await acknowledgements.acknowledge(pool, alert, line(author, LONGEST_NAME), how, pagers)
    if made.new:
        metrics.ACKNOWLEDGED.labels(how).inc()
        metrics.ESCALATIONS.labels("acknowledged").inc(made.ended)
        log.info("acknowledged", alert=alert.id, team=alert.team, how=how.value)
    return made
