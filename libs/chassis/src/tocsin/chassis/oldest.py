"""How long the oldest waiting record has waited: its own time stamp, read where the group's commit stands."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from tocsin.chassis import credentials

PATIENCE_MS = 500


class Oldest:
    """Looks at single records, in no group: nothing is moved by it. ``aclose`` it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reader: AIOKafkaConsumer | None = None

    async def age(self, waiting: Mapping[TopicPartition, int], now: float) -> float:
        """Seconds from the oldest of the next records to ``now`` (POSIX); 0 when none waits.

        ``waiting`` is the offset of the next record to handle, for each partition that has one. Raises
        what aiokafka raises while Kafka is away.
        """
        if not waiting:
            return 0.0
        reader = await self._connected()
        times = [now]
        if new := waiting.keys() - reader.assignment():
            reader.assign([*reader.assignment(), *new])
            reader.pause(*reader.assignment())  # else it would fetch all that follows, too
        for partition, offset in waiting.items():
            # One at a time: of several, a broker cuts all but the first down to the size asked for.
            reader.seek(partition, offset)
            reader.resume(partition)
            polled = await reader.getmany(partition, timeout_ms=PATIENCE_MS, max_records=1)
            reader.pause(partition)
            reader.seek(partition, offset)  # forgets the rest of its batch, which would delay the others
            times += [record.timestamp / 1000 for records in polled.values() for record in records]
        return now - min(times)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._reader is None:
            reader = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                max_partition_fetch_bytes=1,  # a broker gives one batch all the same
                **credentials.options(),
            )
            try:
                await reader.start()
            except BaseException:
                await reader.stop()
                raise
            self._reader = reader
        return self._reader

    async def aclose(self) -> None:
        """Leave Kafka."""
        if self._reader is not None:
            await self._reader.stop()
