"""The catalogue over HTTP, as notify knows it: what watches can name."""

import base64
import binascii
from bisect import bisect_right
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.contracts import Entity, EntityId, Kind
from tocsin.notify.api.pages import WITHOUT_NUL, Cursor, Limit
from tocsin.notify.api.tags import IfNoneMatch, tagged
from tocsin.notify.directory import Directory
from tocsin.notify.routing.names import fold

Text = Annotated[
    str, Query(max_length=100, pattern=WITHOUT_NUL, description="A part of the id, a name or an alias.")
]


class Entities(BaseModel):
    """A page by id; ask for the one after it with ``next``, which is null on the last."""

    items: list[Entity]
    next: str | None


def router(directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/entities", tags=["catalogue"])

    @routes.get("", summary="Models, vendors, chips and authorities that the catalogue knows")
    async def listed(
        kind: Kind | None = None, text: Text = "", limit: Limit = 50, cursor: Cursor = None
    ) -> Entities:
        known = (await directory.refresh()).entities
        start = bisect_right(known, _after(cursor), key=lambda one: one.id) if cursor else 0
        wanted = fold(text)
        found: list[Entity] = []
        for one in known[start:]:
            if (kind is None or one.kind is kind) and (not wanted or _has(one, wanted)):
                found.append(one)
            if len(found) > limit:
                break
        more = len(found) > limit
        return Entities(items=found[:limit], next=_cursor(found[limit - 1].id) if more else None)

    @routes.get("/{entity}", summary="One entity, by id", response_model=Entity)
    async def one(
        entity: Annotated[EntityId, Path(max_length=200)], if_none_match: IfNoneMatch = None
    ) -> Response:
        known = (await directory.refresh()).entities
        found = next((one for one in known if one.id == entity), None)
        if found is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"the catalogue knows no {entity!r}; GET /v1/entities lists it"
            )
        return tagged(found, if_none_match)

    return routes


def _has(entity: Entity, text: str) -> bool:
    return any(text in fold(name) for name in (entity.id, entity.name, *entity.aliases, *entity.api_ids))


def _cursor(identity: EntityId) -> str:
    return base64.urlsafe_b64encode(identity.encode()).decode()


def _after(cursor: str) -> EntityId:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except (ValueError, binascii.Error) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "this cursor is none of ours: send `next` unchanged") from error
