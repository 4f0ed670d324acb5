"""Polls every source at its own pace, for ever: take a lease, fetch, parse, tell, settle."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Health
from tocsin.ingest import cadence, metrics, plain
from tocsin.ingest.changes import distinct, oldest_first
from tocsin.ingest.entry import Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.snapshots import Snapshots
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.store import LEASE_SECONDS, Leased, Outdated, Store
from tocsin.ingest.teller import Sighting, Teller

PARSE_SECONDS = 30.0
TURN_SECONDS = LEASE_SECONDS / 5  # the loop turns at least so often, and renews what it holds
STUCK_SECONDS = 60.0
AWAY_SECONDS = 2.0  # pause when our own Kafka or PostgreSQL does not answer

log = logs.get(__name__)


@dataclass(frozen=True)
class Reader:
    """How one kind of source is read: a fetch that may say "nothing new" (None), and a slow parse."""

    fetch: Callable[[Source, Validators], Awaitable[Fetched | None]]
    parse: Callable[[Fetched], Parsed]


class Poller:
    """Polls the declared sources; ``run`` it beside the rest."""

    def __init__(  # noqa: PLR0913 - its edges, each by name
        self,
        *,
        sources: Sequence[Source],
        readers: Mapping[Kind, Reader],
        store: Store,
        snapshots: Snapshots,
        teller: Teller,
        concurrency: int,
        health: Health,
    ) -> None:
        self._sources = {source.id: source for source in sources if source.kind.is_polled}
        self._readers = readers
        self._store = store
        self._snapshots = snapshots
        self._teller = teller
        self._concurrency = concurrency
        self._pulse = health.pulse("poll", limit=STUCK_SECONDS)
        self._in_hand: dict[str, Leased] = {}
        self._freed = asyncio.Event()

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
        idle = [id_ for id_ in self._sources if id_ not in self._in_hand]
        try:
            await self._store.renew(list(self._in_hand.values()))
            for leased in await self._store.lease(idle, self._concurrency - len(self._in_hand)):
                self._in_hand[leased.source_id] = leased
                polls.create_task(self._poll(leased), name=f"poll {leased.source_id}")
            due = await self._store.seconds_until_due([id_ for id_ in idle if id_ not in self._in_hand])
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            log.warning("waiting for the database", error=repr(error))
            return AWAY_SECONDS
        full = len(self._in_hand) >= self._concurrency
        return TURN_SECONDS if due is None or full else min(due, TURN_SECONDS)

    async def _poll(self, leased: Leased) -> None:
        try:
            await self._settle(leased, self._sources[leased.source_id])
        except Exception as error:  # noqa: BLE001 - the lease runs out, and the source is polled again
            log.warning("not settled", source=leased.source_id, error=repr(error))
        finally:
            del self._in_hand[leased.source_id]
            self._freed.set()

    async def _settle(self, leased: Leased, source: Source) -> None:
        try:
            outcome, validators, news = await self._read(leased, source)
        except Exception as error:  # noqa: BLE001 - whatever it is, this source is tried again
            await self._failed(leased, source, error)
            return
        metrics.POLLS.labels(outcome).inc()
        pause = cadence.next_poll(source.every, 0, None, _chance())
        await self._store.succeeded(leased, validators, news=news, pause=pause)

    async def _read(self, leased: Leased, source: Source) -> tuple[Outcome, Validators, bool]:
        reader = self._readers[source.kind]
        fetched = await reader.fetch(source, leased.validators)
        if fetched is None:
            return Outcome.NOT_MODIFIED, leased.validators, False
        seen_at = datetime.now(UTC)
        parsed = await self._parse(reader, fetched)
        entries = oldest_first(distinct(parsed.entries))
        verdicts = await self._teller.tell(Sighting(source, entries, fetched.body, seen_at, leased=leased))
        if parsed.bad:
            await self._keep_failed(source, parsed, fetched, seen_at)
        return Outcome.READ, fetched.validators, any(verdict.is_news for verdict in verdicts)

    async def _parse(self, reader: Reader, fetched: Fetched) -> Parsed:
        try:
            async with asyncio.timeout(PARSE_SECONDS):
                return await asyncio.to_thread(reader.parse, fetched)
        except (PollFailed, TimeoutError) as error:
            sha256 = await self._snapshots.keep(fetched.body)  # kept, so that it can be looked into
            if isinstance(error, TimeoutError):
                raise PollFailed(Outcome.TIMEOUT, f"not parsed in {PARSE_SECONDS:g} s: {sha256}") from error
            raise

    async def _keep_failed(self, source: Source, parsed: Parsed, fetched: Fetched, seen_at: datetime) -> None:
        sha256 = await self._snapshots.keep(fetched.body)
        await self._store.remember_failed(source.id, parsed.bad, sha256, seen_at)
        metrics.ENTRIES_FAILED.labels(source.kind).inc(len(parsed.bad))
        log.warning("entries not read", source=source.id, count=len(parsed.bad), first=parsed.bad[0].error)

    async def _failed(self, leased: Leased, source: Source, error: Exception) -> None:
        outcome = _outcome(error)
        metrics.POLLS.labels(outcome).inc()
        blame = 0 if outcome in {Outcome.AWAY, Outcome.OUTDATED} else 1  # the source did nothing wrong
        failures = leased.failures + blame
        asked = error.retry_after if isinstance(error, PollFailed) else None
        pause = cadence.next_poll(source.every, failures, asked, _chance()) if blame else AWAY_SECONDS
        words = plain.failure(error)
        log.warning("poll failed", source=source.id, outcome=outcome.value, error=words, pause=round(pause))
        await self._store.failed(leased, f"{outcome}: {words}", failures=failures, pause=pause)


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, PollFailed):
        return error.outcome
    if isinstance(error, Outdated):
        return Outcome.OUTDATED
    return Outcome.AWAY if fault_of(error) is Fault.UNAVAILABLE else Outcome.UNEXPECTED


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter, no secret
