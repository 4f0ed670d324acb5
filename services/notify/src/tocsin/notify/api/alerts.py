"""One alert over HTTP: what became of it, and somebody's taking it on."""

from http import HTTPStatus
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.contracts import AlertRaised
from tocsin.contracts.declared import Declared, Name
from tocsin.notify.access import Caller
from tocsin.notify.acknowledgement import Acknowledgement, How
from tocsin.notify.acknowledging import acknowledge
from tocsin.notify.api.door import Asking, Changing
from tocsin.notify.api.pages import WITHOUT_NUL, Thing
from tocsin.notify.api.tags import IfNoneMatch, tagged
from tocsin.notify.directory import Directory
from tocsin.notify.store import acknowledgements, timeline

AlertId = Annotated[str, Path(max_length=200, pattern=WITHOUT_NUL)]


class Taking(Declared):
    """Who takes an alert on."""

    author: Name


class Taken(BaseModel):
    """Who has taken it on: whoever did so first. ``new`` when that was this call."""

    acknowledged: Acknowledgement
    new: bool


class TimeLine(BaseModel):
    """What became of an alert, oldest first: each with ``at``, ``what``, ``channel``, ``detail``."""

    items: list[dict[str, Any]]


def router(pool: asyncpg.Pool, directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/alerts/{alert}", tags=["alerts"])

    @routes.get(
        "",
        summary="One alert, who has acknowledged it, and what follows if nobody does",
        response_model=Thing,
    )
    async def one(alert: AlertId, caller: Asking, if_none_match: IfNoneMatch = None) -> Response:
        return tagged(await timeline.alert(pool, await _find(pool, alert, caller)), if_none_match)

    @routes.get("/timeline", summary="What became of an alert")
    async def events(alert: AlertId, caller: Asking) -> TimeLine:
        found = await _find(pool, alert, caller)
        return TimeLine(items=await timeline.events(pool, found.id))

    @routes.post("/acknowledge", summary="Take an alert on; nothing further follows for it")
    async def take(alert: AlertId, taking: Taking, caller: Asking, change: Changing) -> Taken:
        found = await _find(pool, alert, caller)
        change.team = found.team
        made = await acknowledge(pool, directory, found, taking.author, How.API)
        return Taken(acknowledged=made.by, new=made.new)

    return routes


async def _find(pool: asyncpg.Pool, identity: str, caller: Caller) -> AlertRaised:
    """An alert that the caller may see; a ``Problem`` where there is none."""
    found = await acknowledgements.alert(pool, identity)
    if found is None or not caller.sees(found.team):
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no alert {identity!r}; GET /v1/alerts lists them")
    return found
