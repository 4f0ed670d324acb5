"""Sees through answers of status 200 that are no documents: error pages, bot walls, demands for a key."""

import re
from collections.abc import Mapping

from tocsin.ingest.outcome import Outcome

LOOKED_AT = 4_096  # bytes

_PAGE = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title[^>]{0,200}>\s*([^<]{1,200})", re.IGNORECASE)
_KEY = re.compile(
    r"(?<![a-z])(?:(?:missing|invalid|no|need)[-_]?(?:api[-_]?)?key|api[-_]?key[-_]?(?:missing|invalid|required))"
    r"(?![a-z])",
    re.IGNORECASE,
)
# Whole titles: an article may well be called "How we fixed error 500".
_CHALLENGE = re.compile(
    rb"just a moment|attention required|checking your browser|are you (?:a )?(?:human|robot)|verify(?:ing)? "
    rb"(?:that )?you are (?:a )?human|access to this page has been denied|please wait|security check",
    re.IGNORECASE,
)
_ERROR = re.compile(
    rb"(?:error\s*)?[45]\d\d\b.{0,60}|(?:page )?not found\b.{0,40}|access denied\b.{0,40}|forbidden|error"
    rb"|(?:internal )?server error\b.{0,40}|service (?:temporarily )?unavailable\b.{0,40}|bad gateway"
    rb"|(?:down for |under |site |scheduled )?maintenance\b.{0,40}",
    re.IGNORECASE | re.DOTALL,
)


def wants_key(address: str) -> bool:
    """Whether an address that we were redirected to is there to say that an API key is missing."""
    return _KEY.search(address) is not None


def unmask(body: bytes, headers: Mapping[str, str], *, page: bool) -> tuple[Outcome, str] | None:
    """What an answer really is, and how that shows; None when nothing speaks against it.

    Where a ``page`` is meant only its title can betray it.
    """
    if "challenge" in headers.get("cf-mitigated", ""):
        return Outcome.BOT_WALL, "a challenge (cf-mitigated)"
    head = body[:LOOKED_AT]
    if not _PAGE.match(head):
        return None
    title = _TITLE.search(head)
    words = b" ".join(title[1].split()) if title else b""
    shown = words.decode(errors="replace")
    if _CHALLENGE.match(words):
        return Outcome.BOT_WALL, f"a page called {shown!r}"
    if _ERROR.fullmatch(words):
        return Outcome.ERROR_PAGE, f"status 200, and a page called {shown!r}"
    return None if page else (Outcome.HTML, f"a page where a feed should be, called {shown!r}")
