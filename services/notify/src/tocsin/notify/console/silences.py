"""Silences and refusals of a team: what stands, until when, by whom and why; each can be ended here."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.notify.api.notthis import Number
from tocsin.notify.console import shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import FROM_HERE, Guest
from tocsin.notify.store import console, notthis, silences

HOURS = (1, 4, 12, 24, 72, 168)  # for which a silence can be made with one click
LONGEST_REASON = 500


def router(desk: Desk) -> APIRouter:
    """The page and its two forms."""
    routes = shell.routes()

    @routes.get("/silences")
    async def listed(request: Request, guest: Guest, team: str = "") -> Response:
        teams, now = (await desk.directory.refresh()).teams, datetime.now(UTC)
        whose = guest.team(words.among(teams, team))
        shown = [whose] if whose is not None else list(teams)
        return shell.page(
            request,
            guest,
            "silences",
            silences=await console.silences(desk.pool, shown, now),
            refusals=await console.refusals(desk.pool, shown),
            team=whose,
            teams=teams,
        )

    @routes.post("/silences/{team}/{number}/end", dependencies=[FROM_HERE])
    async def end(request: Request, guest: Guest, team: str, number: Number) -> Response:
        async with desk.on_record(request, guest, team):
            if not await silences.end(desk.pool, team, number, guest.caller.name, datetime.now(UTC)):
                raise Problem(HTTPStatus.NOT_FOUND, "This silence is over already.")
        return shell.see("/silences")

    @routes.post("/not-this/{team}/{number}/take-back", dependencies=[FROM_HERE])
    async def take_back(request: Request, guest: Guest, team: str, number: Number) -> Response:
        async with desk.on_record(request, guest, team):
            if not await notthis.take_back(desk.pool, team, number, guest.caller.name):
                raise Problem(HTTPStatus.NOT_FOUND, "This refusal has been taken back already.")
        return shell.see("/silences")

    return routes
