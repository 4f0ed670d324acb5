"""On call: reminds a team of what nobody has acknowledged, then falls back to the channel it named."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.contracts.subscriptions import Team
from tocsin.notify import metrics
from tocsin.notify.channels import Purpose
from tocsin.notify.directory import Directory
from tocsin.notify.pacing.escalation import Act
from tocsin.notify.store import escalations
from tocsin.notify.store.escalations import Due

EVERY_SECONDS = 5.0
MOST = 100  # in one transaction

log = logs.get(__name__)


@dataclass(frozen=True)
class OnCall:
    """Escalates for ever. What is due is in rows, so a restart forgets nothing and two replicas share it."""

    pool: asyncpg.Pool
    directory: Directory
    pulse: Pulse

    async def run(self) -> None:
        """Escalate until cancelled; while PostgreSQL is away what is due waits for it."""
        while True:
            try:
                while await self.turn(datetime.now(UTC)) == MOST:
                    self.pulse.beat()
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("escalations away", error=repr(error))
            self.pulse.beat()
            await asyncio.sleep(EVERY_SECONDS)

    async def turn(self, now: datetime) -> int:
        """Do what is due; gives how many alerts that was about."""
        standing = await self.directory.refresh()
        acts: list[str] = []
        async with escalations.due(self.pool, now, MOST) as (connection, found):
            for one in found:
                acts += await _escalate(connection, one, standing.teams.get(one.team), now)
        for act in acts:
            metrics.ESCALATIONS.labels(act).inc()
        return len(found)


async def _escalate(connection: asyncpg.Connection, one: Due, team: Team | None, now: datetime) -> list[str]:
    """Do what is due of one alert, as rows; gives what was done, as it is counted."""
    if team is None or team.on_call is None:
        because = "the team is retired" if team is None else "the team has taken on_call out"
        await escalations.drop(connection, one.alert, because)
        log.info("on call no more", alert=one.alert, team=one.team, because=because)
        return ["dropped"]
    acts, declared = one.escalation.due(now), {channel.name for channel in team.told}
    told = [name for name in await escalations.told(connection, one.alert) if name in declared]
    fallback = [team.on_call.fallback] if team.on_call.fallback else []
    for act in acts:
        channels = fallback if act is Act.FALLBACK else told
        await escalations.send(connection, (one.alert, one.team), channels, Purpose(act.value))
        log.warning("escalated", what=act.value, alert=one.alert, team=one.team, channels=channels)
    await escalations.keep(connection, one.alert, one.escalation.done(acts, now))
    if Act.FALLBACK in acts and not fallback:
        await escalations.drop(connection, one.alert, "the team has taken the fallback out")
    return [act.value for act in acts]
