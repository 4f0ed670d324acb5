"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a call sent twice makes one thing."""

import hashlib
import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

import asyncpg
from fastapi import Header
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tocsin.chassis.problems import Problem
from tocsin.notify.api.door import Asking, refuses
from tocsin.notify.store import kept

Repeat = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of yours, a UUID say: the same call with it again, within 24 hours, makes "
        "nothing more and is answered alike.",
    ),
]


class Repeated(Problem):
    """Not a problem: ends a call before its route is asked, with the answer that the first one got."""

    def __init__(self, status: int, answer: object) -> None:
        super().__init__(HTTPStatus(status), "answered before")
        self.answer = answer

    def response(self) -> Response:
        return JSONResponse(self.answer, self.status, headers={"Idempotency-Replayed": "true"})


class Once:
    """Takes a call's key before its route is asked; for routes of class ``Creating``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def begin(self, request: Request, caller: Asking, key: Repeat = None) -> None:
        """Let a call with a new key pass; another is answered as the first, or with 409 or 422."""
        if key is None:
            return
        body = await request.body()
        asked = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()
        taken = kept.Taken(self._pool, caller.name, key)
        found = await kept.begin(taken, asked)
        if found is None:
            request.state.taken = taken
        elif found.asked != asked:
            detail = "this Idempotency-Key was sent with another call: take a new one"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        elif found.status is None:
            detail = "the first call with this Idempotency-Key is in hand: ask again in a moment"
            raise Problem(HTTPStatus.CONFLICT, detail, headers={"Retry-After": "1"})
        else:
            raise Repeated(found.status, found.answer)


class Creating(APIRoute):
    """A route whose answers are kept for a repeat; a refusal is not: what was wrong may be mended.

    After a failure of ours the key stays taken for a minute: nobody knows what was made.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await answer(request)
            except Exception as error:
                if refuses(error) and (taken := _taken(request)) is not None:
                    await kept.let_go(taken)
                raise
            if (taken := _taken(request)) is not None:
                await kept.keep(taken, response.status_code, json.loads(bytes(response.body)))
            return response

        return handle


def _taken(request: Request) -> kept.Taken | None:
    return getattr(request.state, "taken", None)
