"""`tocsin topics`: the Kafka topics, listed and created."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from tocsin.chassis import topics as kafka_topics
from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.contracts import TOPICS

topics = typer.Typer(no_args_is_help=True, help="The Kafka topics.")


@topics.command("list")
def list_topics(json: Json = False) -> None:
    """List the topics as declared: what each carries, its key and its settings.

    Example:
        tocsin topics list
    """
    if json:
        output.as_json([plan.__dict__ for plan in kafka_topics.plan(TOPICS)])
        return
    output.table(
        ("topic", "value", "key", "partitions", "kept", "purpose"),
        (
            (
                topic.name,
                topic.value.__name__,
                topic.key,
                topic.partitions,
                "for ever" if topic.retention is None else f"{topic.retention.days} days",
                topic.purpose,
            )
            for topic in TOPICS
        ),
        empty="none",
    )


@topics.command("apply")
def apply_topics(
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition: 3 in production.")] = 1,
    json: Json = False,
) -> None:
    """Create the topics that are missing. What exists is left as it is.

    Example:
        tocsin topics apply --replication 3
    """
    bootstrap = setting("kafka")
    try:
        outcome = asyncio.run(kafka_topics.apply(bootstrap, TOPICS, replication=replication))
    except kafka_topics.TopicsRefused as error:
        raise Failure(Exit.FAILED, str(error)) from error
    except (KafkaError, OSError) as error:
        raise Failure(Exit.AWAY, f"Kafka at {bootstrap} does not answer: {error}") from error
    if json:
        output.as_json(outcome)
    else:
        output.table(("topic", "now"), outcome.items(), empty="none")
