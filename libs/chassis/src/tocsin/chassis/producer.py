"""Publishing records: in order by key, confirmed before it returns."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber, ProducerFenced
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from tocsin.chassis import credentials, metrics
from tocsin.chassis.faults import Refused
from tocsin.chassis.lifetime import insist
from tocsin.contracts import Topic
from tocsin.contracts.cloudevents import Record
from tocsin.contracts.topics import MAX_RECORD_BYTES

MAX_BATCH_BYTES = MAX_RECORD_BYTES + 50_000  # the largest record fits; under the topic's max.message.bytes
CONFIRM_SECONDS = 30.0
WATCH_SECONDS = 2.0


class Producer:
    """Writes records to topics; use ``connect``.

    Records are gathered into one batch a partition, by the key's murmur2 as every Kafka client does it:
    FastStream's own batch publishing puts a whole batch on one partition whatever the keys.
    """

    def __init__(self, client: AIOKafkaProducer, on_fatal: Callable[[BaseException], None]) -> None:
        self._client = client
        self._on_fatal = on_fatal
        self._away = False

    async def watch(self) -> None:
        """Ask Kafka from time to time whether it is there; what ``complaint`` says comes from here."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    self._away = not await self._client.client.force_metadata_update()
            except Exception:  # noqa: BLE001 - whatever it is, Kafka has not answered
                self._away = True

    def complaint(self) -> str | None:
        """For ``/ready`` of a service that does not consume; None while Kafka answers."""
        return "Kafka does not answer" if self._away else None

    async def publish(self, topic: Topic, records: Sequence[Record]) -> None:
        """Write all records and return when the broker has confirmed each one.

        Raises ``Refused`` for a record that is too large (nothing is written then), ``TimeoutError`` when
        the broker does not confirm in time: publish again then; a repeat is harmless, it has the same ids.
        """
        await self.write(topic.name, records)

    async def write(self, topic: str, records: Sequence[Record], most: int = MAX_RECORD_BYTES) -> None:
        """As ``publish``, to a topic by name: for dead letters, that have no type and may be larger.

        ``most`` bytes a record must be under what the topic takes: the broker's own refusal would end
        this producer.
        """
        for record in records:
            _check_size(record, most)
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):  # an idempotent producer would wait for ever
                batches = self._gather(records, len(await self._client.partitions_for(topic)))
                sent = [await self._client.send_batch(batch, topic, partition=p) for p, batch in batches]
                await asyncio.gather(*sent)
        except (OutOfOrderSequenceNumber, ProducerFenced) as error:
            self._on_fatal(error)  # this producer can never write to that partition again: start anew
            raise
        metrics.PUBLISHED.labels(topic).inc(len(records))

    def _gather(self, records: Sequence[Record], partitions: int) -> list[tuple[int, BatchBuilder]]:
        batches: list[tuple[int, BatchBuilder]] = []
        open_: dict[int, BatchBuilder] = {}
        for record in records:
            partition = _partition(record.key, partitions)
            if partition not in open_ or not _append(open_[partition], record):
                open_[partition] = self._client.create_batch()
                batches.append((partition, open_[partition]))
                if not _append(open_[partition], record):
                    raise Refused(f"a record of {size(record)} bytes does not fit into a batch")
        return batches


def _partition(key: bytes | None, partitions: int) -> int:
    # As Kafka's own partitioner; a record without a key (a dead letter may be one) has no order to keep.
    return (murmur2(key) & 0x7FFFFFFF) % partitions if key is not None else 0


def _append(batch: BatchBuilder, record: Record) -> bool:
    headers = list(record.headers)  # the C code takes a list only
    return batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is not None


def size(record: Record) -> int:
    """Bytes of key, value and headers."""
    return (
        len(record.key or b"")
        + len(record.value or b"")
        + sum(len(k) + len(v or b"") for k, v in record.headers)
    )


def _check_size(record: Record, most: int) -> None:
    if size(record) > most:
        raise Refused(f"a record of {size(record)} bytes is over the limit of {most}")


@contextlib.asynccontextmanager
async def connect(bootstrap: str, on_fatal: Callable[[BaseException], None]) -> AsyncIterator[Producer]:
    """A connected producer; ``on_fatal`` is told when it can write no more and the process must restart.

    Waits for Kafka as long as it takes.
    """

    async def start() -> AIOKafkaProducer:
        client = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES,
            **credentials.options(),
        )
        try:
            await client.start()
        except BaseException:
            await client.stop()
            raise
        return client

    client = await insist("producer", start)
    producer = Producer(client, on_fatal)
    watch = asyncio.create_task(producer.watch(), name="watch producer")
    try:
        yield producer
    finally:
        watch.cancel()
        await client.stop()
