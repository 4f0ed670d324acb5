"""Addresses of documents, written one way, so that a link and what it points to are seen to be one."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from tocsin.contracts import NoticeClassified

LONGEST = 500
REMEMBERED = 200  # addresses and as many links to a case: the first by name, whatever came in first
TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid")  # say who sent a reader, not what is read


def canonical(address: str) -> str | None:
    """An address without what does not tell documents apart; None for what names no document.

    Scheme, `www.`, fragment, tracking parameters and a last slash go, and letters of the host are small
    (RFC 3986, section 6.2.2.1). A home page is no document.
    """
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
        path, asked = parts.path.rstrip("/"), _asked(parts.query)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or not (path or asked):
        return None
    found = f"{host}{port}{path}" + (f"?{asked}" if asked else "")
    return found if len(found) <= LONGEST and found.isprintable() else None


def _asked(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    return urlencode([pair for pair in pairs if not pair[0].lower().startswith(TRACKING)])


def address_of(fact: NoticeClassified) -> str | None:
    """Where a notice can be read."""
    return canonical(fact.notice.url) if fact.notice.url else None


def linked(fact: NoticeClassified) -> frozenset[str]:
    """What a notice points to, itself left out."""
    return frozenset(filter(None, map(canonical, fact.notice.links))) - {address_of(fact)}


def remember(known: Iterable[str], more: Iterable[str | None]) -> tuple[str, ...]:
    """Both, each once. In whatever order they come in, the same are kept."""
    return tuple(sorted({*known, *filter(None, more)})[:REMEMBERED])
