"""Deliveries: the ledger with every attempt; what failed can be tried again."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.api.again import try_again
from tocsin.notify.api.pages import cursor_at, position
from tocsin.notify.console import shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import FROM_HERE, Guest
from tocsin.notify.store import again, reading
from tocsin.notify.store.reading import Page

MOST = 40
MOST_ATTEMPTS = 5  # of a delivery, the latest
STATES = {
    "pending": "waiting",
    "delivered": "delivered",
    "failed": "failed",
    "folded": "in a summary",
    "cancelled": "cancelled",
}


def router(desk: Desk) -> APIRouter:
    """The page and its form."""
    routes = shell.routes()

    @routes.get("/deliveries")
    async def listed(  # noqa: PLR0913, PLR0917 # a parameter of the query each
        request: Request, guest: Guest, team: str = "", state: str = "", summary: str = "", cursor: str = ""
    ) -> Response:
        teams = (await desk.directory.refresh()).teams
        whose, state = guest.team(words.among(teams, team)), words.among(STATES, state)
        asked = Page(limit=MOST, before=position(cursor) if cursor else None)
        rows = await reading.deliveries(desk.pool, asked, whose, state or None, summary=summary or None)
        return shell.page(
            request,
            guest,
            "deliveries",
            deliveries=[row | {"log": row["log"][-MOST_ATTEMPTS:]} for row in rows],
            next=cursor_at(rows[-1]["seq"]) if len(rows) == MOST else None,
            states=STATES,
            state=state,
            summary=summary,
            team=whose,
            teams=teams,
        )

    @routes.post("/deliveries/{identity}/retry", dependencies=[FROM_HERE])
    async def retry(request: Request, guest: Guest, identity: str) -> Response:
        found = await again.one(desk.pool, identity)
        team = found.found.team if found is not None else ""
        async with desk.on_record(request, guest, team):
            await desk.directory.refresh()
            await try_again(desk.pool, desk.directory, identity, guest.caller)
        return shell.see(f"/deliveries?team={team}")

    return routes
