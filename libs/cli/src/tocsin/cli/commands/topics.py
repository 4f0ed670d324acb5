"""`tocsin topics` and `tocsin catalogue`: the explicit steps that put things on Kafka."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from tocsin.chassis import topics as kafka_topics
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.cli.seeding import seed
from tocsin.contracts import TOPICS

topics = typer.Typer(no_args_is_help=True, help="The Kafka topics.")
catalogue = typer.Typer(no_args_is_help=True, help="The catalogue of models, vendors, chips and authorities.")


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


@catalogue.command("apply")
def apply_catalogue(json: Json = False) -> None:
    """Put the shipped catalogue on its topic: changes only. Services take it over at once.

    Example:
        tocsin catalogue apply
    """
    changed = asyncio.run(seed(setting("kafka"), load_catalogue(), empty=False))
    if json:
        output.as_json({"changed": changed})
    else:
        output.console.print(f"{changed} entries changed")


@catalogue.command("find")
def find(
    name: Annotated[str, typer.Argument(help="Part of a name, alias, API id or family.")],
    json: Json = False,
) -> None:
    """Look names up in the shipped catalogue, as watches may use them.

    Example:
        tocsin catalogue find fable
    """
    wanted = name.casefold()
    found = [
        entity
        for entity in load_catalogue()
        if any(
            wanted in known.casefold()
            for known in (entity.id, entity.name, entity.family or "", *entity.aliases, *entity.api_ids)
        )
    ]
    if json:
        output.as_json([entity.model_dump(mode="json") for entity in found])
        return
    output.table(
        ("kind", "name", "family", "vendor", "also written"),
        (
            (
                e.kind,
                e.name,
                e.family,
                e.vendor and e.vendor.partition(":")[2],
                ", ".join(e.aliases + e.api_ids),
            )
            for e in found
        ),
        empty=f"The catalogue knows nothing like {name!r}.",
    )
