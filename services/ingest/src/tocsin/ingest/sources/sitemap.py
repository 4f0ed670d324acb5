"""A sitemap (sitemaps.org/protocol.html): the pages of a site that are new or changed, a few at each poll."""

import asyncio
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Parsed
from tocsin.ingest.fetch import Web
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Source
from tocsin.ingest.sources.page import Pages

MAX_PAGES = 10  # fetched at one poll, and told of a site seen for the first time
MAX_MAPS = 20  # of an index, the newest first
MAX_TRIES = 5
MAX_LISTED = 50_000  # of a map, says the protocol
MAX_INFLATED = 50_000_000  # the same

_GZIP = b"\x1f\x8b"
_MAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b")
_PASSING = {Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.BROKEN, Outcome.BOT_WALL}


@dataclass
class Seen:
    """What is remembered of a site: the pages told with their lastmod, and those that fail with how often."""

    told: dict[str, str] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)


class Sitemaps:
    """Reads sitemaps, and of the pages they list those ``under`` the source's path."""

    def __init__(self, web: Web, pages: Pages) -> None:
        self._web = web
        self._pages = pages

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The map and the pages that it says are new or changed, the oldest first. Raises ``PollFailed``."""
        fetched = await self._web.get(source.location, known)
        if fetched is None:
            return None
        listed = await self._listed(fetched)
        seen = _recall(known.memory) or _as_told(listed, source)
        due = _due(listed, seen, source)
        pages, bad, left = await self._fetch_pages(due, listed, seen)
        seen.told = {url: date for url, date in seen.told.items() if url in listed}
        # What is left over is asked for again, so the map must come whole.
        kept = Validators() if left else fetched.validators
        return replace(
            fetched, validators=replace(kept, memory=_note(seen)), more=tuple(pages), bad=tuple(bad)
        )

    def parse(self, source: Source, fetched: Fetched) -> Parsed:
        """A map says nothing by itself; its pages are read as pages are. Raises ``PollFailed``."""
        is_map = fetched.body.startswith(_GZIP) or _MAP.search(fetched.body[:4_096])
        if is_map:
            return Parsed()
        try:
            return self._pages.whole(source, fetched)
        except PollFailed as error:  # one page costs only itself
            return Parsed(bad=(BadEntry(fetched.location[: plain.MAX_ID], plain.failure(error)),))

    async def _listed(self, fetched: Fetched) -> dict[str, str]:
        """Pages by address, with their lastmod ("" where none is given)."""
        maps, pages = await asyncio.to_thread(_read, fetched)
        for address in sorted(maps, key=lambda url: maps[url], reverse=True)[:MAX_MAPS]:
            answer = await self._web.get(address, Validators())
            if answer is not None:
                pages |= (await asyncio.to_thread(_read, answer))[1]
        return pages

    async def _fetch_pages(
        self, due: list[str], listed: dict[str, str], seen: Seen
    ) -> tuple[list[Fetched], list[BadEntry], bool]:
        pages: list[Fetched] = []
        bad: list[BadEntry] = []
        for url in due[:MAX_PAGES]:
            try:
                page = await self._web.get(url, Validators(), page=True)
            except PollFailed as error:
                if error.outcome is Outcome.THROTTLED:
                    break
                bad.append(BadEntry(url[: plain.MAX_ID], plain.failure(f"{error.outcome}: {error}")))
                seen.failing[url] = seen.failing.get(url, 0) + 1
                if error.outcome in _PASSING and seen.failing[url] < MAX_TRIES:
                    continue
            else:
                pages += [page] if page else []
            seen.told[url] = listed[url]
            seen.failing.pop(url, None)
        left = any(seen.told.get(url) != listed[url] for url in due)
        return sorted(pages, key=lambda page: listed.get(page.location, "")), bad, left


def _as_told(listed: dict[str, str], source: Source) -> Seen:
    """At the first sight all but the newest pages count as told."""
    ours = [url for url in listed if _is_under(url, source)]
    newest = set(sorted(ours, key=lambda url: listed[url], reverse=True)[:MAX_PAGES])
    return Seen({url: listed[url] for url in ours if url not in newest})


def _due(listed: dict[str, str], seen: Seen, source: Source) -> list[str]:
    """What is to be fetched: first what never failed, then the newest."""
    due = [url for url, date in listed.items() if _is_under(url, source) and seen.told.get(url) != date]
    due.sort(key=lambda url: listed[url], reverse=True)
    return sorted(due, key=lambda url: seen.failing.get(url, 0))


def _is_under(url: str, source: Source) -> bool:
    # Pages of other hosts are none of this site's business (sitemaps.org, "location").
    parts, ours = urlsplit(url), urlsplit(source.location)
    return parts.netloc == ours.netloc and parts.path.startswith(source.under or "/")


def _read(fetched: Fetched) -> tuple[dict[str, str], dict[str, str]]:
    """The maps and the pages that a map or an index lists. Raises ``PollFailed`` when it is neither."""
    maps: dict[str, str] = {}
    pages: dict[str, str] = {}
    try:
        for element in _elements(_inflated(fetched.body)):
            name = _local(element.tag)
            if name not in {"url", "sitemap"}:
                continue
            fields = {_local(child.tag): (child.text or "").strip() for child in element}
            address = plain.address(fields.get("loc"), fetched.location)
            into = pages if name == "url" else maps
            if address and len(into) < MAX_LISTED:
                into[address] = fields.get("lastmod", "")[:40]
            element.clear()
    except (ET.ParseError, ValueError) as error:
        raise PollFailed(Outcome.UNREADABLE, f"not a sitemap: {error}") from error
    if not (maps or pages):
        raise PollFailed(Outcome.UNREADABLE, "not a sitemap, or one without a page")
    return maps, pages


def _elements(body: bytes) -> Iterator[ET.Element]:
    # expat refuses entities that grow (since 2.4.1) and reads no file or address.
    for _, element in ET.iterparse(io.BytesIO(body), ("end",)):  # noqa: S314 - see above
        yield element


def _inflated(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        inflated = stream.decompress(body, MAX_INFLATED)
    except zlib.error as error:
        raise ValueError(f"bad gzip: {error}") from error
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError(f"cut short, or over {MAX_INFLATED} bytes")
    return inflated


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _note(seen: Seen) -> bytes:
    return zlib.compress(json.dumps([seen.told, seen.failing]).encode())


def _recall(memory: bytes | None) -> Seen | None:
    return None if memory is None else Seen(*json.loads(zlib.decompress(memory)))
