"""Fetches documents over HTTP, politely and within caps; addresses are checked at connect time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import aiohttp

from tocsin.chassis import outbound
from tocsin.ingest import freshness, inflate, masks
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.robots import Robots
from tocsin.ingest.source import Source

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
CHUNK = 65_536
REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
# Of robots.txt: 4xx, or a page in its place. 429 is not among them: it asks for less, not for more.
NO_RULES = {Outcome.REFUSED, Outcome.GONE, Outcome.EMPTY, Outcome.HTML, Outcome.ERROR_PAGE}
MAX_HEADER = 1_000


@dataclass(frozen=True)
class Caps:
    """The most that one fetch may cost."""

    max_bytes: int
    seconds: float
    redirects: int


@contextlib.asynccontextmanager
async def session(
    user_agent: str, allowed: Sequence[outbound.Network], *, limit: int
) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client that carries nothing over from one source to another."""
    async with aiohttp.ClientSession(
        connector=outbound.connector(allowed, limit=limit),
        headers={"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # see inflate: one chunk of a bomb would be held whole
        requote_redirect_url=False,
    ) as client:
        yield client


class Web:
    """Fetches documents; one may be shared by all sources."""

    def __init__(self, client: aiohttp.ClientSession, caps: Caps) -> None:
        self._client = client
        self._caps = caps
        self._robots = Robots(client.headers["User-Agent"], self._rules)

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The source's document, or None when it is what it was. Raises ``PollFailed``."""
        return await self.get(source.location, known)

    async def get(self, url: str, known: Validators, *, page: bool = False) -> Fetched | None:
        """What stands at an address, or None when it is what it was.

        A ``page`` is fetched only if robots.txt allows it; where none is meant, one that comes is none of
        the source's. Raises ``PollFailed`` with what went wrong.
        """
        try:
            async with asyncio.timeout(self._caps.seconds):
                return await self._follow(url, known, page=page)
        except TimeoutError as error:
            raise PollFailed(Outcome.TIMEOUT, f"no whole answer in {self._caps.seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PollFailed(_class(error), _words(error)) from error

    async def _rules(self, url: str) -> bytes | None:
        try:
            fetched = await self.get(url, Validators())
        except PollFailed as error:
            if error.outcome not in NO_RULES:
                raise
            return None
        return fetched.body if fetched is not None else None

    async def _follow(self, url: str, known: Validators, *, page: bool) -> Fetched | None:
        moved_to, permanent = None, True
        for _ in range(self._caps.redirects + 1):
            if page:
                await self._robots.check(url)
            async with self._client.get(url, headers=_conditions(known), allow_redirects=False) as answer:
                target = answer.headers.get("Location")
                if answer.status not in REDIRECTS or target is None:
                    return await self._read(answer, url, known, moved_to, page=page)
                url = _next(url, target)
                permanent = permanent and answer.status in PERMANENT
                if permanent:
                    moved_to = url
                    # With a document, not with "nothing new": else a quiet source could not be seen to move.
                    known = Validators(memory=known.memory)
        raise PollFailed(Outcome.REDIRECTS, f"more than {self._caps.redirects} redirects, the last to {url}")

    async def _read(
        self, answer: aiohttp.ClientResponse, url: str, known: Validators, moved_to: str | None, *, page: bool
    ) -> Fetched | None:
        if answer.status == HTTPStatus.NOT_MODIFIED and _conditions(known):
            return None
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        encoding = answer.headers.get("Content-Encoding", "")
        body = await inflate.read(answer.content.iter_chunked(CHUNK), encoding, self._caps.max_bytes)
        if not body.strip():
            raise PollFailed(Outcome.EMPTY, "status 200 and an empty body")
        masked = masks.unmask(body, answer.headers, page=page)
        if masked is not None:
            raise PollFailed(*masked)
        return Fetched(
            body,
            url,
            answer.headers.get("Content-Type", "")[:MAX_HEADER],
            Validators(_kept(answer, "ETag"), _kept(answer, "Last-Modified"), known.memory),
            fresh_for=freshness.fresh_for(answer.headers, datetime.now(UTC)),
            moved_to=moved_to,
        )


def _conditions(known: Validators) -> dict[str, str]:
    # Both: some sources honour the one and ignore the other.
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in asked.items() if value is not None}


def _kept(answer: aiohttp.ClientResponse, name: str) -> str | None:
    value = answer.headers.get(name)
    # It is sent back and stored: printable ASCII of a sane length, or not at all.
    return value if value and len(value) <= MAX_HEADER and value.isascii() and value.isprintable() else None


def _next(url: str, target: str) -> str:
    joined = urljoin(url, target)
    parts = urlsplit(joined)
    if parts.scheme not in {"http", "https"} or parts.username is not None:
        raise PollFailed(Outcome.FORBIDDEN, f"redirected to {joined[:MAX_HEADER]!r}, no plain web address")
    if parts.scheme == "http" and urlsplit(url).scheme == "https":
        raise PollFailed(Outcome.INSECURE, f"redirected to {joined[:MAX_HEADER]!r}, which anybody may forge")
    if masks.wants_key(parts.path):
        raise PollFailed(Outcome.MISSING_KEY, f"redirected to {joined[:MAX_HEADER]!r}: it wants an API key")
    return joined


def _refusal(answer: aiohttp.ClientResponse) -> PollFailed:
    status = answer.status
    wish = outbound.retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
    pause = wish.total_seconds() if wish is not None else None
    masked = masks.unmask(b"", answer.headers, page=False)
    if masked is not None:
        return PollFailed(*masked, retry_after=pause)
    if status == HTTPStatus.ACCEPTED:
        return PollFailed(Outcome.BOT_WALL, "status 202: accepted, and nothing given", retry_after=pause)
    return PollFailed(_of_status(status, asked=bool(pause)), f"status {status}", retry_after=pause)


def _of_status(status: int, *, asked: bool) -> Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and asked):
        return Outcome.THROTTLED
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Outcome.GONE
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome.REFUSED if refused else Outcome.BROKEN


_CLASSES: tuple[tuple[type[Exception], Outcome], ...] = (  # the first that fits
    (inflate.TooLarge, Outcome.TOO_LARGE),
    (inflate.BadEncoding, Outcome.UNREADABLE),
    (outbound.ForbiddenAddress, Outcome.FORBIDDEN),
    (aiohttp.ClientSSLError, Outcome.BAD_CERTIFICATE),
    (aiohttp.ClientConnectorDNSError, Outcome.NO_SUCH_HOST),
)


def _class(error: Exception) -> Outcome:
    fitting = (outcome for kind, outcome in _CLASSES if isinstance(error, kind))
    return next(fitting, Outcome.UNREACHABLE)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_HEADER]
