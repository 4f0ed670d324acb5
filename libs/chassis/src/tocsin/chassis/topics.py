"""Creating topics, as an explicit step."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tocsin.chassis import credentials
from tocsin.contracts import Topic

ALREADY_EXISTS = 36  # Kafka protocol error code TOPIC_ALREADY_EXISTS
MAX_DEAD_BYTES = (
    8_000_000  # a letter is the record and why: it has to fit whatever a topic was allowed to hold
)


class TopicsRefused(RuntimeError):
    """Kafka did not create a topic; the message says which and why."""


@dataclass(frozen=True)
class Plan:
    """One topic as it has to be on the broker."""

    name: str
    partitions: int
    config: dict[str, str]


def plan(topics: Sequence[Topic]) -> list[Plan]:
    """Every topic and, where it is consumed, its dead-letter twin (kept for ever, same partitions)."""
    wanted = [Plan(topic.name, topic.partitions, dict(topic.config())) for topic in topics]
    forever = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "max.message.bytes": str(MAX_DEAD_BYTES + 100_000),  # room for batch headers
    }
    dead = [
        Plan(topic.dead, topic.partitions, dict(topic.config()) | forever)
        for topic in topics
        if topic.consumed
    ]
    return wanted + dead


async def apply(bootstrap: str, topics: Sequence[Topic], *, replication: int = 1) -> dict[str, str]:
    """Create what is missing; change nothing that exists. Gives the outcome by topic name."""
    wanted = plan(topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **credentials.options())
    await admin.start()
    try:
        answer = await admin.create_topics(
            [NewTopic(p.name, p.partitions, replication, topic_configs=p.config) for p in wanted]
        )
    finally:
        await admin.close()
    return {name: _outcome(name, code, text) for name, code, text in answer.topic_errors}


def _outcome(name: str, code: int, text: str | None) -> str:
    # create_topics does not raise: each answer has to be read.
    if code not in {0, ALREADY_EXISTS}:
        raise TopicsRefused(f"Kafka refused to create {name}: {text or f'error code {code}'}")
    return "exists" if code == ALREADY_EXISTS else "created"
