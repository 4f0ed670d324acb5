"""Tells what a source published while nobody listened, a slice of time a call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.ingest import dates
from tocsin.ingest.changes import Verdict, distinct, oldest_first
from tocsin.ingest.entry import BadEntry
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.past import Past, first_slice
from tocsin.ingest.poll import Reader, parse
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Source
from tocsin.ingest.store import Store
from tocsin.ingest.teller import Sighting, Teller


@dataclass(frozen=True)
class Filled:
    """What came of a slice: everything before ``until`` is done."""

    until: datetime
    entries: int
    told: int  # or would be
    failed: int


@dataclass(frozen=True)
class Backfiller:
    """Takes the past down the same road as a poll: publish, then remember.

    Documents keep their own dates, and what was told before is told to nobody.
    """

    reader_of: Callable[[Source], Reader]
    snapshots: Snapshots
    evidence: Evidence
    store: Store
    teller: Teller

    def past(self, source: Source) -> Past | None:
        """How the source is asked by date; None when it cannot be."""
        return self.reader_of(source).past if source.kind.is_polled else None

    async def fill(
        self, source: Source, past: Past, since: datetime, until: datetime, *, dry_run: bool
    ) -> Filled:
        """Tell the beginning of a range; a ``dry_run`` only counts what would be told.

        Raises ``PollFailed`` when the source does not answer, and what "away" means (``chassis.faults``).
        The same call is right again.
        """
        part = await first_slice(past, source, since, until)
        verdicts, bad = list[Verdict](), list[BadEntry]()
        for document in part.documents:
            seen_at = datetime.now(UTC)
            parsed = await parse(self.reader_of(source), document)
            dated = [dates.checked(entry, seen_at)[0] for entry in parsed.entries]
            entries = oldest_first(distinct(dated))
            sighting = Sighting(source, entries, document.body, seen_at, is_past=True)
            bad += parsed.bad
            if dry_run:
                verdicts += await self.teller.weigh(sighting)
                continue
            told = await self.teller.tell(sighting)
            await self._remember(sighting, document, parsed.bad, news=any(one.is_news for one in told))
            verdicts += told
        return Filled(part.until, len(verdicts), sum(one.is_news for one in verdicts), len(bad))

    async def _remember(
        self, sighting: Sighting, document: Fetched, bad: tuple[BadEntry, ...], *, news: bool
    ) -> None:
        if not (news or bad):
            return
        sha256 = await self.snapshots.keep(document.body)
        await self.evidence.remember(sighting.source.id, document, sighting.seen_at)
        await self.store.remember_failed(sighting.source.id, bad, sha256, sighting.seen_at)
