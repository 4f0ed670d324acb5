"""Words of the console: times, titles and addresses, as its pages print them. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tocsin.contracts import Kind
from tocsin.notify import wording
from tocsin.notify.cases.case import Case
from tocsin.notify.line import line

LONGEST_LINE = 300
LONGEST_LINK = 500


def utc(moment: datetime | str) -> str:
    """A time as people read it: `13 Jun 2026 00:50 UTC`."""
    return wording.utc(_moment(moment))


def iso(moment: datetime | str) -> str:
    """A time as `<time datetime>` wants it: in UTC, to the second."""
    return _moment(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """What others wrote, on one line, without anything that could turn the text around it."""
    return line(text, most)


def plain(text: str) -> str:
    """What others wrote, with its line breaks, without anything that could turn the text around it."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def link(address: str | None) -> str | None:
    """An address that may become a link: http or https with a host; None for every other."""
    if address is None or len(address) > LONGEST_LINK or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.hostname else None


def title(case: Case) -> str:
    """A case in one line: what it hits, by what measure, and where that stands."""
    products = [ref.name for ref in case.subjects if ref.kind is not Kind.VENDOR]
    names = products or [ref.name for ref in case.subjects]
    stands = f"{wording.MEASURE[case.category]} {wording.STANDING[case.state]}"
    return f"{wording.listed(names)}: {stands}" if names else stands.capitalize()


def among(known: Mapping[str, Any], asked: str) -> str:
    """What was asked for, if it is one of these; else nothing."""
    return asked if asked in known else ""


def _moment(moment: datetime | str) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
