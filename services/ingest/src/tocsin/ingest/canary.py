"""The canary's source: notify pushes there every minute, and what it pushed is forgotten after two days."""

import asyncio
from datetime import timedelta

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.contracts import Tier
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.store import Store

CANARY = Source(id="tocsin-canary", name="Tocsin's canary", tier=Tier.PARTY, kind=Kind.PUSH)
KEPT = timedelta(days=2)  # over the day for which the canary uses one document
PAUSE_SECONDS = 3600.0

log = logs.get(__name__)


async def forget(store: Store, pulse: Pulse) -> None:
    """Forget for ever, so that a notice a minute does not fill the tables."""
    while True:
        try:
            await store.forget(CANARY.id, KEPT)
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            log.warning("waiting for the database", error=repr(error))
        pulse.beat()
        await asyncio.sleep(PAUSE_SECONDS)
