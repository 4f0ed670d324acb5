"""Takes sources.yaml over while the service runs: it is looked at, and a change that holds is adopted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.ingest import metrics
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.source import Source

EVERY_SECONDS = 5.0

log = logs.get(__name__)

Adopt = Callable[[Sequence[Source]], None]


@dataclass
class Live:
    """The sources in use. A file that does not hold changes nothing, and a log line and a metric say so.

    ``own`` is there whatever the file says. ``declare`` writes new and changed ones down; then each of
    ``listeners`` hears of all of them.
    """

    path: Path
    own: Source
    declare: Callable[[Sequence[Source]], Awaitable[None]]
    listeners: Sequence[Adopt]
    pulse: Pulse
    sources: Sequence[Source]
    _last: bytes = b""  # the file as it was looked at last
    _used: bytes = b""  # as it was judged last, good or bad

    def __post_init__(self) -> None:
        metrics.SOURCES_FILE_VALID.set(1)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.pulse.beat()
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except Exception as error:
                if fault_of(error) is not Fault.UNAVAILABLE:
                    raise
                log.warning("sources not adopted yet", error=repr(error))

    async def look(self) -> None:
        """Adopt the file if it has changed, and has stood still since the last look: nobody writes it now."""
        now, self._last = self._last, await asyncio.to_thread(self._bytes)
        if now != self._last or now == self._used:
            return
        try:
            wanted = (*load_sources(self.path, reserved=self.own.id), self.own)
        except SourcesInvalid as error:
            log.warning("sources.yaml does not hold: the sources stay as they were", error=str(error))
            metrics.SOURCES_FILE_VALID.set(0)
            self._used = now
            return
        await self._adopt(wanted)
        self._used = now

    async def _adopt(self, wanted: Sequence[Source]) -> None:
        before = set(self.sources)
        new = [source for source in wanted if source not in before]
        await self.declare(new)
        gone = {source.id for source in self.sources} - {source.id for source in wanted}
        self.sources = wanted
        for adopt in self.listeners:
            adopt(wanted)
        metrics.SOURCES_FILE_VALID.set(1)
        if new or gone:
            log.info("sources adopted", new=[source.id for source in new], gone=sorted(gone))

    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError:
            return b""  # judged like any other file that does not hold
