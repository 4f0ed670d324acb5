"""The publisher: puts every alert on the alerts topic, from the rows, for those who subscribe by topic."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.chassis.producer import Producer
from tocsin.contracts import ALERTS
from tocsin.contracts.cloudevents import to_record
from tocsin.notify.store import outbox
from tocsin.notify.store.outbox import Unpublished

IDLE_SECONDS = 5.0

log = logs.get(__name__)


@dataclass(frozen=True)
class Publisher:
    """Publishes for ever. Confirmed, then marked: a crash in between repeats alerts with the same ids."""

    pool: asyncpg.Pool
    producer: Producer
    wake: asyncio.Event
    pulse: Pulse

    async def run(self) -> None:
        """Publish until cancelled; waits while Kafka or PostgreSQL is away."""
        while True:
            self.wake.clear()
            try:
                waiting = await outbox.drain(self.pool, self._publish)
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("alerts topic waits", error=repr(error))
                waiting = 0
            self.pulse.beat()
            if not waiting:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self.wake.wait()

    async def _publish(self, alerts: Sequence[Unpublished]) -> None:
        now = datetime.now(UTC)
        records = [
            to_record(one.alert, source="notify", time=now, traceparent=one.traceparent) for one in alerts
        ]
        await self.producer.publish(ALERTS, records)
