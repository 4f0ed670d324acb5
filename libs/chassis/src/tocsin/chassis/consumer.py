"""Consuming a topic at least once: decode, handle, publish or store, and only then commit."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiokafka.structs import ConsumerRecord

from tocsin.chassis import logs, metrics
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.faults import Fault, fault_of
from tocsin.contracts import Event, Topic
from tocsin.contracts.cloudevents import Received, Unreadable, from_record, header
from tocsin.contracts.trace import new_traceparent, trace_id

E = TypeVar("E", bound=Event)

ATTEMPTS = 4
PAUSE_SECONDS = 0.2  # before the second attempt; doubles, with jitter
MAX_PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 60.0  # for all attempts of one poll: well under the poll interval and the liveness limit

log = logs.get(__name__)

Records = tuple[ConsumerRecord, ...]


@dataclass(frozen=True)
class Incoming(Generic[E]):
    """One decoded event with the record it came in."""

    event: E
    record: ConsumerRecord
    traceparent: str  # of whoever sent it, or the start of a new trace


Handler = Callable[[Sequence[Incoming[E]]], Awaitable[None]]


class Consumer(Generic[E]):
    """Feeds the events of one topic to one handler, in order within a partition; use ``run``.

    The handler gets what was polled as one sequence and returns when everything that follows from it is
    safe: records confirmed, rows committed. Then the offsets are committed. If it raises, the fault's class
    decides (see ``faults``): what heals is tried again, what does not is narrowed down to single records
    and buried, and while Kafka or PostgreSQL is away nothing is committed and everything waits.
    """

    def __init__(self, topic: Topic, event: type[E], on_events: Handler[E], graveyard: Graveyard) -> None:
        self._topic = topic
        self._event = event
        self._on_events = on_events
        self._graveyard = graveyard
        self._hurry_at = 0.0

    async def on_records(self, records: Records) -> None:
        """Deal with one poll's records, in order; returning means that they may be committed."""
        self._hurry_at = time.monotonic() + PATIENCE_SECONDS
        readable: list[Incoming[E]] = []
        for record in records:
            try:
                readable.append(self._decode(record))
            except Unreadable as error:
                # What came before goes first: burials with a success between them are no run of burials.
                await self._handle(readable)
                readable = []
                metrics.FAULTS.labels(self._topic.name, Fault.UNREADABLE).inc()
                await self._graveyard.bury(record, Fault.UNREADABLE, error, attempts=1)
        await self._handle(readable)
        metrics.CONSUMED.labels(self._topic.name).inc(len(records))

    def _decode(self, record: ConsumerRecord) -> Incoming[E]:
        headers = tuple(record.headers or ())
        event = from_record(Received(record.value, headers), self._event)
        if record.key != event.key().encode():
            # Nothing would keep it in order with its document's other records: they are on another partition.
            raise Unreadable(f"the key is {_shown(record.key)}, expected {event.key()!r}")
        told = header(headers, "traceparent")
        return Incoming(event, record, told if told and trace_id(told) else new_traceparent())

    async def _handle(self, incoming: Sequence[Incoming[E]]) -> None:
        if not incoming:
            return
        failure = await self._attempt(incoming)
        if failure is None:
            self._graveyard.passed()
        elif len(incoming) > 1:  # one of them is bad: its neighbours must not pay for it
            for single in incoming:
                await self._handle([single])
        else:
            fault, error, attempts = failure
            await self._graveyard.bury(incoming[0].record, fault, error, attempts)

    async def _attempt(self, incoming: Sequence[Incoming[E]]) -> tuple[Fault, Exception, int] | None:
        """Run the handler, again while that may help. Gives the failure to be buried, None when it went well.

        Raises when Kafka or PostgreSQL is away: then the poll is rewound and nothing is committed.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._on_events(incoming)
            except Exception as error:
                fault = fault_of(error)
                metrics.FAULTS.labels(self._topic.name, fault).inc()
                log.warning("handling failed", fault=fault.value, error=repr(error), records=len(incoming))
                if not fault.buried:
                    raise
                if not fault.heals or attempt == ATTEMPTS or time.monotonic() > self._hurry_at:
                    return fault, error, attempt
                metrics.RETRIES.labels(self._topic.name).inc()
                await asyncio.sleep(pause(attempt))
            else:
                return None
        raise AssertionError("unreachable: the last attempt returns or raises")


def _shown(key: bytes | None) -> str:
    return "null" if key is None else repr(key.decode(errors="backslashreplace"))


def pause(attempt: int) -> float:
    """Seconds to wait before trying again: doubling, capped, with jitter so that replicas spread."""
    longest: float = min(MAX_PAUSE_SECONDS, PAUSE_SECONDS * 2.0 ** (attempt - 1))
    return random.uniform(0.5, 1.0) * longest  # noqa: S311 - jitter, no secret
