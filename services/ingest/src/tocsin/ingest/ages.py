"""How long ago each source was last read, and last had something new: from the rows that replicas share."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.ingest import metrics
from tocsin.ingest.source import Source

EVERY_SECONDS = 10.0

log = logs.get(__name__)


@dataclass
class Ages:
    """Shows the age of every source that is polled.

    The gauges count on by themselves, so that they grow while PostgreSQL is away and while this loop is
    stuck. What never was is aged from the start of the process.
    """

    pool: asyncpg.Pool
    sources: Sequence[Source]
    pulse: Pulse
    _read_at: dict[str, float] = field(default_factory=dict)  # POSIX time by source id
    _new_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        started = time.time()
        for source in self.sources:
            if not source.kind.is_polled:
                continue
            id_ = source.id
            self._read_at[id_] = self._new_at[id_] = started
            metrics.INTERVAL.labels(id_).set(source.every)
            metrics.SOURCE_AGE.labels(id_).set_function(partial(_since, self._read_at, id_))
            metrics.NEWEST_AGE.labels(id_).set_function(partial(_since, self._new_at, id_))

    async def run(self) -> None:
        """Keep the ages true until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("ages not read", error=repr(error))
            self.pulse.beat()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Read what any replica has written."""
        rows = await self.pool.fetch(
            "select id, last_success_at, last_new_at from sources where id = any($1)", list(self._read_at)
        )
        for row in rows:
            for at, known in ((row["last_success_at"], self._read_at), (row["last_new_at"], self._new_at)):
                if at is not None:
                    known[row["id"]] = at.timestamp()


def _since(times: Mapping[str, float], source_id: str) -> float:
    return max(0.0, time.time() - times[source_id])
