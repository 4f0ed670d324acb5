"""The caretaker: every night, and after a change of the catalogue, tells teams what of theirs is dead."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.health import Pulse
from tocsin.contracts import SummarySort, fingerprint
from tocsin.contracts.channels import ALARMS
from tocsin.contracts.subscriptions import Team
from tocsin.notify import dead, metrics
from tocsin.notify.dead import Finding, Flaw
from tocsin.notify.directory import Directory
from tocsin.notify.standing import Standing
from tocsin.notify.store import proofs, summaries

PAUSE_SECONDS = 30.0

log = logs.get(__name__)


@dataclass(frozen=True)
class Caretaker:
    """Looks for ever. What it finds is in metrics; a team hears of the same once a month."""

    pool: asyncpg.Pool
    directory: Directory
    pulse: Pulse

    async def run(self) -> None:
        """Look until cancelled. A look that fails stops nobody's deliveries, and is made again."""
        seen: object = None
        while True:
            now = datetime.now(UTC)
            try:
                standing = await self.directory.refresh()
                if standing.names and seen != (now.date(), standing.entities):
                    await self.turn(standing, now)
                    seen = (now.date(), standing.entities)
            except Exception as error:  # noqa: BLE001 - whatever it is, deliveries go on
                log.warning("look for dead subscriptions failed", error=repr(error))
            self.pulse.beat()
            await asyncio.sleep(PAUSE_SECONDS)

    async def turn(self, standing: Standing, now: datetime) -> None:
        """One look at everything that is declared."""
        found = await look(self.pool, standing)
        counts = Counter(one.flaw for one in found)
        for flaw in Flaw:
            metrics.DEAD.labels(flaw).set(counts[flaw])
        by_team: dict[str, list[Finding]] = defaultdict(list)
        for one in found:
            by_team[one.team].append(one)
        for team, some in by_team.items():
            await self._tell(standing.teams[team], some, now)

    async def _tell(self, team: Team, found: Sequence[Finding], now: datetime) -> None:
        """On every channel that wakes nobody; the same findings once a month, other ones at once."""
        key = fingerprint(f"{now:%Y-%m}", *(one.says for one in found))
        headline = f"{len(found)} of what {team.name} declared can tell it nothing"
        async with self.pool.acquire() as connection, connection.transaction():
            for channel in team.channels:
                if channel.kind not in ALARMS:
                    lines = [one.says for one in found]
                    await summaries.tell(
                        connection, team.id, channel.name, SummarySort.UPKEEP, key, headline, lines, now
                    )


async def look(pool: asyncpg.Pool, standing: Standing) -> list[Finding]:
    """Everything that is dead now."""
    teams = list(standing.teams.values())
    watches = await asyncio.to_thread(dead.of_watches, teams, standing.names, standing.entities)
    return watches + dead.of_channels(teams, await proofs.proven(pool), await proofs.failing(pool))
