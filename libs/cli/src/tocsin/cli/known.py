"""The catalogue as notify knows it, which is what watches are held against."""

import time
from http import HTTPStatus
from typing import Any

from tocsin.chassis.archive import Tell
from tocsin.cli.client import Refused, call
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.kafka import ask
from tocsin.cli.place import setting
from tocsin.cli.seeding import seed
from tocsin.contracts import Entity

PAGE = 500
PATIENCE = 30.0  # seconds; it takes one where Kafka and notify are well
PAUSE = 0.5


def catalogue() -> dict[str, Entity]:
    """Every entry by id."""
    found: dict[str, Entity] = {}
    params = {"limit": str(PAGE)}
    while True:
        page = call("GET", f"{setting('notify_url')}/v1/entities", setting("api_key"), params=params)
        found |= {one["id"]: Entity.model_validate(one) for one in page["items"]}
        if page["next"] is None:
            return found
        params |= {"cursor": page["next"]}


def changes(wanted: list[Entity], known: dict[str, Entity]) -> list[dict[str, Any]]:
    """What entries would change, in the form in which notify tells of changes of teams."""
    return [
        {
            "what": "changed" if one.id in known else "added",
            "team": "catalogue",
            "sort": one.kind.value,
            "name": one.name,
            "before": _told(known.get(one.id), one),
            "after": _told(one, known.get(one.id)),
        }
        for one in wanted
        if known.get(one.id) != one
    ]


def put(wanted: list[Entity]) -> None:
    """Put one or more entries on the catalogue's topic, and wait until notify knows them.

    Raises ``Failure`` when it does not within half a minute; what is on the topic stays there.
    """

    async def work(bootstrap: str, _: Tell) -> int:
        return await seed(bootstrap, wanted, empty=False)

    ask(work)
    end = time.monotonic() + PATIENCE
    last = wanted[-1]  # the topic has one partition, so the others are read before it
    while _of_notify(last.id) != last:
        if time.monotonic() > end:
            raise Failure(
                Exit.AWAY,
                f"{last.id} is in the catalogue, and notify has not read it after {PATIENCE:.0f} s",
                "the teams are as they were; see tocsin doctor, and apply again when notify reads Kafka",
            )
        time.sleep(PAUSE)


def _of_notify(identity: str) -> Entity | None:
    try:
        answer = call("GET", f"{setting('notify_url')}/v1/entities/{identity}", setting("api_key"))
    except Refused as refused:
        if refused.problem.get("status") == HTTPStatus.NOT_FOUND:
            return None
        raise
    return Entity.model_validate(answer)


def _told(entity: Entity | None, other: Entity | None) -> dict[str, Any] | None:
    """What an entry says that the other does not; of a new one, all that is not as a matter of course."""
    if entity is None:
        return None
    if other is None:
        return entity.model_dump(mode="json", exclude_defaults=True)
    differs = {field for field, value in entity if value != getattr(other, field)}
    return entity.model_dump(mode="json", include=differs)
