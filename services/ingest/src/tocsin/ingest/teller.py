"""Publish, then remember: the one road from entries to notices, for polls and pushes alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tocsin.chassis import logs, tracing
from tocsin.chassis.producer import Producer
from tocsin.contracts import NOTICES_PUBLISHED, NoticePublished, document_id
from tocsin.contracts.cloudevents import Record, to_record
from tocsin.ingest import metrics
from tocsin.ingest.changes import Verdict, digest, judge_all, rounds
from tocsin.ingest.entry import Entry
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Source
from tocsin.ingest.store import Leased, Store

log = logs.get(__name__)

ROUND = 100  # documents held at a time
MOST_AN_HOUR = 12  # revisions of one document that is polled; a client that pushes is taken at its word


@dataclass(frozen=True)
class Sighting:
    """Entries that were seen: where, when, and in which bytes."""

    source: Source
    entries: Sequence[Entry]
    body: bytes
    seen_at: datetime
    traceparent: str | None = None  # of whoever sent them
    leased: Leased | None = None  # of the source they were polled from
    fetched_at: datetime | None = None  # when the bytes came, if they were read before
    is_past: bool = False  # it was looked up by date: how old it is says nothing of how fast we hear


class Teller:
    """Turns sightings into notices.

    A notice is confirmed by Kafka before its rows are written: a crash in between tells it once more under
    the same id, and nothing is lost. Raises what "away" means (see ``chassis.faults``); telling the same
    sighting again is then right, and harmless. ``Outdated`` means that another replica polls the source.
    """

    def __init__(self, store: Store, snapshots: Snapshots, producer: Producer) -> None:
        self._store = store
        self._snapshots = snapshots
        self._producer = producer

    async def tell(self, sighting: Sighting) -> list[Verdict]:
        """What each entry was, in order. Entries with the same id are revisions in that order."""
        told: list[Verdict] = []
        for entries in rounds(sighting.entries, ROUND):
            told += await self._tell(sighting, entries)
        return told

    async def weigh(self, sighting: Sighting) -> list[Verdict]:
        """What each entry would be, in order; nobody is told, and nothing is remembered."""
        source, weighed = sighting.source, list[Verdict]()
        for entries in rounds(sighting.entries, ROUND):
            async with self._store.hold(_digests(source, entries), by=source.id) as documents:
                weighed += judge_all(source.namespace, entries, documents.known)
        return weighed

    async def _tell(self, sighting: Sighting, entries: Sequence[Entry]) -> list[Verdict]:
        source, asked = sighting.source, _digests(sighting.source, entries)
        most = MOST_AN_HOUR if sighting.leased else None
        async with self._store.hold(asked, by=source.id, leased=sighting.leased) as documents:
            verdicts = judge_all(source.namespace, entries, documents.known, most)
            if sighting.fetched_at is not None:
                sha256 = await self._snapshots.keep(sighting.body)
                overtaken = await documents.overtaken(sha256, sighting.fetched_at)
                verdicts = [replace(v, is_news=False) if v.document_id in overtaken else v for v in verdicts]
            news = [verdict for verdict in verdicts if verdict.is_news]
            if news:
                sha256 = await self._snapshots.keep(sighting.body)
                await self._publish(sighting, news, sha256)
                await documents.remember(source.id, news, sha256, sighting.seen_at)
        _count_held(source, verdicts)
        return verdicts

    async def _publish(self, sighting: Sighting, news: Sequence[Verdict], sha256: str) -> None:
        records = [_record(sighting, verdict, sha256) for verdict in news]
        await self._producer.publish(NOTICES_PUBLISHED, records)
        took = (datetime.now(UTC) - sighting.seen_at).total_seconds()
        for verdict in news:
            metrics.PUBLISHING.observe(took)
            dated = verdict.entry.updated_at or verdict.entry.published_at
            if dated is not None and not sighting.is_past:
                metrics.FINDING.observe(max(0.0, (sighting.seen_at - dated).total_seconds()))
        metrics.NOTICES.labels(sighting.source.tier, sighting.source.kind).inc(len(news))


def _digests(source: Source, entries: Sequence[Entry]) -> dict[str, str]:
    return {document_id(source.namespace, entry.native_id): digest(entry) for entry in entries}


def _count_held(source: Source, verdicts: Sequence[Verdict]) -> None:
    held = [verdict.document_id for verdict in verdicts if verdict.held]
    if held:
        metrics.HELD.labels(source.kind).inc(len(held))
        log.warning("changes too often: held for now", source=source.id, count=len(held), first=held[0])


def _record(sighting: Sighting, verdict: Verdict, sha256: str) -> Record:
    notice = notice_of(sighting.source, verdict, sha256, sighting.seen_at)
    with tracing.span("ingest", sighting.traceparent) as traceparent:
        return to_record(notice, source="ingest", time=sighting.seen_at, traceparent=traceparent)


def notice_of(source: Source, verdict: Verdict, sha256: str, seen_at: datetime) -> NoticePublished:
    """The notice that tells this verdict."""
    entry = verdict.entry
    return NoticePublished(
        id=verdict.notice_id,
        document_id=verdict.document_id,
        revision=verdict.revision,
        source=source.ref(),
        title=entry.title,
        text=entry.text,
        url=entry.url,
        links=entry.links,
        language=entry.language,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        first_seen_at=seen_at,
        content_sha256=sha256,
    )
