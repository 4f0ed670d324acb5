"""Finds the text and the items of an HTML page. It runs in a worker: pages may hang it or blow it up."""

from dataclasses import dataclass
from email.message import Message

import lxml.html  # type: ignore[import-untyped]  # it ships no types
import trafilatura
from lxml import etree

from tocsin.ingest import plain

MAX_LINES = 5_000
MAX_ITEMS = 500

_META_DATES = "//meta[@property='article:published_time']/@content"


@dataclass(frozen=True)
class Text:
    """What a page says."""

    title: str
    lines: tuple[str, ...]
    language: str | None
    published_at: str | None  # as the page writes it


@dataclass(frozen=True)
class Item:
    """One item of a page that is a list."""

    href: str | None
    title: str
    text: str
    published_at: str | None


def text(body: bytes, content_type: str, select: str | None) -> Text:
    """The text of what ``select`` finds, else the page's main text. Raises ValueError: there is no page."""
    tree = _tree(body, content_type)
    parts = [_words(part) for part in tree.cssselect(select)] if select else [_main(tree)]
    lines = [line for part in parts for line in part.splitlines()][:MAX_LINES]
    heading = tree.findtext(".//title") or tree.findtext(".//h1") or ""
    dates = tree.xpath(_META_DATES)
    return Text(
        " ".join(plain.plain(heading, is_html=False).split()),
        tuple(lines),
        plain.language(tree.get("lang")),
        str(dates[0]) if dates else None,
    )


def items(body: bytes, content_type: str, selector: str) -> list[Item]:
    """What the selector finds, in the page's order. Raises ValueError when there is no page."""
    return [_item(element) for element in _tree(body, content_type).cssselect(selector)[:MAX_ITEMS]]


def _item(element: lxml.html.HtmlElement) -> Item:
    links = [element] if element.tag == "a" else element.xpath(".//a[@href]")
    headings = element.xpath(".//h1|.//h2|.//h3|.//h4|.//h5|.//h6") or links
    times = element.xpath(".//time/@datetime")
    return Item(
        links[0].get("href") if links else None,
        " ".join(_words(headings[0]).split()) if headings else "",
        _words(element),
        str(times[0]) if times else None,
    )


def _tree(body: bytes, content_type: str) -> lxml.html.HtmlElement:
    message = Message()
    message["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    try:
        parser = lxml.html.HTMLParser(encoding=message.get_content_charset())
    except LookupError:
        parser = lxml.html.HTMLParser()
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except etree.LxmlError as error:
        raise ValueError(f"no page: {error}") from error


def _main(tree: lxml.html.HtmlElement) -> str:
    found = trafilatura.extract(tree, include_comments=False, include_tables=True, favor_recall=True)
    return plain.plain(found or "", is_html=False)


def _words(element: lxml.html.HtmlElement) -> str:
    return plain.plain(lxml.html.tostring(element, encoding="unicode", with_tail=False))
