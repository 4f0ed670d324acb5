"""Text from outside made plain: no markup, no control characters, within the contract's limits."""

import html
import re
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import nh3

from tocsin.contracts.notice import MAX_TEXT, MAX_TITLE
from tocsin.ingest.entry import BadEntry, Entry
from tocsin.ingest.tracking import untracked

MAX_URL = 2_000
MAX_LINKS = 50
MAX_ID = 2_000
MAX_ERROR = 500
MAX_TEXT_BYTES = 400_000  # leaves room in a record of 1 MB, here and for what classify adds
MAX_MARKUP = 1_000_000  # characters of HTML that are looked at
MAX_DEPTH = 500  # nested elements; nh3's time grows with the square (200,000 nested <div> took 146 s)
MAX_PASSES = 3

_BLOCK_NAMES = """
    address article aside blockquote br dd div dl dt figure footer h1 h2 h3 h4 h5 h6 header hr li main nav
    ol p pre section table tr ul
"""
_INLINE_NAMES = """
    a abbr b big cite code del em font i iframe img ins kbd mark script small span strike strong style sub
    sup tbody td th thead tt u var video
"""
_UNNESTED_NAMES = "area br col dd dt embed hr img input li link meta p source td th tr track wbr"
BLOCKS = set(_BLOCK_NAMES.split())
_UNNESTED = set(_UNNESTED_NAMES.split())
_NAMES = "|".join(sorted(BLOCKS | set(_INLINE_NAMES.split())))
_BLOCK = re.compile(r"</?[a-z0-9]+>")  # all that nh3 leaves when no attribute is allowed
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_MARKUP = re.compile(rf"</?(?:{_NAMES})(?:\s*/?|\s[^<>=]*=[^<>]*)>|<!--", re.IGNORECASE)
_HREF = re.compile(r'<a href="([^"]*)"')
# C0 and C1 controls but tab and newline, lone surrogates, and what reverses the reading direction.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\s*\n\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")


def has_markup(text: str) -> bool:
    """Whether a known HTML tag or a comment stands in the text."""
    return _MARKUP.search(text) is not None


def tidy(text: str) -> str:
    """Unsafe characters are spaces, white space is folded, one newline stands between paragraphs."""
    safe = _UNSAFE.sub(" ", text.replace("\r", "\n"))
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", safe)).strip()


def plain(text: str, *, is_html: bool = True) -> str:
    """The words of a text that is, or may be, HTML; block elements become lines.

    What is still markup afterwards was escaped twice and is read again; after three passes the angle
    brackets go.
    """
    text = _UNSAFE.sub(" ", text.replace("\r", "\n"))  # first: a character between could hide a tag
    for _ in range(MAX_PASSES):
        if not is_html and not has_markup(text):
            break
        text = html.unescape(_BLOCK.sub("\n", nh3.clean(_flat(text), tags=BLOCKS, attributes={})))
        is_html = False
    if has_markup(text):
        text = text.replace("<", " ").replace(">", " ")
    return tidy(text)


def _flat(text: str) -> str:
    # In HTML a newline is a space: only elements make paragraphs.
    return _shallow(text[:MAX_MARKUP]).replace("\n", " ")


def _shallow(markup: str) -> str:
    """The markup up to where its elements are nested deeper than any honest text."""
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag[2].lower() in _UNNESTED:
            continue
        depth = max(depth + (-1 if tag[1] else 1), 0)
        if depth > MAX_DEPTH:
            return markup[: tag.start()]
    return markup


def links(markup: str, base: str) -> tuple[str, ...]:
    """The web addresses that an HTML text points to, absolute, each once."""
    anchors = nh3.clean(
        _flat(_UNSAFE.sub(" ", markup)), tags={"a"}, attributes={"a": {"href"}}, link_rel=None
    )
    found = (address(html.unescape(href), base) for href in _HREF.findall(anchors))
    return tuple(dict.fromkeys(url for url in found if url))[:MAX_LINKS]


def address(value: object, base: str = "") -> str | None:
    """A web address in one line, absolute and without tracking; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        joined = untracked(urljoin(base, _UNSAFE.sub(" ", value).strip()))
        parts = urlsplit(joined)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    if not usable or len(joined) > MAX_URL or any(c.isspace() or c in '<>"' for c in joined):
        return None
    return joined


def language(value: object) -> str | None:
    """A language tag (the form of BCP 47), or None."""
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None


def identity(given: object, url: str | None, title: str, text: str) -> str:
    """What the source calls a document: its own id, else its address, else its title, else its text."""
    own = tidy(str(given)) if given is not None else ""
    return (own or url or title or text)[:MAX_ID]


def failure(error: object) -> str:
    """The words of an error in one short line: they may quote what caused it."""
    return " ".join(tidy(str(error)).split())[:MAX_ERROR]


def bad_entry(given: object, place: str, error: object) -> BadEntry:
    """An entry that could not be read, called by its own id or link, else by its place."""
    return BadEntry(tidy(str(given or ""))[:MAX_ID] or place, failure(error), place)


def within_limits(entry: Entry) -> Entry:
    """The entry, cut where it is longer than a notice may be; one without a title gets its first line."""
    text = entry.text[:MAX_TEXT].encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
    title = " ".join(entry.title.split()) or text.partition("\n")[0]
    return replace(entry, title=title[:MAX_TITLE], text=text)
