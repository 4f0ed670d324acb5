"""Creating topics: as declared, once, with their dead-letter twins."""

import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tocsin.chassis import topics
from tocsin.contracts import TOPICS, Entity, Topic
from tocsin.embedded import Engines


def declared() -> Topic:
    return Topic(
        f"test.{uuid.uuid4().hex}", Entity, "id", "a test", partitions=3, retention=None, compacted=True
    )


async def test_a_topic_is_made_as_declared_and_a_second_time_changes_nothing(engines: Engines) -> None:
    topic = declared()
    made = {topic.name: "created", topic.dead: "created"}
    assert await topics.apply(engines.kafka.bootstrap, [topic]) == made
    assert set((await topics.apply(engines.kafka.bootstrap, [topic])).values()) == {"exists"}
    admin = AIOKafkaAdminClient(bootstrap_servers=engines.kafka.bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic.name])
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    finally:
        await admin.close()
    config = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert len(described["partitions"]) == 3
    assert (config["cleanup.policy"], config["retention.ms"]) == ("compact", "-1")


async def test_a_refusal_is_told_and_not_swallowed(engines: Engines) -> None:
    with pytest.raises(topics.TopicsRefused, match="not a name"):
        await topics.apply(engines.kafka.bootstrap, [Topic("not a name!", Entity, "id", "a test")])


def test_every_consumed_topic_has_a_twin_that_keeps_for_ever() -> None:
    plans = {plan.name: plan for plan in topics.plan(TOPICS)}
    for topic in TOPICS:
        assert (topic.dead in plans) is topic.consumed
        if topic.consumed:
            assert plans[topic.dead].config["retention.ms"] == "-1"
            assert plans[topic.dead].partitions == topic.partitions
