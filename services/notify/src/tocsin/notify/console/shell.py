"""The shell: what every page of the console has, from its frame to its headers."""

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.chassis.problems import Problem
from tocsin.notify.console import words
from tocsin.notify.console.visitor import COOKIE, NotSignedIn, Visitor, csrf_of
from tocsin.notify.store.sessions import LIVES

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for what does not know frame-ancestors
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MENU = {
    "/now": "Now",
    "/watches": "Watches",
    "/silences": "Silences",
    "/deliveries": "Deliveries",
    "/sources": "Sources",
    "/catalogue": "Catalogue",
    "/dead": "Dead letters",
    "/audit": "Audit",
}
TYPES = {".css": "text/css", ".js": "text/javascript"}
STATIC = {
    one.name: one.read_bytes()
    for one in files("tocsin.notify.console").joinpath("static").iterdir()
    if one.name.endswith(tuple(TYPES))
}


def _versioned(name: str) -> str:
    """The address of a static file; it changes with the file, so that it can be kept for ever."""
    return f"/static/{name}?v={hashlib.sha256(STATIC[name]).hexdigest()[:12]}"


_pages = Environment(
    loader=PackageLoader("tocsin.notify.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals |= {"static": _versioned, "menu": MENU}
_pages.filters |= {
    "utc": words.utc,
    "iso": words.iso,
    "line": words.one_line,
    "link": words.link,
    "plain": words.plain,
}


class ConsoleRoute(APIRoute):
    """A route that answers in pages, errors included, each with the headers that every page has."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except NotSignedIn:
                response = _to_login(request)
            except Problem as problem:
                response = _mishap(request, problem.status, problem.detail)
            except RequestValidationError:
                response = _mishap(request, HTTPStatus.NOT_FOUND, "no page is at this address")
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            _keep_cookie(request, response)
            return response

        return answer


def routes() -> APIRouter:
    """A router for pages."""
    return APIRouter(route_class=ConsoleRoute, include_in_schema=False)


def page(request: Request, guest: Visitor | None, template: str, **facts: object) -> Response:
    """A whole page."""
    return HTMLResponse(_render(request, guest, template, facts))


def live(request: Request, guest: Visitor, template: str, **facts: object) -> Response:
    """A page whose part ``live/TEMPLATE`` keeps itself current.

    The part asks for itself every few seconds and says what it has; while that stands, the answer is empty.
    """
    part = _render(request, guest, f"live/{template}", facts)
    seen = hashlib.sha256(part.encode()).hexdigest()[:16]
    if request.headers.get("hx-request") and request.query_params.get("seen") == seen:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    asked = {name: value for name, value in request.query_params.items() if name != "seen"} | {"seen": seen}
    again = f"{quote(request.url.path)}?{urlencode(asked)}"
    return page(request, guest, template, live=Markup(part), again=again, **facts)  # noqa: S704 # rendered by us, escaped


def see(path: str) -> Response:
    """After a form: go and look there."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


async def static(name: str) -> Response:
    """A static file: only what was there at the start is at any address."""
    if name not in STATIC:
        raise Problem(HTTPStatus.NOT_FOUND, "no page is at this address")
    kind = TYPES[f".{name.rsplit('.', 1)[1]}"]
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STATIC[name], media_type=kind, headers=kept)


def set_cookie(request: Request, response: Response, value: str) -> None:
    """The visitor's cookie, which no script can read and no other site's form carries."""
    request.state.cookie = None
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(LIVES.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.app.state.console.secure or request.url.scheme == "https",
    )


def _keep_cookie(request: Request, response: Response) -> None:
    if (fresh := getattr(request.state, "cookie", None)) is not None:
        set_cookie(request, response, fresh)


def _render(request: Request, guest: Visitor | None, template: str, facts: dict[str, object]) -> str:
    frame = {"guest": guest, "csrf": csrf_of(request), "path": request.url.path}
    return _pages.get_template(f"{template}.html").render(frame | facts)


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request") or request.method != "GET":
        return _mishap(request, HTTPStatus.UNAUTHORIZED, "your session is over: sign in again")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode({'to': here})}", HTTPStatus.SEE_OTHER)


def _mishap(request: Request, status: HTTPStatus, detail: str) -> Response:
    response = page(request, None, "mishap", title=status.phrase, detail=detail)
    response.status_code = status
    return response
