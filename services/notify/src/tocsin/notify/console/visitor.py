"""Visitors: who looks at the console, by a session that an API key opened or by a trusted proxy's word."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import asyncpg
from fastapi import Depends
from pydantic import SecretStr
from starlette.requests import Request

from tocsin.chassis.http import read_body
from tocsin.chassis.problems import Problem
from tocsin.notify.access import Caller, Scope
from tocsin.notify.line import line
from tocsin.notify.store import keys, sessions

COOKIE = "tocsin_console"
CSRF = "csrf"
FORM = "application/x-www-form-urlencoded"
MOST_FORM_BYTES = 64_000
LONGEST_NAME = 100


class NotSignedIn(Exception):
    """Nobody is known to stand behind this request: the login page is the way on."""


@dataclass(frozen=True)
class Visitor:
    """Who looks, and the token that a form of theirs must carry."""

    caller: Caller
    csrf: str

    @property
    def may_change(self) -> bool:
        """Whether forms are of any use to this visitor."""
        return self.caller.scope is not Scope.READ

    def team(self, asked: str) -> str | None:
        """Whose things are shown, None for all: a team's own caller sees its own, others choose."""
        return self.caller.team or asked or None

    def own(self, team: str) -> str:
        """The team, if this visitor may change its things; else a ``Problem``."""
        if not self.caller.sees(team):
            raise Problem(HTTPStatus.NOT_FOUND, "there is nothing here")
        if not self.may_change:
            raise Problem(HTTPStatus.FORBIDDEN, "this key only reads: ask for one of the team's own")
        return team


@dataclass(frozen=True)
class Proxy:
    """A reverse proxy that has signed people in, and says who they are by headers of these names.

    Whoever names a team in ``team_header`` acts for it; ``admins`` act for all; the rest read.
    """

    networks: Sequence[IPv4Network | IPv6Network]
    user_header: str
    team_header: str
    admins: Sequence[str]

    def caller(self, request: Request) -> Caller | None:
        """Whom it names; None when the request comes from elsewhere, or names nobody."""
        peer = ip_address(request.client.host) if request.client else None
        user = line(request.headers.get(self.user_header, ""), LONGEST_NAME)
        if not user or peer is None or not any(peer in network for network in self.networks):
            return None
        if user in self.admins:
            return Caller(user, Scope.ADMIN)
        team = request.headers.get(self.team_header, "")
        return Caller(user, Scope.TEAM, team) if team else Caller(user, Scope.READ)


class Entrance:
    """Lets visitors in and out. ``known`` are the keys of the settings: an administrator's."""

    def __init__(self, pool: asyncpg.Pool, known: Sequence[SecretStr], proxy: Proxy | None = None) -> None:
        self._pool = pool
        self._known = [keys.digest_of(key.get_secret_value()) for key in known]
        self._proxy = proxy

    async def caller(self, request: Request) -> Caller | None:
        """Who stands behind a request; None when nobody is known to."""
        if self._proxy is not None and (named := self._proxy.caller(request)) is not None:
            return named
        key = await sessions.key_of(self._pool, _digest(cookie_of(request)))
        return await self._holder(key) if key is not None else None

    async def sign_in(self, key: str) -> str | None:
        """A session for whoever has this key, as the cookie's new value; None when nobody has such a key."""
        digest = keys.digest_of(key)
        if await self._holder(digest) is None:
            return None
        token = secrets.token_hex(32)
        await sessions.begin(self._pool, _digest(token), digest)
        return token

    async def sign_out(self, request: Request) -> None:
        """The visitor's session is over."""
        await sessions.end(self._pool, _digest(cookie_of(request)))

    async def _holder(self, digest: bytes) -> Caller | None:
        hits = [hmac.compare_digest(digest, known) for known in self._known]
        return Caller("settings", Scope.ADMIN) if any(hits) else await keys.holder(self._pool, digest)


def cookie_of(request: Request) -> str:
    """The value of the visitor's cookie: the one it came with, or the one that the answer will set."""
    given: str | None = request.cookies.get(COOKIE)
    if given is None:
        given = getattr(request.state, "cookie", None) or secrets.token_hex(32)
        request.state.cookie = given
    return given


def csrf_of(request: Request) -> str:
    """What a form must carry: made of the cookie, which no other site can read."""
    return hashlib.sha256(f"csrf {cookie_of(request)}".encode()).hexdigest()


async def visitor(request: Request) -> Visitor:
    """The visitor of a page; raises ``NotSignedIn``."""
    caller = await request.app.state.console.entrance.caller(request)
    if caller is None:
        raise NotSignedIn
    return Visitor(caller, csrf_of(request))


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form that one of our own pages sent; a ``Problem`` when another site did."""
    if request.headers.get("content-type", "").partition(";")[0] != FORM:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send a form: {FORM}")
    body = await read_body(request, MOST_FORM_BYTES, "write less")
    try:
        fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"this form cannot be read: {error}") from error
    sent = fields.pop(CSRF, "")
    if not _from_here(request) or not hmac.compare_digest(sent.encode(), csrf_of(request).encode()):
        raise Problem(HTTPStatus.FORBIDDEN, "this form is not from here, or too old: go back, load it anew")
    return fields


def _from_here(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this; browsers say one of the two at least."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


Guest = Annotated[Visitor, Depends(visitor)]
Form = Annotated[Mapping[str, str], Depends(form)]
FROM_HERE = Depends(form)  # for a form that has nothing to say but that it is ours
