"""A compacted topic as a table that is whole before the first event and stays current."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from tocsin.chassis import credentials, logs, metrics
from tocsin.chassis.faults import Fault
from tocsin.chassis.health import Health
from tocsin.chassis.lifetime import insist
from tocsin.contracts import Topic
from tocsin.contracts.cloudevents import describe
from tocsin.contracts.message import Part

P = TypeVar("P", bound=Part)

POLL_MS = 200
STUCK_SECONDS = 60.0

log = logs.get(__name__)


class Table(Generic[P]):
    """The latest value under each key of a compacted topic; use ``follow``.

    Every replica reads all of it, from the beginning: there is no group and no offset. An unreadable
    record is logged and counted, and leaves the row as it was.
    """

    def __init__(
        self, topic: Topic, row: type[P], on_change: Callable[[Mapping[str, P]], None], health: Health
    ) -> None:
        self._topic = topic
        self._row = row
        self._on_change = on_change
        self._rows: dict[str, P] = {}
        self._loaded = asyncio.Event()
        self._pulse = health.pulse(f"table {topic.name}", limit=STUCK_SECONDS)
        health.require(f"table {topic.name}", self._complaint)

    async def loaded(self) -> None:
        """Wait until everything that was there at the start has been read.

        An empty table never is: to go on without it would be to say wrongly that nothing is known.
        """
        await self._loaded.wait()

    def _complaint(self) -> str | None:
        if self._loaded.is_set():
            return None
        return "still loading" if self._rows else f"{self._topic.name} is empty: run `tocsin catalogue apply`"

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Read for ever; ``on_change`` gets a read-only copy after the first load and each change."""
        partitions = [TopicPartition(self._topic.name, n) for n in range(self._topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while True:
            polled = await consumer.getmany(timeout_ms=POLL_MS)
            changed = [self._apply(record) for records in polled.values() for record in records]
            # The position is asked here and not per record: all of a partition may be compacted away.
            if not self._rows:
                self._pulse.beat()
                continue
            reached = self._loaded.is_set() or all(
                [await consumer.position(p) >= end for p, end in ends.items()]
            )
            if reached and (any(changed) or not self._loaded.is_set()):
                self._on_change(MappingProxyType(dict(self._rows)))
                self._loaded.set()
            self._pulse.beat()

    def _apply(self, record: ConsumerRecord) -> bool:
        key = (record.key or b"").decode(errors="replace")
        if record.value is None:
            return self._rows.pop(key, None) is not None
        try:
            row = self._row.model_validate_json(record.value)
        except ValidationError as error:
            metrics.FAULTS.labels(self._topic.name, Fault.UNREADABLE).inc()
            log.error(  # noqa: TRY400 - the reason is in the message, a stack says nothing more
                "unreadable row", topic=self._topic.name, key=key, error=describe(error)
            )
            return False
        changed = self._rows.get(key) != row
        self._rows[key] = row
        return changed


@contextlib.asynccontextmanager
async def follow(
    bootstrap: str, table: Table[P], on_fatal: Callable[[BaseException], None]
) -> AsyncIterator[None]:
    """Load the table, then keep it current while the context is open.

    ``on_fatal`` is told when it cannot be read any more: a service must not go on with an old table.
    """

    async def connect() -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **credentials.options(),
        )
        try:
            await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    consumer = await insist("catalogue table", connect)
    reading = asyncio.create_task(table.read(consumer), name="table")
    reading.add_done_callback(lambda task: _report(task, on_fatal))
    try:
        await table.loaded()
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await consumer.stop()


def _report(task: asyncio.Task[None], on_fatal: Callable[[BaseException], None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        on_fatal(error)
