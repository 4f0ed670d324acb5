"""The page behind a signed link: shows an alert and takes it on. To look at it changes nothing.

Mail and chat programs open links by themselves: only a form that names somebody, and is sent, acts.
"""

import base64
import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

import asyncpg
from fastapi import APIRouter, Path
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.chassis.http import read_body
from tocsin.contracts import AlertRaised
from tocsin.notify.acknowledgement import How
from tocsin.notify.acknowledging import LONGEST_NAME, acknowledge
from tocsin.notify.directory import Directory
from tocsin.notify.letter import write
from tocsin.notify.line import line
from tocsin.notify.links import PATH, Expired, Forged, Links
from tocsin.notify.store import acknowledgements
from tocsin.notify.wording import utc

MOST_BYTES = 4_000  # of a form with one name in it
FORM = "application/x-www-form-urlencoded"
UNKNOWN = (
    "No alert is at this address.",
    "Open the link as it stands in the message; it may have been cut off when it was copied.",
)
LATE = (
    "This link is no longer good.",
    "Links in messages are good for 30 days. To acknowledge the alert all the same: tocsin ack.",
)
NAMELESS = "Say who you are, so that your team knows who has taken this on."

Token = Annotated[str, Path(max_length=1_000)]

_pages = Environment(loader=PackageLoader("tocsin.notify", "api"), autoescape=True, undefined=StrictUndefined)
_style = hashlib.sha256(_pages.get_template("signed.css").render().encode()).digest()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(_style).decode()}'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is what opens the alert
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class Closed(Exception):
    """A link behind which there is nothing, with the page that says so."""

    def __init__(self, page: Response) -> None:
        super().__init__()
        self.page = page


def router(pool: asyncpg.Pool, directory: Directory, links: Links) -> APIRouter:
    """The routes. They ask for no key: the link is signed, and opens one alert for one team."""
    routes = APIRouter(prefix=PATH, include_in_schema=False)

    async def show(alert: AlertRaised, wrong: str = "") -> Response:
        by = await acknowledgements.of(pool, alert)
        letter = write(alert, directory.name_of(alert.team))
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
        facts = {"letter": letter, "alert": alert, "by": by, "at": by and utc(by.at), "wrong": wrong}
        return page(status, "signed.html.j2", longest=LONGEST_NAME, **facts)

    @routes.head("/{token}")
    async def glance(token: Token) -> Response:
        try:
            return await show(await _open(pool, links, token))
        except Closed as closed:
            return closed.page

    @routes.get("/{token}")
    async def look(token: Token) -> Response:
        try:
            alert = await _open(pool, links, token)
        except Closed as closed:
            return closed.page
        await acknowledgements.opened(pool, alert.id)
        return await show(alert)

    @routes.post("/{token}")
    async def act(token: Token, request: Request) -> Response:
        try:
            alert = await _open(pool, links, token)
        except Closed as closed:
            return closed.page
        if not (who := await _name(request)):
            return await show(alert, NAMELESS)
        await acknowledge(pool, directory, alert, who, How.LINK)
        return await show(alert)

    return routes


async def _open(pool: asyncpg.Pool, links: Links, token: str) -> AlertRaised:
    """The alert that a link names; raises ``Closed`` when there is none behind it."""
    try:
        named = links.read(token, datetime.now(UTC))
    except Forged:
        raise Closed(nothing(HTTPStatus.NOT_FOUND, UNKNOWN)) from None
    except Expired:
        raise Closed(nothing(HTTPStatus.GONE, LATE)) from None
    alert = await acknowledgements.alert(pool, named.alert)
    if alert is None or alert.team != named.team:
        raise Closed(nothing(HTTPStatus.NOT_FOUND, UNKNOWN))
    return alert


async def _name(request: Request) -> str:
    """Who sends the form, as one line; empty where it is no form, or names nobody."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return ""
    sent = await read_body(request, MOST_BYTES, "give a shorter name")
    given = parse_qs(sent.decode(errors="replace"), max_num_fields=4)
    return line(given.get("name", [""])[0], LONGEST_NAME)


def nothing(status: HTTPStatus, said: tuple[str, str]) -> Response:
    """The page of a link behind which there is nothing: what is wrong, and what to do."""
    what, cure = said
    return page(status, "nothing.html.j2", what=what, cure=cure)


def page(status: HTTPStatus, template: str, **facts: Any) -> Response:
    """A page behind a signed link, with the headers of such; it asks for nothing from outside."""
    return HTMLResponse(_pages.get_template(template).render(**facts), status, HEADERS)
