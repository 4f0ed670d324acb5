"""What the system itself says afterwards: notify's API, the topics, and the services' logs."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from tests.chaos.receivers import model_of
from tests.chaos.takeover import Assignment
from tests.chaos.verdict import Step, Told
from tocsin.cli.client import call
from tocsin.cli.stack import Stack
from tocsin.contracts import ALERTS, NOTICES_CLASSIFIED, NOTICES_PUBLISHED

Row = dict[str, Any]  # a JSON object of the API


def raised(stack: Stack) -> list[Told]:
    """Every alert by notify's rows, the oldest first."""
    return [_told(row) for row in reversed(list(_pages(stack, "alerts", {})))]


def pending(stack: Stack) -> list[Row]:
    """Deliveries that are not made yet."""
    return list(_pages(stack, "deliveries", {"state": "pending"}))


def gaps(stack: Stack) -> list[str]:
    """What notify's own audit misses."""
    found: list[str] = []
    asked: dict[str, str] = {}
    while True:
        url = f"{stack.place.notify_url}/v1/audit"
        page = call("GET", url, stack.place.api_key, params=asked)
        found += [f"the audit misses: {gap}" for gap in page["gaps"]]
        if page["next"] is None:
            return found
        asked = {"cursor": page["next"]}


def published(stack: Stack) -> list[Told]:
    """Every alert on the alerts topic, in its order: one team, so one partition."""
    records = _read(stack, ALERTS.name, ALERTS.partitions)
    return [_told(json.loads(record.value)) for record in records]


def buried(stack: Stack) -> list[str]:
    """The keys on the dead-letter topics."""
    return [
        record.key.decode()
        for topic in (NOTICES_PUBLISHED, NOTICES_CLASSIFIED)
        for record in _read(stack, topic.dead, topic.partitions)
    ]


def assignments(stack: Stack, service: str) -> list[Assignment]:
    """What the replicas of a service logged about the partitions they got."""
    return [
        Assignment(_moment(line), name, frozenset(line["partitions"]))
        for name in stack.names
        if name.partition(".")[0] == service
        for line in _lines(stack, name)
        if line.get("event") == "assigned"
    ]


def _told(alert: Row) -> Told:
    return Told(Step(model_of(alert), alert["kind"]), alert["id"])


def _pages(stack: Stack, what: str, filters: dict[str, str]) -> Iterator[Row]:
    place, asked = stack.place, filters | {"limit": "500"}
    while True:
        page = call("GET", f"{place.notify_url}/v1/{what}", place.api_key, params=asked)
        yield from page["items"]
        if page["next"] is None:
            return
        asked["cursor"] = page["next"]


def _read(stack: Stack, topic: str, partitions: int) -> list[ConsumerRecord]:
    return asyncio.run(_read_all(stack.engines.kafka.bootstrap, topic, partitions))


async def _read_all(bootstrap: str, topic: str, partitions: int) -> list[ConsumerRecord]:
    assigned = [TopicPartition(topic, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    async with consumer:
        consumer.assign(assigned)
        await consumer.seek_to_beginning(*assigned)
        ends = await consumer.end_offsets(assigned)
        records: list[ConsumerRecord] = []
        while [one for one, end in ends.items() if await consumer.position(one) < end]:
            polled = await consumer.getmany(timeout_ms=200)
            records += [record for some in polled.values() for record in some]
        return records


def _lines(stack: Stack, name: str) -> Iterator[Row]:
    for line in stack.log(name).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


def _moment(line: Row) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()
