"""JSON Feed, versions 1 and 1.1 (jsonfeed.org/version/1.1)."""

import json
from datetime import UTC, datetime
from typing import Any

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed


def parse(fetched: Fetched) -> Parsed:
    """Every item of a feed. Raises ``PollFailed`` when it is no JSON Feed."""
    try:
        document = json.loads(fetched.body)
    except (ValueError, RecursionError) as error:
        raise PollFailed(Outcome.UNREADABLE, f"not JSON: {error}") from error
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise PollFailed(Outcome.UNREADABLE, "not a JSON Feed: it has no list of items")
    language = plain.language(document.get("language"))
    entries: list[Entry] = []
    bad: list[BadEntry] = []
    for place, item in enumerate(items, start=1):
        try:
            entries.append(_entry(item, fetched.location, language))
        except (ValueError, TypeError) as error:
            bad.append(plain.bad_entry(_id(item), f"#{place}", error))
    return Parsed(tuple(entries), tuple(bad))


def _entry(item: Any, base: str, language: str | None) -> Entry:
    if not isinstance(item, dict):
        raise TypeError("it is not an object")
    url = plain.address(item.get("url"), base) or plain.address(item.get("external_url"), base)
    markup = _text(item.get("content_html"))
    title = plain.plain(_text(item.get("title")), is_html=False)
    body = _text(item.get("content_text")) or _text(item.get("summary"))
    text = plain.plain(markup) or plain.plain(body, is_html=False)
    if not (title or text):
        raise ValueError("it has neither title nor text")
    return plain.within_limits(
        Entry(
            native_id=plain.identity(_id(item), url, title, text),
            title=title,
            text=text,
            url=url,
            links=_links(item, markup, url or base),
            language=plain.language(item.get("language")) or language,
            published_at=_date(item.get("date_published")),
            updated_at=_date(item.get("date_modified")),
        )
    )


def _id(item: Any) -> str | None:
    # It should be a string; a number is to be read as one.
    own = item.get("id") if isinstance(item, dict) else None
    return str(own) if isinstance(own, str | int | float) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _links(item: dict[str, Any], markup: str, base: str) -> tuple[str, ...]:
    external = plain.address(item.get("external_url"), base)
    found = ([external] if external else []) + list(plain.links(markup, base))
    return tuple(dict.fromkeys(link for link in found if link != base))[: plain.MAX_LINKS]


def _date(value: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(_text(value))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
