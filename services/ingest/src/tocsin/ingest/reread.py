"""Reads snapshots again, after a parser was mended: what has not changed is told to nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.ingest import dates, plain
from tocsin.ingest.changes import distinct, oldest_first
from tocsin.ingest.entry import BadEntry, Parsed
from tocsin.ingest.evidence import Kept
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.poll import WHOLE, Reader, parse
from tocsin.ingest.quarantine import Quarantine
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Source
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Sighting, Teller


@dataclass(frozen=True)
class Reread:
    """What came of one snapshot. ``note`` says why it was left alone, if it was."""

    sha256: str
    fetched_at: datetime
    entries: int = 0
    told: int = 0
    bad: tuple[BadEntry, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Rereader:
    """Takes snapshots down the same road as a poll: publish, then remember.

    A document of which later bytes were read already is left as it is: its past would else be told as news.
    """

    reader_of: Callable[[Source], Reader]
    snapshots: Snapshots
    quarantine: Quarantine
    store: Store
    teller: Teller

    async def read(self, source: Source, kept: Kept) -> Reread:
        """Read one snapshot of a source again. Raises what "away" means (see ``chassis.faults``)."""
        body = await self.snapshots.read(kept.sha256)
        if body is None:
            return Reread(kept.sha256, kept.fetched_at, note="its bytes are kept no more")
        fetched = Fetched(body, kept.location or source.location, kept.content_type, Validators())
        now = datetime.now(UTC)
        try:
            parsed = await parse(self.reader_of(source), fetched)
        except PollFailed as error:
            parsed = Parsed(bad=(BadEntry(WHOLE, plain.failure(error), WHOLE),))
        if parsed.memory is not None:
            note = f"a {source.kind} compares with the document before, which is gone"
            return Reread(kept.sha256, kept.fetched_at, note=note)
        dated = [dates.checked(entry, kept.fetched_at)[0] for entry in parsed.entries]
        entries = oldest_first(distinct(dated))
        sighting = Sighting(source, entries, body, now, fetched_at=kept.fetched_at, is_past=True)
        verdicts = await self.teller.tell(sighting)
        await self.store.remember_failed(source.id, parsed.bad, kept.sha256, now)
        await self.quarantine.release(source.id, kept.sha256, {bad.native_id for bad in parsed.bad})
        told = sum(verdict.is_news for verdict in verdicts)
        return Reread(kept.sha256, kept.fetched_at, len(verdicts), told, parsed.bad)
