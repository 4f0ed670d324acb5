"""The auditor: an audit of the last day from time to time, so that a gap shows without anybody asking."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.health import Pulse
from tocsin.notify import metrics
from tocsin.notify.audit import Finding, examine
from tocsin.notify.store import records

WINDOW = timedelta(days=1)
PAGE = 50  # notices at a time, so that deliveries need not wait for long
PAUSE_SECONDS = 30.0
SHARE = 20  # of the time, at most one part in so many goes into auditing

log = logs.get(__name__)


@dataclass(frozen=True)
class Auditor:
    """Audits for ever, and shows in metrics how many deliveries ought to be and how many are confirmed."""

    pool: asyncpg.Pool
    pulse: Pulse

    async def run(self) -> None:
        """Audit until cancelled. An audit that fails stops nobody's deliveries: its time stands still."""
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self.turn(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001 - whatever it is, deliveries go on
                log.warning("audit failed", error=repr(error))
            self.pulse.beat()
            took = asyncio.get_running_loop().time() - started
            await self._rest(max(PAUSE_SECONDS, took * SHARE))

    async def turn(self, now: datetime) -> None:
        """One audit of the last day."""
        gaps = expected = confirmed = 0
        async for finding in self._findings(now):
            gaps += len(finding.gaps)
            expected += finding.expected
            confirmed += finding.confirmed
        metrics.EXPECTED.set(expected)
        metrics.CONFIRMED.set(confirmed)
        metrics.AUDITED.set(now.timestamp())
        if gaps:
            log.error("gaps", count=gaps, cure="see: tocsin audit; then: tocsin audit --sweep")

    async def _findings(self, now: datetime) -> AsyncIterator[Finding]:
        after: int | None = 0
        while after is not None:
            page = await records.read(self.pool, now - WINDOW, after, PAGE)
            for record in page.records:
                yield examine(record, now)
            self.pulse.beat()
            after = page.last

    async def _rest(self, seconds: float) -> None:
        while seconds > 0:
            await asyncio.sleep(min(seconds, PAUSE_SECONDS))
            self.pulse.beat()
            seconds -= PAUSE_SECONDS
