"""The page behind a mail's List-Unsubscribe: one click takes an address out (RFC 8058).

Mail programs open links by themselves: only the form, sent by its button or by the reader's provider, acts.
"""

from email import message_from_bytes
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

import asyncpg
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from tocsin.chassis.http import read_body
from tocsin.notify.api.signed import FORM, nothing, page
from tocsin.notify.directory import Directory
from tocsin.notify.links import UNSUBSCRIBE, Forged, Links, Reader
from tocsin.notify.store import unsubscribed

MOST_BYTES = 4_000  # of a form with one field in it
MULTIPART = "multipart/form-data"
FIELD, CLICK = "List-Unsubscribe", "One-Click"  # RFC 8058, 3.1
UNKNOWN = (
    "No address is behind this link.",
    "Open the link as it stands in the mail; it may have been cut off when it was copied.",
)

Token = Annotated[str, Path(max_length=2_000)]


def router(pool: asyncpg.Pool, directory: Directory, links: Links) -> APIRouter:
    """The routes. They ask for no key: the link is signed, and is of one address on one channel."""
    routes = APIRouter(prefix=UNSUBSCRIBE, include_in_schema=False)

    async def show(reader: Reader) -> Response:
        left = reader.address.lower() in await unsubscribed.on(pool, reader.team, reader.channel)
        name = directory.name_of(reader.team)
        return page(HTTPStatus.OK, "unsubscribe.html.j2", reader=reader, team=name, left=left)

    @routes.head("/{token}")
    @routes.get("/{token}")
    async def look(token: Token) -> Response:
        try:
            return await show(links.reader(token))
        except Forged:
            return nothing(HTTPStatus.NOT_FOUND, UNKNOWN)

    @routes.post("/{token}")
    async def act(token: Token, request: Request) -> Response:
        try:
            reader = links.reader(token)
        except Forged:
            return nothing(HTTPStatus.NOT_FOUND, UNKNOWN)
        if await _clicked(request):
            await unsubscribed.enter(pool, reader)
        return await show(reader)

    return routes


async def _clicked(request: Request) -> bool:
    """Whether the form was sent, in either of the ways that RFC 8058 has (3.2)."""
    kind = request.headers.get("content-type", "")
    sort = kind.partition(";")[0].strip().lower()
    sent = await read_body(request, MOST_BYTES, "send the form of the page")
    if sort == FORM:
        return parse_qs(sent.decode(errors="replace"), max_num_fields=4).get(FIELD) == [CLICK]
    return sort == MULTIPART and _among_parts(f"Content-Type: {kind}\r\n\r\n".encode() + sent)


def _among_parts(form: bytes) -> bool:
    for part in message_from_bytes(form).walk():
        if part.get_param("name", header="content-disposition") == FIELD and not part.is_multipart():
            return part.get_payload(decode=True) == CLICK.encode()
    return False
