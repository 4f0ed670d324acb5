"""A page without a feed: its text and what is added to it, or its items, a document each."""

import zlib

from tocsin.ingest import noise, plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetch import Web
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Source
from tocsin.ingest.sources import answer, extract
from tocsin.ingest.workers import JobFailed, Workers

WHOLE_PAGE = "page"  # what a source's one document is called, wherever the page moves


class Pages:
    """Reads pages; the reading itself is a worker's."""

    def __init__(self, web: Web, workers: Workers) -> None:
        self._web = web
        self._workers = workers

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The page, or None when it is what it was. Raises ``PollFailed``."""
        return await self._web.get(source.location, known, page=True)

    def parse(self, source: Source, fetched: Fetched) -> Parsed:
        """The page's items where the source names some, else one entry when its text has changed.

        The first sight tells the whole text, every later one what was added. Raises ``PollFailed``.
        """
        return self._items(source.items, fetched) if source.items else self._changes(source, fetched)

    def whole(self, source: Source, fetched: Fetched) -> Parsed:
        """One entry with all that a page says, called by its address. Raises ``PollFailed``."""
        page = self._text(source, fetched)
        own = plain.address(fetched.location) or fetched.location
        return Parsed((_entry(own, page, "\n".join(noise.telling(page.lines)), fetched),))

    def _changes(self, source: Source, fetched: Fetched) -> Parsed:
        page = self._text(source, fetched)
        lines, before = noise.telling(page.lines), _recall(fetched.validators.memory)
        memory = zlib.compress("\n".join(lines).encode())
        if before is None:
            return Parsed((_entry(WHOLE_PAGE, page, "\n".join(lines), fetched),), memory=memory)
        added, gone = noise.compare(before, lines)
        if not (added or gone):
            return Parsed()
        return Parsed((_entry(WHOLE_PAGE, page, noise.told(added, gone), fetched),), memory=memory)

    def _text(self, source: Source, fetched: Fetched) -> extract.Text:
        try:
            page = self._workers.run(extract.text, fetched.body, fetched.content_type, source.select)
        except JobFailed as error:
            raise PollFailed(Outcome.UNREADABLE, f"the page cannot be read: {error}") from error
        if not noise.telling(page.lines):
            where = f"'select: {source.select}' finds no text" if source.select else "no main text"
            raise PollFailed(Outcome.UNREADABLE, f"{where}: the page has changed, or needs another 'select'")
        return page

    def _items(self, selector: str, fetched: Fetched) -> Parsed:
        try:
            items = self._workers.run(extract.items, fetched.body, fetched.content_type, selector)
        except JobFailed as error:
            raise PollFailed(Outcome.UNREADABLE, f"the page cannot be read: {error}") from error
        if not items:
            raise PollFailed(Outcome.UNREADABLE, f"'items: {selector}' finds nothing: the page has changed")
        named = [item for item in items if item.title or item.text]
        bad = [
            BadEntry(f"#{place}", "it has no text")
            for place, item in enumerate(items, 1)
            if item not in named
        ]
        return Parsed(tuple(_item(item, fetched.location) for item in named), tuple(bad))


def _entry(own: str, page: extract.Text, text: str, fetched: Fetched) -> Entry:
    return plain.within_limits(
        Entry(
            native_id=own[: plain.MAX_ID],
            title=page.title,
            text=text,
            url=plain.address(fetched.location),
            language=page.language,
            published_at=answer.moment(page.published_at),
        )
    )


def _item(item: extract.Item, base: str) -> Entry:
    url = plain.address(item.href, base)
    text = "\n".join(noise.telling(item.text.splitlines()))
    return plain.within_limits(
        Entry(
            native_id=plain.identity(None, url, item.title, text),
            title=item.title,
            text=text,
            url=url or plain.address(base),
            published_at=answer.moment(item.published_at),
        )
    )


def _recall(memory: bytes | None) -> list[str] | None:
    return None if memory is None else zlib.decompress(memory).decode().splitlines()
