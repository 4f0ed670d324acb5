"""The wire of a consumer: a FastStream batch subscriber over raw records that commits after handling."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.utils import MultiLock
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from tocsin.chassis import logs, metrics
from tocsin.chassis.consumer import Consumer, Records, pause
from tocsin.chassis.credentials import security
from tocsin.chassis.health import Health
from tocsin.chassis.lifetime import insist
from tocsin.chassis.oldest import Oldest
from tocsin.contracts import Event, Topic

E = TypeVar("E", bound=Event)

MAX_RECORDS = 500
POLL_MS = 10  # also the idle pause: latency's p95 is about this
SESSION_MS = 6_000  # the least a broker takes by default; partitions of a killed replica move after it
DRAIN_SECONDS = 5.0  # how long a rebalance waits for the batch in hand; under the session timeout
WATCH_SECONDS = 1.0
STUCK_SECONDS = 120.0

log = logs.get(__name__)


class UnsafeSubscriber(RuntimeError):
    """A subscriber would acknowledge a record before it is handled: it must not start."""


@dataclass(frozen=True)
class Group:
    """A consumer group, and the stable name that this replica has in it, if it has one (KIP-345)."""

    name: str
    instance: str | None = None


class Subscription(ConsumerRebalanceListener, Generic[E]):  # type: ignore[misc]  # aiokafka ships no types
    """One replica's membership in a consumer group; use ``subscribe``."""

    def __init__(
        self, bootstrap: str, group: Group, consumer: Consumer[E], topic: Topic, health: Health
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._joined = False
        self._away: str | None = "not connected yet"
        self._failures = 0
        self._waiting: dict[TopicPartition, int] = {}
        self._oldest = Oldest(bootstrap)
        self._pulse = health.pulse(f"consumer {topic.name}", limit=STUCK_SECONDS)
        health.require(f"consumer {topic.name}", self._complaint)
        self._broker = KafkaBroker(
            bootstrap,
            security=security(),
            logger=None,
            graceful_timeout=10,
            allow_auto_create_topics=False,
        )
        self._subscriber = self._broker.subscriber(
            topic.name,
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=POLL_MS,
            group_id=group.name,
            group_instance_id=group.instance,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            parser=self._parse,
            decoder=_keep,
            listener=self,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 6,
            max_poll_interval_ms=600_000,
            no_reply=True,  # otherwise a `reply_to` header decides where we write
        )
        self._subscriber(self._on_records)

    @property
    def _in_hand(self) -> MultiLock | None:
        """Held from the poll to the commit; FastStream makes it when it starts."""
        lock = self._subscriber.lock
        return lock if isinstance(lock, MultiLock) else None

    async def start(self) -> None:
        """Join the group; refuses when any subscriber would lose records on a crash."""
        assert_safe(self._broker)
        await self._broker.start()

    async def stop(self) -> None:
        """Finish the batch in hand, commit it, leave the group."""
        await self._broker.stop()

    async def _on_records(self, records: Records) -> None:
        try:
            await self._consumer.on_records(records)
        except Exception:
            # NACK_ON_ERROR rewinds at once: without a pause this would be a hot loop.
            self._failures += 1
            self._pulse.beat()
            await asyncio.sleep(pause(self._failures))
            raise
        self._failures = 0
        self._pulse.beat()

    async def _parse(self, records: Records) -> KafkaAckableMessage:
        # FastStream's own parser decodes headers, and loses the whole batch when one is null.
        return KafkaAckableMessage(
            raw_message=records,
            body=b"",
            message_id="",
            correlation_id="",
            consumer=self._subscriber.consumer,
        )

    async def watch(self) -> None:
        """Measure lag and reachability for ever; what ``/ready`` and the lag metrics say comes from here."""
        async with contextlib.aclosing(self._oldest):
            while True:
                await self._look()
                await asyncio.sleep(WATCH_SECONDS)

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(WATCH_SECONDS * 5):
                waiting = await self._measure()
            self._away = None
            idle = self._in_hand is None or self._in_hand.empty
            # With nothing in hand, what waits must be read: else the consumer has fallen silent.
            if idle and (not waiting or waiting != self._waiting):
                self._pulse.beat()
            self._waiting = waiting
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer of /ready
            self._away = f"Kafka does not answer: {error!r}"
            self._pulse.beat()  # it turns all the same: a restart would not bring Kafka back

    async def _measure(self) -> dict[TopicPartition, int]:
        """Set the lag metrics; gives where the partitions stand that hold something unread."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return {}
        assigned = list(consumer.assignment())
        ends = await consumer.end_offsets(assigned) if assigned else {}
        starts = await consumer.beginning_offsets(assigned) if assigned else {}
        waiting: dict[TopicPartition, int] = {}
        for partition, end in ends.items():
            # What counts is the commit: the position is ahead of it by the batch in hand.
            done = max(await consumer.committed(partition) or 0, starts[partition])
            if done < end:
                waiting[partition] = done
            if partition in consumer.assignment():  # it may have been revoked meanwhile
                metrics.LAG.labels(partition.topic, partition.partition).set(end - done)
        metrics.OLDEST.labels(self._topic.name).set(await self._oldest.age(waiting, time.time()))
        return waiting

    def _complaint(self) -> str | None:
        return self._away or (None if self._joined else "has not joined its group yet")

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish the batch in hand before another replica may read these partitions."""
        self._joined = False
        for partition in revoked:
            with contextlib.suppress(KeyError):
                metrics.LAG.remove(partition.topic, partition.partition)
        if self._in_hand is not None:
            await self._in_hand.wait_release(DRAIN_SECONDS)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The group is stable; an empty set makes this replica a spare."""
        self._joined = True
        metrics.REBALANCES.labels(self._topic.name).inc()
        log.info("assigned", topic=self._topic.name, partitions=sorted(p.partition for p in assigned))


async def _keep(message: KafkaAckableMessage) -> Records:
    records: Records = message.raw_message
    return records


def assert_safe(broker: KafkaBroker) -> None:
    """Refuse a broker that holds a subscriber which commits before, or whatever, handling does.

    Only NACK_ON_ERROR commits after success alone. Raises ``UnsafeSubscriber`` with the cure.
    """
    for subscriber in broker.subscribers:
        policy = subscriber.ack_policy
        if policy is not AckPolicy.NACK_ON_ERROR:
            raise UnsafeSubscriber(
                f"the subscriber of {getattr(subscriber, 'topics', '?')} has ack_policy {policy.name}: "
                "it would lose records on a crash or an error; use AckPolicy.NACK_ON_ERROR"
            )


@contextlib.asynccontextmanager
async def subscribe(
    bootstrap: str, group: Group, consumer: Consumer[E], topic: Topic, health: Health
) -> AsyncIterator[None]:
    """Consume until the context is left; the batch in hand is then finished and committed."""
    metrics.consumer_at_zero(topic.name)
    subscription = Subscription(bootstrap, group, consumer, topic, health)
    watch = asyncio.create_task(subscription.watch(), name=f"watch {topic.name}")
    try:
        await insist(f"consumer {topic.name}", subscription.start)
        yield
    finally:
        await subscription.stop()
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
