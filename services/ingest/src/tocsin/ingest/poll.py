"""Polls every source at its own pace, for ever: take a lease, fetch, parse, tell, settle."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Health
from tocsin.ingest import cadence, dates, hints, hosts, metrics, parser, plain
from tocsin.ingest.changes import Verdict, distinct, oldest_first
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.figures import Figures, measure
from tocsin.ingest.manners import Manners
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.past import Past
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Source
from tocsin.ingest.states import Observation
from tocsin.ingest.store import LEASE_SECONDS, Leased, Outdated, Store
from tocsin.ingest.teller import Sighting, Teller
from tocsin.ingest.watch import Watch

PARSE_SECONDS = 30.0
WHOLE = "the whole document"  # what a document that cannot be read is called in quarantine
FETCH_SECONDS = 300.0  # for all documents of one poll; each has its own cap
TURN_SECONDS = LEASE_SECONDS / 5  # the loop turns at least so often, and renews what it holds
STUCK_SECONDS = 60.0
AWAY_SECONDS = 2.0  # pause when our own Kafka or PostgreSQL does not answer

log = logs.get(__name__)


@dataclass(frozen=True)
class Reader:
    """How a source is read: a fetch that may say "nothing new" (None), and a slow parse of each document."""

    fetch: Callable[[Source, Validators], Awaitable[Fetched | None]]
    parse: Callable[[Fetched], Parsed]
    past: Past | None = None  # how it is asked by date, if it can be


@dataclass(frozen=True)
class Heard:
    """What a poll that went well came to."""

    outcome: Outcome
    manners: Manners
    memory: bytes | None
    news: bool = False
    figures: Figures | None = None  # of the document, where one was read


class Poller:
    """Polls the declared sources; ``run`` it beside the rest."""

    def __init__(  # noqa: PLR0913 - its edges, each by name
        self,
        *,
        sources: Sequence[Source],
        reader_of: Callable[[Source], Reader],
        store: Store,
        snapshots: Snapshots,
        teller: Teller,
        evidence: Evidence,
        watch: Watch,
        concurrency: int,
        health: Health,
    ) -> None:
        self._reader_of = reader_of
        self._store = store
        self._snapshots = snapshots
        self._teller = teller
        self._evidence = evidence
        self._watch = watch
        self._concurrency = concurrency
        self._pulse = health.pulse("poll", limit=STUCK_SECONDS)
        self._in_hand: dict[str, Leased] = {}
        self._freed = asyncio.Event()
        self._hosts = hosts.Hosts()
        self.adopt(sources)

    def adopt(self, sources: Sequence[Source]) -> None:
        """Poll these from now on, and no others; a poll that is under way ends as it began."""
        self._sources = {source.id: source for source in sources if source.kind.is_polled}
        self._host = {id_: hosts.host(source.location) for id_, source in self._sources.items()}
        self._freed.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        async with asyncio.TaskGroup() as polls:
            while True:
                self._pulse.beat()
                pause = await self._turn(polls)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._freed.wait()

    async def _turn(self, polls: asyncio.TaskGroup) -> float:
        """Start what is due; gives the seconds until something may be due again."""
        self._freed.clear()
        try:
            await self._store.renew(list(self._in_hand.values()))
            open_ = [turn for turn in self._turns() if turn.room]
            for leased in await self._store.lease(open_, self._concurrency - len(self._in_hand)):
                source = self._sources.get(leased.source_id)
                if source is not None:  # else it was taken off the list meanwhile
                    host = self._begin(leased, source)
                    polls.create_task(self._poll(leased, source, host), name=f"poll {source.id}")
            full = len(self._in_hand) >= self._concurrency
            due = None if full else await self._store.seconds_until_due(self._turns())
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            log.warning("waiting for the database", error=repr(error))
            return AWAY_SECONDS
        return TURN_SECONDS if due is None else min(due, TURN_SECONDS)

    def _turns(self) -> list[hosts.Turn]:
        now = time.monotonic()
        idle = (source for id_, source in self._sources.items() if id_ not in self._in_hand)
        turns = (self._hosts.turn(one.id, self._host[one.id], one.spacing, now) for one in idle)
        return [turn for turn in turns if turn is not None]

    def _begin(self, leased: Leased, source: Source) -> str:
        metrics.LATENESS.observe(leased.late)
        self._in_hand[source.id] = leased
        host = self._host[source.id]
        self._hosts.begin(host, source.spacing, time.monotonic())
        return host

    async def _poll(self, leased: Leased, source: Source, host: str) -> None:
        try:
            await self._settle(leased, source)
        except Exception as error:  # noqa: BLE001 - the lease runs out, and the source is polled again
            log.warning("not settled", source=source.id, error=repr(error))
        finally:
            del self._in_hand[source.id]
            self._hosts.end(host, time.monotonic())
            self._freed.set()

    async def _settle(self, leased: Leased, source: Source) -> None:
        try:
            heard = await self._read(leased, source)
        except Exception as error:  # noqa: BLE001 - whatever it is, this source is tried again
            await self._failed(leased, source, error)
            return
        metrics.POLLS.labels(heard.outcome).inc()
        moved_to = heard.manners.moves.adopted
        seen = Observation(heard.outcome, figures=heard.figures, news=heard.news, moved_to=moved_to)
        await self._watch.see(leased, source, seen)
        pause = heard.manners.pause(source.every, time.time(), _chance())
        await self._store.succeeded(leased, heard.manners, heard.memory, news=heard.news, pause=pause)
        self._host[source.id] = hosts.host(heard.manners.moves.address(source.location, 0))
        if heard.manners.moves.adopted not in {None, leased.manners.moves.adopted}:
            log.warning("source moved", source=source.id, to=heard.manners.moves.adopted)

    async def _read(self, leased: Leased, source: Source) -> Heard:
        manners = leased.manners.here(source.location, parser.VERSION)
        address = manners.moves.address(source.location, leased.failures)
        if address != source.location:
            source = source.model_copy(update={"url": address})
        asked = replace(manners.asking.conditions(time.time()), memory=leased.memory)
        fetched = await self._fetch(source, asked)
        if fetched is None:
            return Heard(Outcome.NOT_MODIFIED, manners, leased.memory)
        seen_at = datetime.now(UTC)
        heard = manners.heard(asked, address, fetched, seen_at.timestamp())
        if fetched.fingerprint == manners.asking.fingerprint and not fetched.bad:
            return Heard(Outcome.UNCHANGED, heard, fetched.validators.memory)
        memory, verdicts, figures = await self._tell(leased, source, fetched, seen_at)
        heard = heard.read(hints.read(fetched.body), _arrivals(manners, verdicts, seen_at), len(verdicts))
        if any(verdict.held for verdict in verdicts):  # asked again as if it were new, until it is told
            again = replace(heard, asking=manners.asking)
            return Heard(Outcome.READ, again, leased.memory, news=True, figures=figures)
        _warn_of_overrun(source, manners, verdicts)
        news = any(verdict.is_news for verdict in verdicts)
        return Heard(Outcome.READ, heard, memory, news=news, figures=figures)

    async def _fetch(self, source: Source, asked: Validators) -> Fetched | None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await self._reader_of(source).fetch(source, asked)
        except TimeoutError as error:
            raise PollFailed(Outcome.TIMEOUT, f"not fetched in {FETCH_SECONDS:g} s") from error

    async def _tell(
        self, leased: Leased, source: Source, fetched: Fetched, seen_at: datetime
    ) -> tuple[bytes | None, list[Verdict], Figures | None]:
        documents = (fetched, *fetched.more)
        memory, verdicts, read = fetched.validators.memory, list[Verdict](), list[Parsed]()
        for one in documents:
            parsed = await self._parse(source, one)
            entries = oldest_first(distinct(_dated(parsed.entries, seen_at)))
            told = await self._teller.tell(Sighting(source, entries, one.body, seen_at, leased=leased))
            if any(verdict.is_news for verdict in told):
                await self._evidence.remember(source.id, one, seen_at)
            await self._keep_failed(source, one.bad + parsed.bad, one, seen_at)
            memory = parsed.memory or memory
            verdicts += told
            read.append(parsed)
        if memory is not None:  # its reader tells what has changed: that says nothing of the whole
            return memory, verdicts, None
        return memory, verdicts, measure(read, sum(len(one.body) for one in documents), seen_at)

    async def _parse(self, source: Source, fetched: Fetched) -> Parsed:
        try:
            return await parse(self._reader_of(source), fetched)
        except PollFailed as error:  # kept, so that it can be looked into, and read by a better parser
            bad = BadEntry(WHOLE, plain.failure(error), WHOLE)
            await self._keep_failed(source, [bad], fetched, datetime.now(UTC))
            raise

    async def _keep_failed(
        self, source: Source, bad: Sequence[BadEntry], fetched: Fetched, seen_at: datetime
    ) -> None:
        if not bad:
            return
        sha256 = await self._snapshots.keep(fetched.body)
        await self._evidence.remember(source.id, fetched, seen_at)
        await self._store.remember_failed(source.id, bad, sha256, seen_at)
        metrics.ENTRIES_FAILED.labels(source.kind).inc(len(bad))
        log.warning("entries not read", source=source.id, count=len(bad), first=bad[0].error)

    async def _failed(self, leased: Leased, source: Source, error: Exception) -> None:
        outcome = _outcome(error)
        metrics.POLLS.labels(outcome).inc()
        blame = 0 if outcome in {Outcome.AWAY, Outcome.OUTDATED} else 1  # the source did nothing wrong
        failures = leased.failures + blame
        asked = error.retry_after if isinstance(error, PollFailed) else None
        pause = cadence.after_failure(source.every, failures, asked, _chance()) if blame else AWAY_SECONDS
        words = plain.failure(error)
        log.warning("poll failed", source=source.id, outcome=outcome.value, error=words, pause=round(pause))
        await self._watch.see(leased, source, Observation(outcome, words))
        await self._store.failed(leased, f"{outcome}: {words}", failures=failures, pause=pause)


async def parse(reader: Reader, fetched: Fetched) -> Parsed:
    """Everything a document holds, read beside the loop. Raises ``PollFailed``."""
    try:
        async with asyncio.timeout(PARSE_SECONDS):
            return await asyncio.to_thread(reader.parse, fetched)
    except TimeoutError as error:
        raise PollFailed(Outcome.TIMEOUT, f"not parsed in {PARSE_SECONDS:g} s") from error


def _dated(entries: Sequence[Entry], seen_at: datetime) -> list[Entry]:
    kept = []
    for entry in entries:
        checked, flags = dates.checked(entry, seen_at)
        kept.append(checked)
        for flag in flags:
            metrics.DATES_FLAGGED.labels(flag).inc()
    return kept


def _arrivals(manners: Manners, verdicts: Sequence[Verdict], seen_at: datetime) -> list[float]:
    """When the news came: by our clock, but by their own dates where a source is met for the first time."""
    news = [verdict.entry for verdict in verdicts if verdict.is_news]
    if manners.is_met:
        return [seen_at.timestamp()] * len(news)
    said = (entry.updated_at or entry.published_at or seen_at for entry in news)
    return [min(moment, seen_at).timestamp() for moment in said]


def _warn_of_overrun(source: Source, manners: Manners, verdicts: Sequence[Verdict]) -> None:
    """Every entry shown is a new document: those between the last poll and the oldest shown are lost."""
    if manners.is_met and len(verdicts) > 1 and all(v.is_news and v.revision == 1 for v in verdicts):
        metrics.OVERRUNS.inc()
        log.warning("all entries are new: some may have been missed", source=source.id, shown=len(verdicts))


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, PollFailed):
        return error.outcome
    if isinstance(error, Outdated):
        return Outcome.OUTDATED
    return Outcome.AWAY if fault_of(error) is Fault.UNAVAILABLE else Outcome.UNEXPECTED


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter, no secret
