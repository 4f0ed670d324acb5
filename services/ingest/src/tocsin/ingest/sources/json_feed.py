"""JSON Feed, versions 1 and 1.1 (jsonfeed.org/version/1.1)."""

from functools import partial

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.sources import answer
from tocsin.ingest.sources.answer import Item


def parse(fetched: Fetched) -> Parsed:
    """Every item of a feed. Raises ``PollFailed`` when it is no JSON Feed."""
    document = answer.decode(fetched)
    language = plain.language(document.get("language"))
    entry = partial(_entry, base=fetched.location, language=language)
    return answer.read(answer.listed(document, "items"), entry, "id")


def _entry(item: Item, base: str, language: str | None) -> Entry:
    url = plain.address(item.get("url"), base) or plain.address(item.get("external_url"), base)
    markup = answer.text(item.get("content_html"))
    title = answer.words(item.get("title"))
    words = plain.plain(markup) or answer.words(item.get("content_text")) or answer.words(item.get("summary"))
    if not (title or words):
        raise ValueError("it has neither title nor text")
    return plain.within_limits(
        Entry(
            native_id=plain.identity(_id(item), url, title, words),
            title=title,
            text=words,
            url=url,
            links=_links(item, markup, url or base),
            language=plain.language(item.get("language")) or language,
            published_at=answer.moment(item.get("date_published")),
            updated_at=answer.moment(item.get("date_modified")),
        )
    )


def _id(item: Item) -> str | None:
    # It should be a string; a number is to be read as one.
    own = item.get("id")
    return str(own) if isinstance(own, str | int | float) else None


def _links(item: Item, markup: str, base: str) -> tuple[str, ...]:
    external = plain.address(item.get("external_url"), base)
    found = ([external] if external else []) + list(plain.links(markup, base))
    return tuple(dict.fromkeys(link for link in found if link != base))[: plain.MAX_LINKS]
