"""Fetches documents over HTTP, politely and within caps; addresses are checked at connect time."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import aiohttp

from tocsin.chassis import outbound
from tocsin.ingest import inflate
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Source

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
CHUNK = 65_536
REDIRECTS = {301, 302, 303, 307, 308}
MAX_HEADER = 1_000

_PAGE = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


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
    """Fetches one source's document at a time."""

    def __init__(self, client: aiohttp.ClientSession, caps: Caps) -> None:
        self._client = client
        self._caps = caps

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The document, or None when it is what it was. Raises ``PollFailed`` with what went wrong."""
        try:
            async with asyncio.timeout(self._caps.seconds):
                return await self._follow(source.location, known)
        except TimeoutError as error:
            raise PollFailed(Outcome.TIMEOUT, f"no whole answer in {self._caps.seconds:g} s") from error
        except inflate.TooLarge as error:
            raise PollFailed(Outcome.TOO_LARGE, str(error)) from error
        except inflate.BadEncoding as error:
            raise PollFailed(Outcome.UNREADABLE, str(error)) from error
        except outbound.ForbiddenAddress as error:
            raise PollFailed(Outcome.FORBIDDEN, str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PollFailed(Outcome.UNREACHABLE, _words(error)) from error

    async def _follow(self, url: str, known: Validators) -> Fetched | None:
        for _ in range(self._caps.redirects + 1):
            async with self._client.get(url, headers=_conditions(known), allow_redirects=False) as answer:
                target = answer.headers.get("Location")
                if answer.status not in REDIRECTS or target is None:
                    return await self._read(answer, url)
                url = _next(url, target)
        raise PollFailed(Outcome.REDIRECTS, f"more than {self._caps.redirects} redirects, the last to {url}")

    async def _read(self, answer: aiohttp.ClientResponse, url: str) -> Fetched | None:
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer.status, answer.headers.get("Retry-After"))
        encoding = answer.headers.get("Content-Encoding", "")
        body = await inflate.read(answer.content.iter_chunked(CHUNK), encoding, self._caps.max_bytes)
        if not body.strip():
            raise PollFailed(Outcome.EMPTY, "status 200 and an empty body")
        if _PAGE.match(body[:4_096]):
            raise PollFailed(Outcome.HTML, "a page where a feed should be")
        validators = Validators(_kept(answer, "ETag"), _kept(answer, "Last-Modified"))
        return Fetched(body, url, answer.headers.get("Content-Type", "")[:MAX_HEADER], validators)


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
    return joined


def _refusal(status: int, asked: str | None) -> PollFailed:
    wish = outbound.retry_after(asked, datetime.now(UTC))
    pause = wish.total_seconds() if wish is not None else None
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and pause):
        return PollFailed(Outcome.THROTTLED, f"status {status}", retry_after=pause)
    if status == HTTPStatus.ACCEPTED:
        return PollFailed(Outcome.BOT_WALL, "status 202: accepted, and nothing given")
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return PollFailed(Outcome.REFUSED if refused else Outcome.BROKEN, f"status {status}")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_HEADER]
