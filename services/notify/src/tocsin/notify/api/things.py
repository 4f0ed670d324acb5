"""Things that callers name, by the ids that they have here."""

from http import HTTPStatus

import asyncpg

from tocsin.chassis.problems import Problem
from tocsin.contracts import EntityId
from tocsin.notify.directory import Directory
from tocsin.notify.store import notthis


async def case_id(pool: asyncpg.Pool, name: str) -> str:
    """The id of a case by id or reference; a ``Problem`` when there is none."""
    if (found := await notthis.case(pool, name)) is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no case {name!r}; GET /v1/cases lists them")
    return found


async def entity_id(directory: Directory, name: str) -> EntityId:
    """The id of an entity by id or name; a ``Problem`` when the catalogue knows none, or several."""
    if (found := (await directory.refresh()).names.called(name)) is None:
        detail = f"the catalogue knows no {name!r}, or several: give the id that the alert has"
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    return found
