"""Shows how each source is: its state, and how long ago it was read and had something new."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.ingest import metrics
from tocsin.ingest.quarantine import Quarantine
from tocsin.ingest.source import Source
from tocsin.ingest.states import State

EVERY_SECONDS = 10.0

log = logs.get(__name__)


@dataclass
class Ages:
    """Shows every source that is polled, from the rows that replicas share.

    The ages count on by themselves, so that they grow while PostgreSQL is away and while this loop is
    stuck. What never was is aged from the start of the process, or from when the source was added.
    """

    pool: asyncpg.Pool
    sources: Iterable[Source]
    pulse: Pulse
    _read_at: dict[str, float] = field(default_factory=dict)  # POSIX time by source id
    _new_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.adopt(self.sources)

    def adopt(self, sources: Iterable[Source]) -> None:
        """Show these sources from now on, and no others."""
        polled = {source.id: source for source in sources if source.kind.is_polled}
        for id_ in self._read_at.keys() - polled.keys():
            self._forget(id_)
        for id_, source in polled.items():
            metrics.INTERVAL.labels(id_).set(source.every)
            if id_ not in self._read_at:
                self._begin(id_)

    def _begin(self, id_: str) -> None:
        self._read_at[id_] = self._new_at[id_] = time.time()
        metrics.SOURCE_AGE.labels(id_).set_function(partial(_since, self._read_at, id_))
        metrics.NEWEST_AGE.labels(id_).set_function(partial(_since, self._new_at, id_))
        metrics.QUARANTINED.labels(id_)
        _show(id_, State.OK)

    def _forget(self, id_: str) -> None:
        del self._read_at[id_], self._new_at[id_]
        for gauge in (metrics.INTERVAL, metrics.SOURCE_AGE, metrics.NEWEST_AGE, metrics.QUARANTINED):
            gauge.remove(id_)
        for state in State:
            metrics.SOURCE_STATE.remove(id_, state)

    async def run(self) -> None:
        """Keep what is shown true until cancelled."""
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
            """
            select id, last_success_at, last_new_at, health ->> 'state' as state
            from sources where id = any($1)
            """,
            list(self._read_at),
        )
        waiting = await Quarantine(self.pool).waiting()
        for row in rows:
            id_ = row["id"]
            if id_ not in self._read_at:  # taken out while we asked
                continue
            for at, known in ((row["last_success_at"], self._read_at), (row["last_new_at"], self._new_at)):
                if at is not None:
                    known[id_] = at.timestamp()
            metrics.QUARANTINED.labels(id_).set(waiting.get(id_, 0))
            if row["state"] is not None:
                _show(id_, State(row["state"]))


def _show(source_id: str, current: State) -> None:
    for state in State:
        metrics.SOURCE_STATE.labels(source_id, state).set(state is current)


def _since(times: Mapping[str, float], source_id: str) -> float:
    return max(0.0, time.time() - times[source_id])
