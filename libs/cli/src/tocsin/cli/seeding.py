"""Putting entries on the catalogue's topic, and reading what is there."""

import asyncio
from collections.abc import Iterable, Mapping

from tocsin.chassis import producer
from tocsin.chassis.health import Health
from tocsin.chassis.table import Table, follow
from tocsin.contracts import CATALOGUE, Entity
from tocsin.contracts.cloudevents import Record


def records(wanted: Iterable[Entity], present: Mapping[str, Entity], *, prune: bool) -> list[Record]:
    """The records that turn what is present into what is wanted; none when they are alike.

    What is present and not wanted stays, for an operator may have accepted it, unless ``prune`` is set.
    """
    by_id = {entity.id: entity for entity in wanted}
    changed = [
        Record(entity.id.encode(), entity.model_dump_json().encode())
        for entity in by_id.values()
        if present.get(entity.id) != entity
    ]
    gone = [name for name in present if prune and name not in by_id]
    return changed + [Record(name.encode(), None) for name in gone]


async def seed(bootstrap: str, wanted: Iterable[Entity], *, empty: bool, prune: bool = False) -> int:
    """Bring the topic up to date; gives how many entries changed.

    ``empty`` says that the topic was made just now, so that there is nothing to read first.
    """
    present = {} if empty else await live(bootstrap)
    changes = records(wanted, present, prune=prune)
    failures: list[BaseException] = []
    async with producer.connect(bootstrap, failures.append) as kafka:
        await kafka.publish(CATALOGUE, changes)
    return len(changes)


async def live(bootstrap: str) -> dict[str, Entity]:
    """The catalogue as the services know it."""
    rows: dict[str, Entity] = {}
    table = Table(CATALOGUE, Entity, rows.update, Health())
    try:
        async with asyncio.timeout(10), follow(bootstrap, table, lambda _: None):
            return rows
    except TimeoutError:
        return {}  # an empty table never counts as loaded: so it is empty
