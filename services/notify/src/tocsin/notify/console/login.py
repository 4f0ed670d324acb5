"""Signing in with an API key, and out."""

import math
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.tries import Tries
from tocsin.notify.console.visitor import FROM_HERE, Form

LONGEST_KEY = 500
UNKNOWN = "This key opens nothing: it is unknown, over or revoked."
OFTEN = "Too many keys that open nothing came from your address: try again in {0} seconds."


def router(desk: Desk) -> APIRouter:
    """The page and its two forms."""
    routes = shell.routes()
    tries = Tries()

    @routes.get("/login")
    async def login(request: Request, to: str = "/now") -> Response:
        return shell.page(request, None, "login", to=_here(to), refused=None)

    @routes.post("/login")
    async def sign_in(request: Request, form: Form) -> Response:
        to, address = _here(form.get("to", "")), request.client.host if request.client else ""
        if (seconds := tries.wait(address, time.monotonic())) > 0:
            response = _refused(request, HTTPStatus.TOO_MANY_REQUESTS, to, OFTEN.format(math.ceil(seconds)))
            response.headers["Retry-After"] = str(math.ceil(seconds))
            return response
        token = await desk.entrance.sign_in(form.get("key", "").strip()[:LONGEST_KEY])
        if token is None:
            tries.failed(address, time.monotonic())
            return _refused(request, HTTPStatus.UNAUTHORIZED, to, UNKNOWN)
        response = shell.see(to)
        shell.set_cookie(request, response, token)
        return response

    @routes.post("/logout", dependencies=[FROM_HERE])
    async def sign_out(request: Request) -> Response:
        await desk.entrance.sign_out(request)
        return shell.see("/login")

    return routes


def _refused(request: Request, status: HTTPStatus, to: str, why: str) -> Response:
    response = shell.page(request, None, "login", to=to, refused=why)
    response.status_code = status
    return response


def _here(path: str) -> str:
    """The page of ours to go to, whatever an address said: never another site."""
    parts = urlsplit(path)
    ours = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    )
    return path if ours and path.isprintable() else "/now"
