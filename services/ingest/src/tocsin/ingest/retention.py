"""Deletes snapshots that are older than we keep them, and measures what there is."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.ingest import metrics
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.snapshots import Snapshots

PAUSE_SECONDS = 3_600.0

log = logs.get(__name__)


@dataclass(frozen=True)
class Retention:
    """Once an hour. What a revision younger than ``kept`` names stays, and what waits in quarantine."""

    snapshots: Snapshots
    evidence: Evidence
    kept: timedelta
    pulse: Pulse

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("snapshots not swept", error=repr(error))
            self.pulse.beat()
            await asyncio.sleep(PAUSE_SECONDS)

    async def sweep(self) -> None:
        """Delete what is due."""
        held = await self.snapshots.sweep(self.kept, await self.evidence.named(self.kept))
        metrics.SNAPSHOTS.set(held.snapshots)
        metrics.SNAPSHOT_BYTES.set(held.bytes)
