"""The Federal Register's API: documents as printed, and as on public inspection a day or two before.

Both name a document by its ``document_number``, so sources of both kinds that share ``documents:`` tell of
one document. Shapes are those of www.federalregister.gov/developers/documentation/api/v1.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetch import Web
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.past import Past, asked_with
from tocsin.ingest.source import Source
from tocsin.ingest.sources import answer
from tocsin.ingest.sources.answer import Item

MAX_PAGES = 10  # at 100 a page over twice the fullest day since 1994
MOST_COUNTED = 10_000  # ``count`` never says more, and no page goes beyond
DAY, WEEK = timedelta(days=1), timedelta(days=7)

_SLUGS = (
    "if that is 400, look at the agency slug in its address: they are reversed, "
    "as in industry-and-security-bureau"
)


class FederalRegister:
    """Reads a search for documents, ``order=newest``, page by page until something is known."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.past = Past(DAY, WEEK, self.printed)

    async def printed(self, source: Source, start: datetime, end: datetime) -> list[Fetched] | None:
        """The print of the days from ``start`` to before ``end``, oldest first; None if over 10,000."""
        wanted = {
            "conditions[publication_date][gte]": f"{start:%Y-%m-%d}",
            "conditions[publication_date][lte]": f"{end - DAY:%Y-%m-%d}",
            "order": "oldest",
            "per_page": "100",
        }
        pages: list[Fetched] = []
        following: str | None = asked_with(source.location, wanted)
        while following and len(pages) * 100 < MOST_COUNTED:
            await asyncio.sleep(source.spacing)
            page = await self._get(following, Validators())
            if page is None:
                break
            pages.append(page)
            if _counted(page) >= MOST_COUNTED:
                return None
            following = await asyncio.to_thread(_next_address, page)
        return None if following else pages

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The pages that are new, oldest first; a page seen for the first time ends it. ``PollFailed``."""
        first = await self._get(source.location, known)
        if first is None:
            return None
        numbers = await asyncio.to_thread(_numbers, first)
        seen = set((known.memory or b"").decode().split())
        pages, here = [first], numbers
        while seen and here and not here & seen and len(pages) < MAX_PAGES:
            following = await asyncio.to_thread(_next_address, pages[-1])
            page = await self._get(following, Validators()) if following else None
            if page is None:
                break
            pages.append(page)
            here = await asyncio.to_thread(_numbers, page)
        return _oldest_first(pages, " ".join(sorted(numbers)).encode())

    async def _get(self, address: str, known: Validators) -> Fetched | None:
        try:
            return await self._web.get(address, known)
        except PollFailed as error:
            if error.outcome is not Outcome.REFUSED:
                raise
            raise PollFailed(Outcome.REFUSED, f"{error}: {_SLUGS}") from error


def documents(fetched: Fetched) -> Parsed:
    """The documents of one page of a search. Raises ``PollFailed`` when it is none."""
    return answer.read(_results(fetched), partial(_printed, base=fetched.location), "document_number")


def public_inspection(fetched: Fetched) -> Parsed:
    """Every document on public inspection. A ``count`` that is not their number says that the API changed."""
    results, count = _results(fetched), answer.decode(fetched).get("count")
    parsed = answer.read(results, partial(_inspected, base=fetched.location), "document_number")
    if count == len(results):
        return parsed
    complaint = f"it counts {count!r} and holds {len(results)}: the API has changed, some may be missing"
    return replace(parsed, bad=(*parsed.bad, BadEntry("count", plain.failure(complaint))))


def _results(fetched: Fetched) -> list[Any]:
    document = answer.decode(fetched)
    # An empty search has a description, a count of 0 and no results at all.
    empty = "results" not in document and document.get("count") == 0
    return [] if empty else answer.listed(document, "results")


def _numbers(page: Fetched) -> set[str]:
    given = (answer.text(item.get("document_number")) for item in _results(page) if isinstance(item, dict))
    return {number for number in given if number and not any(map(str.isspace, number))}


def _counted(page: Fetched) -> int:
    count = answer.decode(page).get("count")
    return count if isinstance(count, int) else 0


def _next_address(page: Fetched) -> str | None:
    """The next page as the API gives it, repeated parameters and all, if it is on the same host."""
    following = plain.address(answer.decode(page).get("next_page_url"), page.location)
    same_host = following and urlsplit(following).netloc == urlsplit(page.location).netloc
    return following if same_host else None


def _oldest_first(pages: list[Fetched], memory: bytes) -> Fetched:
    # The first page's validators hold for the whole, for what is new stands on it.
    kept = replace(pages[0].validators, memory=memory)
    last, *others = reversed(pages)
    return replace(last, validators=kept, more=tuple(others))


def _printed(item: Item, base: str) -> Entry:
    day = answer.moment(item.get("publication_date"))
    # A day ahead is right: the next issue is public up to two days before its date.
    printed_at = datetime.combine(day.date(), time(), UTC) if day else None
    return _entry(item, base, "Publication date", printed_at)


def _inspected(item: Item, base: str) -> Entry:
    due = "On public inspection, to be published"
    return _entry(item, base, due, answer.moment(item.get("filed_at")))


def _entry(item: Item, base: str, dated: str, published_at: datetime | None) -> Entry:
    number, title = answer.text(item.get("document_number")).strip(), answer.words(item.get("title"))
    if not (number and title):
        raise ValueError("it has no document_number or no title")
    day = answer.words(item.get("publication_date"))
    lines = [
        answer.words(item.get("abstract")),
        answer.words(item.get("type")),
        ", ".join(_agencies(item)),
        f"{dated} {day}" if day else "",
    ]
    addresses = (plain.address(item.get(name), base) for name in ("pdf_url", "json_url"))
    return plain.within_limits(
        Entry(
            native_id=number[: plain.MAX_ID],
            title=title,
            text="\n".join(filter(None, lines)),
            url=plain.address(item.get("html_url"), base),
            links=tuple(filter(None, addresses)),
            language="en",
            published_at=published_at,
        )
    )


def _agencies(item: Item) -> list[str]:
    """The most specific agencies: print names their parents too, public inspection does not."""
    agencies = [agency for agency in item.get("agencies") or [] if isinstance(agency, dict)]
    parents = {agency.get("parent_id") for agency in agencies}
    specific = [agency for agency in agencies if agency.get("id") is None or agency["id"] not in parents]
    return [answer.words(agency.get("name")) or answer.words(agency.get("raw_name")) for agency in specific]
