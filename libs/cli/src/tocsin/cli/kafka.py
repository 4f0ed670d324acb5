"""Asking Kafka from the command line: progress while it lasts, and every failure told as what to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import archive
from tocsin.chassis.archive import NoSuchTopic, Tell
from tocsin.cli import output
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.contracts import Topic

T = TypeVar("T")


def ask(work: Callable[[str, Tell], Awaitable[T]]) -> T:
    """Do some work with Kafka, given its address and where to tell of progress."""
    bootstrap = setting("kafka")

    async def go(tell: Tell) -> T:
        return await work(bootstrap, tell)

    try:
        with output.progress() as tell:
            return asyncio.run(go(tell))
    except NoSuchTopic as error:
        raise Failure(Exit.FAILED, str(error)) from error
    except (KafkaError, OSError) as error:
        raise Failure(Exit.AWAY, f"Kafka at {bootstrap} does not answer: {error!r}") from error


async def records(
    bootstrap: str, topic: Topic, since: datetime, tell: Tell
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """What was written to a topic from then until now, some at a time."""
    async with archive.opened(bootstrap, [topic.name], tell) as kept:
        async for some in kept.read(f"reading {topic.name}", await kept.spans(topic.name, since)):
            yield some
