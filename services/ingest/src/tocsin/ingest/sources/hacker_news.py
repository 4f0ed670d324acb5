"""Hacker News by the search API of hn.algolia.com: a story's target, for it may be closer to the act."""

from datetime import UTC, datetime

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.sources import answer
from tocsin.ingest.sources.answer import Item


def parse(fetched: Fetched) -> Parsed:
    """Every story of a search, called by its number. Raises ``PollFailed`` when it is no such answer."""
    return answer.read(answer.listed(answer.decode(fetched), "hits"), _entry, "objectID")


def _entry(hit: Item) -> Entry:
    number, title = answer.text(hit.get("objectID")), answer.words(hit.get("title"))
    if not (number.isascii() and number.isdigit() and title):
        raise ValueError("it has no objectID or no title")
    discussion = f"https://news.ycombinator.com/item?id={number}"
    target, markup = plain.address(hit.get("url")), answer.text(hit.get("story_text"))
    created = hit.get("created_at_i")
    return plain.within_limits(
        Entry(
            native_id=f"story {number}"[: plain.MAX_ID],
            title=title,
            text=plain.plain(markup),
            url=target or discussion,
            links=(*([discussion] if target else []), *plain.links(markup, discussion)),
            published_at=datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
        )
    )
