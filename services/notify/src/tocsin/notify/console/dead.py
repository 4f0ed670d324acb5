"""Dead letters: what waits and why, read when asked for, and the commands that deal with it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.access import Scope
from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.letters import Unread
from tocsin.notify.console.visitor import Guest

MOST = 50


def router(desk: Desk) -> APIRouter:
    """The page. What lies in Kafka is the operator's: a team is not shown it."""
    routes = shell.routes()

    @routes.get("/dead")
    async def listed(request: Request, guest: Guest, read: str = "") -> Response:
        letters, away = None, None
        may_read = guest.caller.scope is not Scope.TEAM
        if read and may_read:
            try:
                letters = await desk.letters.waiting()
            except Unread as error:
                away = str(error)
        topics = [topic.dead for topic in desk.letters.topics]
        facts = {"letters": letters, "most": MOST, "away": away, "may_read": may_read}
        return shell.page(request, guest, "dead", topics=topics, **facts)

    return routes
