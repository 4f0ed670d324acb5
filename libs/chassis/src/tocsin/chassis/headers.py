"""The last word on every answer: no browser guesses what it is, and nobody keeps what a key has opened."""

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.chassis.problems import MEDIA_TYPE, Problem

TOO_LARGE = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this body is larger than any that is asked for")


class Guarded:
    """An app whose answers say ``nosniff``, and ``no-store`` where a key was sent and they say nothing else.

    The framework refuses a body that is too large in plain text: here that becomes a problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        keyed = "authorization" in Headers(scope=scope)

        replaced = False

        async def guarded(message: Message) -> None:
            nonlocal replaced
            if replaced:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                too_large = message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                if too_large and headers.get("content-type") != MEDIA_TYPE:
                    await TOO_LARGE.response()(scope, receive, guarded)
                    replaced = True
                    return
                headers.setdefault("X-Content-Type-Options", "nosniff")
                if keyed:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)
