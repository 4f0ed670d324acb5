"""Topics read as a book is: from a place to the end that there was, by nobody's group, with progress."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import credentials

AT_ONCE = 100  # records handed over together
POLL_MS = 200
PATIENCE_SECONDS = 30.0

Tell = Callable[[str, int, int], None]  # what is done, how many so far, of how many
Spans = Mapping[TopicPartition, tuple[int, int]]  # the first offset to read, and the one to stop before


class NoSuchTopic(RuntimeError):
    """A topic is not there; the message says what to do."""


@dataclass(frozen=True)
class Archive:
    """Some topics, open for reading; use ``opened``. One reader at a time."""

    consumer: AIOKafkaConsumer
    partitions: Mapping[str, Sequence[TopicPartition]]
    tell: Tell

    async def spans(self, topic: str, since: datetime | None = None) -> Spans:
        """What the topic holds now, or what of it was written at ``since`` or later."""
        partitions = self.partitions[topic]
        ends: dict[TopicPartition, int] = await self.consumer.end_offsets(partitions)
        if since is None:
            firsts = await self.consumer.beginning_offsets(partitions)
        else:
            at = int(since.timestamp() * 1000)
            later = await self.consumer.offsets_for_times(dict.fromkeys(partitions, at))
            firsts = {p: found.offset if found else ends[p] for p, found in later.items()}
        return {p: (firsts[p], end) for p, end in ends.items() if firsts[p] < end}

    async def read(self, what: str | None, spans: Spans) -> AsyncIterator[Sequence[ConsumerRecord]]:
        """Every record of the spans, some at a time, in order within a partition.

        ``what`` names the work when ``tell`` hears of its progress. Raises ``TimeoutError`` when Kafka falls
        silent.
        """
        self.consumer.assign(list(spans))
        for partition, (first, _) in spans.items():
            self.consumer.seek(partition, first)
        left = {partition: end for partition, (_, end) in spans.items()}
        total = sum(end - first for first, end in spans.values())
        heard_at = time.monotonic()
        while left:
            polled = await self.consumer.getmany(*left, timeout_ms=POLL_MS, max_records=AT_ONCE)
            if not polled and time.monotonic() > heard_at + PATIENCE_SECONDS:
                raise TimeoutError("it fell silent")  # aiokafka itself waits for ever
            for partition, records in polled.items():
                yield [record for record in records if record.offset < left[partition]]
                heard_at = time.monotonic()
            # The position is asked, not the records: the last offsets may hold none.
            behind = {p: end - await self.consumer.position(p) for p, end in left.items()}
            left = {p: end for p, end in left.items() if behind[p] > 0}
            if what is not None:
                self.tell(what, total - sum(behind[p] for p in left), total)


@contextlib.asynccontextmanager
async def opened(bootstrap: str, topics: Sequence[str], tell: Tell) -> AsyncIterator[Archive]:
    """These topics, by name; ``tell`` hears of the progress of long work.

    Raises ``NoSuchTopic``, or what aiokafka raises when Kafka is away.
    """
    partitions = await _partitions(bootstrap, topics)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,  # a new assignment waits for the fetch of the old one
        **credentials.options(),
    )
    try:
        await consumer.start()
        yield Archive(consumer, partitions, tell)
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, names: Sequence[str]) -> dict[str, list[TopicPartition]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **credentials.options())
    await admin.start()
    try:
        described = await admin.describe_topics(list(names))
    finally:
        await admin.close()
    found = {one["topic"]: [p["partition"] for p in one["partitions"]] for one in described}
    if missing := [name for name in names if not found.get(name)]:
        raise NoSuchTopic(f"{', '.join(missing)} does not exist: run `tocsin topics apply`")
    return {name: [TopicPartition(name, number) for number in sorted(found[name])] for name in names}
