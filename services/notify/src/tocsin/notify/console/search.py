"""Search over cases, notices and entities."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.console import shell, words
from tocsin.notify.console.catalogue import matching
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import Guest
from tocsin.notify.store import found

LONGEST = 200
MOST = 15  # of each sort


def router(desk: Desk) -> APIRouter:
    """The page."""
    routes = shell.routes()

    @routes.get("/search")
    async def search(request: Request, guest: Guest, q: str = "") -> Response:
        asked = words.one_line(q, LONGEST)
        standing = await desk.directory.refresh()
        entities = matching(standing.entities, asked) if asked else []
        cases = await found.cases(desk.pool, asked, [one.id for one in entities], MOST) if asked else []
        return shell.page(
            request,
            guest,
            "search",
            q=asked,
            cases=[{"ref": case.ref, "title": words.title(case), "case": case} for case in cases],
            notices=await found.notices(desk.pool, asked, MOST) if asked else [],
            entities=entities[:MOST],
        )

    return routes
