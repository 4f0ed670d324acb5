"""RSS and Atom, by feedparser: whatever state they are in."""

import calendar
import io
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import feedparser

from tocsin.ingest import charset, dates, plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.sources.tombstones import tombstones

MAX_DIGITS = 20

_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]+|[0-9]+);?")

Item = dict[str, Any]  # what feedparser hands over: nothing in it is certain
Naming = Callable[[Item, str | None], object]


def parse(fetched: Fetched) -> Parsed:
    """Every entry of a feed. Raises ``PollFailed`` when it is no feed. Slow: run it in a thread."""
    return parse_named(fetched, own_id)


def own_id(item: Item, _url: str | None) -> object:
    """The id that the source itself gives: RSS guid or Atom id."""
    return item.get("id")


def parse_named(fetched: Fetched, name: Naming) -> Parsed:
    """As ``parse``, with another way to tell what an entry is called."""
    read = _read(fetched.body, fetched.content_type)
    if not read.get("version") and not read.entries:
        reason = read.get("bozo_exception", "neither RSS nor Atom")
        raise PollFailed(Outcome.UNREADABLE, f"not a feed: {reason}")
    language = plain.language(read.feed.get("language"))
    entries: list[Entry] = []
    bad: list[BadEntry] = []
    for place, item in enumerate(read.entries, start=1):
        try:
            entries.append(_entry(item, fetched.location, language, name))
        except Exception as error:  # noqa: BLE001 - one bad entry, however bad, costs only itself
            own = item.get("id") or item.get("link")
            words = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
            bad.append(plain.bad_entry(own, f"#{place}", words))
    there = {entry.native_id for entry in entries}
    withdrawn = [entry for entry in tombstones(fetched.body) if entry.native_id not in there]
    return Parsed((*entries, *withdrawn), tuple(bad))


def _read(body: bytes, content_type: str) -> Any:
    try:
        return _feedparser(body, content_type)
    except Exception:  # noqa: BLE001 - it cannot bear a reference to a character that does not exist
        mended = _REFERENCE.sub(_mended, body)
    try:
        return _feedparser(mended, content_type)
    except Exception as error:  # whatever else it cannot bear
        raise PollFailed(Outcome.UNREADABLE, f"the parser broke: {error!r}") from error


def _feedparser(body: bytes, content_type: str) -> Any:
    tamed, media_type = charset.tame(body, content_type)
    # No content-location: it would make ids absolute by it, and another host another document.
    return feedparser.parse(
        io.BytesIO(tamed),
        response_headers={"content-type": media_type},
        sanitize_html=False,  # nh3 does it, 26 times faster
        resolve_relative_uris=False,
    )


def _mended(reference: re.Match[bytes]) -> bytes:
    digits = reference[1][1:] if reference[1][:1] in b"xX" else reference[1]
    base = 16 if len(digits) < len(reference[1]) else 10
    code = int(digits, base) if len(digits) <= MAX_DIGITS else -1
    exists = 0 < code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - surrogates
    return reference[0] if exists else b"&#xFFFD;"


def _entry(item: Item, base: str, language: str | None, name: Naming) -> Entry:
    url = _address(item.get("link"), base)
    markup, is_html = _body(item)
    title_detail = item.get("title_detail") or {}
    title = plain.plain(str(item.get("title") or ""), is_html=title_detail.get("type") != "text/plain")
    text = plain.plain(markup, is_html=is_html)
    if not (title or text):
        raise ValueError("it has neither title nor text")
    return plain.within_limits(
        Entry(
            native_id=plain.identity(name(item, url), url, title, text),
            title=title,
            text=text,
            url=url,
            links=tuple(link for link in plain.links(markup, url or base) if link != url),
            language=plain.language(item.get("language")) or language,
            published_at=_date(item, "published"),
            updated_at=_date(item, "updated"),
        )
    )


def _body(item: Item) -> tuple[str, bool]:
    contents: Sequence[Item] = item.get("content") or []
    for content in [*contents, item.get("summary_detail") or {}]:
        value = content.get("value")
        if value:
            return str(value), content.get("type") != "text/plain"
    return str(item.get("summary") or ""), True


def _address(link: object, base: str) -> str | None:
    # Some put a whole <a>, escaped, where its address belongs.
    return plain.address(link, base) or next(iter(plain.links(str(link or ""), base)), None)


def _date(item: Item, name: str) -> datetime | None:
    # Not item.get: feedparser would answer with the other date, and warn.
    return dates.mended(dict.get(item, name), _moment(dict.get(item, f"{name}_parsed")))


def _moment(parsed: object) -> datetime | None:
    if not isinstance(parsed, time.struct_time):
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None
