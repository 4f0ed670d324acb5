"""The backlog on show: measures for ever what waits in the rows, apart from the loops that may be stuck."""

import asyncio
from dataclasses import dataclass

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.notify import metrics
from tocsin.notify.store import backlog

EVERY_SECONDS = 5.0

log = logs.get(__name__)


@dataclass(frozen=True)
class Gauges:
    """Sets the gauges of what waits. Every replica shows the same rows."""

    pool: asyncpg.Pool
    pulse: Pulse

    async def run(self) -> None:
        """Measure until cancelled; while PostgreSQL is away the last figures stand."""
        while True:
            try:
                self._show(await backlog.read(self.pool))
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("backlog not measured", error=repr(error))
            self.pulse.beat()
            await asyncio.sleep(EVERY_SECONDS)

    def _show(self, now: backlog.Backlog) -> None:
        metrics.UNPUBLISHED.set(now.unpublished.count)
        metrics.UNPUBLISHED_OLDEST.set(now.unpublished.seconds)
        metrics.PENDING.set(now.pending.count)
        metrics.PENDING_OLDEST.set(now.pending.seconds)
        metrics.OVERDUE.set(now.overdue)
        metrics.SUMMARIES.set(now.summaries)
        metrics.CIRCUITS_OPEN.set(now.circuits_open)
        metrics.UNACKNOWLEDGED.set(now.unacknowledged)
