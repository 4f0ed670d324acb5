"""Measures a document that was read: a few figures in which a change of the source would show."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.ingest.entry import Entry, Parsed

AHEAD = timedelta(
    days=4
)  # the Federal Register lists documents two days, over a weekend more, before their date
MEASURED_CHARACTERS = 2_000  # of each entry, to tell its letters

READ = "that could be read"


@dataclass(frozen=True)
class Figures:
    """One document. ``shares`` are of its entries, from 0 to 1, by what is true of them."""

    size: int  # bytes
    entries: int  # with those that could not be read
    shares: Mapping[str, float] = field(default_factory=dict)
    language: str | None = None  # that most entries state: the first subtag
    dates: tuple[float, ...] = ()  # the entries' own, that are not ahead of us; POSIX, ascending


def measure(documents: Sequence[Parsed], size: int, now: datetime) -> Figures:
    """The figures of what one poll brought, ``size`` bytes in all."""
    entries = [entry for document in documents for entry in document.entries if not entry.withdrawn]
    bad = sum(len(document.bad) for document in documents)
    shares = {words: _share(holds, entries) for words, holds in _TRUE_OF.items()} if entries else {}
    if entries and any(map(_dated_at, entries)):
        shares["dated before tomorrow"] = _share(lambda entry: not _is_ahead(entry, now), entries)
    if entries or bad:
        shares[READ] = len(entries) / (len(entries) + bad)
    stated = Counter(entry.language.partition("-")[0].lower() for entry in entries if entry.language)
    known = sorted(date for entry in entries if (date := _dated_at(entry)) and date <= now)
    return Figures(
        size=size,
        entries=len(entries) + bad,
        shares=shares,
        language=stated.most_common(1)[0][0] if stated else None,
        dates=tuple(date.timestamp() for date in known),
    )


def _share(holds: Callable[[Entry], bool], entries: Sequence[Entry]) -> float:
    return sum(map(holds, entries)) / len(entries)


def _dated_at(entry: Entry) -> datetime | None:
    return entry.published_at or entry.updated_at


def _is_ahead(entry: Entry, now: datetime) -> bool:
    date = _dated_at(entry)
    return date is not None and date > now + AHEAD


def _has_own_title(entry: Entry) -> bool:
    return entry.title != entry.text.partition("\n")[0][: len(entry.title)]


def _is_latin(entry: Entry) -> bool:
    letters = [char for char in (entry.title + entry.text)[:MEASURED_CHARACTERS] if char.isalpha()]
    return sum(char < "\u0250" for char in letters) * 2 > len(letters)  # up to Latin Extended-B


_TRUE_OF: Mapping[str, Callable[[Entry], bool]] = {
    "with a title of their own": _has_own_title,
    "with a text": lambda entry: bool(entry.text),
    "with an address": lambda entry: entry.url is not None,
    "with a date": lambda entry: _dated_at(entry) is not None,
    "in Latin letters": _is_latin,
    "in other letters": lambda entry: not _is_latin(entry),
}
