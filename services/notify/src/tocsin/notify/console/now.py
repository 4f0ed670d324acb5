"""Now: the open cases that concern the visitor, newest step first, and what is not confirmed of them."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.console import shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import Guest
from tocsin.notify.store import console

MOST = 50


def router(desk: Desk) -> APIRouter:
    """The page, and the way to it."""
    routes = shell.routes()

    @routes.get("/")
    async def start() -> Response:
        return shell.see("/now")

    @routes.get("/now")
    async def now(request: Request, guest: Guest, team: str = "", show: str = "") -> Response:
        teams = (await desk.directory.refresh()).teams
        whose, unconfirmed = guest.team(words.among(teams, team)), show == "unconfirmed"
        found = await console.open_cases(desk.pool, whose, MOST, unconfirmed=unconfirmed)
        return shell.live(
            request,
            guest,
            "now",
            cases=[{"title": words.title(one.case), "open": one} for one in found],
            unconfirmed=sum(not one.case.confirmed for one in found),
            only_unconfirmed=unconfirmed,
            most=MOST,
            team=whose,
            teams=teams,
        )

    return routes
