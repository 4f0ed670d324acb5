"""Finds what to read of a site, given any address on it: a feed, else its sitemap, else the page itself."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tocsin.ingest import plain
from tocsin.ingest.entry import Parsed
from tocsin.ingest.fetch import Web
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.source import Kind
from tocsin.ingest.sources import feed, json_feed

MAX_PAGE = 500_000  # bytes in which links are looked for
MAX_TRIED = 12  # addresses asked; each is a request to somebody's machine
NEAR = 4  # of the usual paths are tried under the page itself, too
FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
USUAL = (
    *("/feed", "/rss.xml", "/feed.xml", "/atom.xml"),
    *("/history.rss", "/index.xml", "/rss", "/feed.json"),
)

_FEED_LIKE = re.compile(r"(?:rss|atom|feed)(?:\.xml|\.json)?/?$", re.IGNORECASE)
_INCIDENT = re.compile(r"/incidents/[A-Za-z0-9-]{6,40}/?$")
_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b")
_SITEMAP_LINE = re.compile(rb"^\s*sitemap:\s*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """Something that can be read, and how. ``parsed`` is what a feed holds now."""

    kind: Kind
    url: str
    title: str = ""
    parsed: Parsed | None = None
    under: str | None = None  # path of the pages of a sitemap


@dataclass
class _Links(HTMLParser):
    """The title of a page, and the addresses in it that may be feeds: declared ones first."""

    base: str
    title: str = ""
    declared: list[str] = field(default_factory=list)
    likely: list[str] = field(default_factory=list)
    _in_title: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._in_title = tag == "title" and not self.title
        address = plain.address(said.get("href"), self.base)
        if address is None:
            return
        if tag == "link" and "alternate" in (said.get("rel") or "").lower().split():
            if (said.get("type") or "").lower() in FEED_TYPES:
                self.declared.append(address)
        elif tag == "a" and _FEED_LIKE.search(urlsplit(address).path):
            self.likely.append(address)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


async def discover(url: str, web: Web) -> Found:
    """The best that there is at an address, or near it. Raises ``PollFailed`` when nothing answers there."""
    fetched = await _get(web, url, page=True)
    if (found := await _as_feed(fetched, url)) is not None:
        return found
    links = _Links(fetched.location)
    links.feed(fetched.body[:MAX_PAGE].decode("utf-8", errors="replace"))
    title = plain.tidy(links.title)[:200]
    for address in _candidates(links, fetched.location):
        if (found := await _try_feed(web, address)) is not None:
            return Found(found.kind, found.url, title, found.parsed)
    return await _sitemap(web, fetched.location, title) or Found(Kind.PAGE, url, title)


def _candidates(links: _Links, base: str) -> Iterator[str]:
    host = urlsplit(base).hostname
    near = [urljoin(base.rstrip("/") + "/", path.lstrip("/")) for path in USUAL[:NEAR]]
    usual = [urljoin(base, path) for path in USUAL]
    likely = [address for address in links.likely if urlsplit(address).hostname == host]
    yield from list(dict.fromkeys([*links.declared, *likely, *near, *usual]))[:MAX_TRIED]


async def _try_feed(web: Web, address: str) -> Found | None:
    try:
        return await _as_feed(await _get(web, address), address)
    except PollFailed:
        return None


async def _as_feed(fetched: Fetched, url: str) -> Found | None:
    """Known by what it holds, not by what it calls itself."""
    is_json = fetched.body.lstrip()[:1] == b"{"
    try:
        parsed = await asyncio.to_thread(json_feed.parse if is_json else feed.parse, fetched)
    except PollFailed:
        return None
    if not parsed.entries and not parsed.bad:
        return None
    if is_json:
        return Found(Kind.JSON_FEED, url, parsed=parsed)
    incidents = [entry for entry in parsed.entries if _INCIDENT.search(entry.url or "")]
    is_status = len(incidents) * 2 > len(parsed.entries)
    return Found(Kind.STATUSPAGE if is_status else Kind.FEED, url, parsed=parsed)


async def _sitemap(web: Web, base: str, title: str) -> Found | None:
    """A sitemap that lists pages under this one; a home page has too much under it."""
    under = urlsplit(base).path.rstrip("/")
    if not under:
        return None
    for address in await _sitemap_addresses(web, base):
        try:
            fetched = await _get(web, address)
        except PollFailed:
            continue
        if _SITEMAP.search(fetched.body[:4_096]) and f"{under}/".encode() in fetched.body:
            return Found(Kind.SITEMAP, address, title, under=f"{under}/")
    return None


async def _sitemap_addresses(web: Web, base: str) -> list[str]:
    try:
        robots = (await _get(web, urljoin(base, "/robots.txt"))).body
    except PollFailed:
        robots = b""
    stated = [line.decode("ascii", errors="replace") for line in _SITEMAP_LINE.findall(robots)]
    wanted = [plain.address(address, base) for address in [*stated[:3], "/sitemap.xml"]]
    return list(dict.fromkeys(address for address in wanted if address))


async def _get(web: Web, url: str, *, page: bool = False) -> Fetched:
    fetched = await web.get(url, Validators(), page=page)
    assert fetched is not None  # noqa: S101 - "nothing new" is no answer to one who knows nothing: see fetch
    return fetched
