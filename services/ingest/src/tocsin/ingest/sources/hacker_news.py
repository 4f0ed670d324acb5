"""Hacker News by the search API of hn.algolia.com: a story's target, for it may be closer to the act."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetch import Web
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.past import Past, asked_with
from tocsin.ingest.source import Source
from tocsin.ingest.sources import answer
from tocsin.ingest.sources.answer import Item

MOST_HITS = 1_000  # of one search, on all its pages
SECOND, MONTH = timedelta(seconds=1), timedelta(days=30)


def past(web: Web) -> Past:
    """How a search is asked for the stories of a range of time."""

    async def ask(source: Source, start: datetime, end: datetime) -> list[Fetched] | None:
        await asyncio.sleep(source.spacing)
        page = await web.get(_between(source.location, start, end), Validators())
        return [] if page is None else None if _is_cut(page) else [page]

    return Past(SECOND, MONTH, ask)


def _between(address: str, start: datetime, end: datetime) -> str:
    own = parse_qs(urlsplit(address).query).get("numericFilters", [])
    within = (f"created_at_i>={start.timestamp():.0f}", f"created_at_i<{end.timestamp():.0f}")
    filters = ",".join((*own, *within))
    return asked_with(address, {"numericFilters": filters, "hitsPerPage": str(MOST_HITS), "page": "0"})


def _is_cut(page: Fetched) -> bool:
    found = answer.decode(page)
    held, said = len(answer.listed(found, "hits")), found.get("nbHits")
    return held >= MOST_HITS or (isinstance(said, int) and said > held)


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
