"""Makes sense of dates as sources write them: mends what has one meaning, drops what has none."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from tocsin.ingest.entry import Entry

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=10)
AHEAD = timedelta(days=4)  # official papers are listed up to two days before their date; a weekend more

_SUMMER = re.compile(r"\b(?:EST|CST|MST|PST)\s*$")
_DRUPAL = re.compile(r"\s*(?:([A-Za-z]{3})\w*,\s*)?(\d{1,2})/(\d{1,2})/(\d{4})\s*-\s*(\d{1,2}):(\d{2})\s*")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Flag(StrEnum):
    """What was wrong with a date."""

    FUTURE = "future"  # later than now: kept, for papers are dated ahead
    ABSURD = "absurd"  # before 1990, or more than four days ahead: dropped


def mended(text: object, parsed: datetime | None) -> datetime | None:
    """The moment that a source's text means; ``parsed`` is what a parser of RFC 822 made of it.

    "EST" within the summer time of the United States is what a clock on the wall shows: EDT. Drupal's
    ``Thu, 09/10/2026 - 14:30`` is month first, unless its weekday says that the day is; it names no zone, and
    is taken as UTC.
    """
    written = text if isinstance(text, str) else ""
    if parsed is None:
        return _drupal(written)
    return parsed - timedelta(hours=1) if _SUMMER.search(written) and _is_summer(parsed) else parsed


def _is_summer(moment: datetime) -> bool:
    """Second Sunday of March to first Sunday of November (15 U.S.C. 260a), by the day."""
    return _sunday(moment.year, 3, 2) <= moment.date() < _sunday(moment.year, 11, 1)


def _sunday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _drupal(text: str) -> datetime | None:
    found = _DRUPAL.fullmatch(text)
    if found is None:
        return None
    first, second, year, hour, minute = (int(number) for number in found.groups()[1:])
    readings = [_moment(year, *pair, hour, minute) for pair in ((first, second), (second, first))]
    possible = [moment for moment in readings if moment is not None]
    day = (found[1] or "").lower()
    fitting = [moment for moment in possible if _WEEKDAYS[moment.weekday()] == day]
    return next(iter(fitting or possible), None)


def _moment(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def checked(entry: Entry, seen_at: datetime) -> tuple[Entry, tuple[Flag, ...]]:
    """The entry without absurd dates, and what was flagged; ``seen_at`` is our own clock."""
    published, updated = _flag(entry.published_at, seen_at), _flag(entry.updated_at, seen_at)
    kept = replace(
        entry,
        published_at=None if published is Flag.ABSURD else entry.published_at,
        updated_at=None if updated is Flag.ABSURD else entry.updated_at,
    )
    return kept, tuple(flag for flag in (published, updated) if flag is not None)


def _flag(moment: datetime | None, seen_at: datetime) -> Flag | None:
    if moment is None or EARLIEST <= moment <= seen_at + SKEW:
        return None
    return Flag.FUTURE if EARLIEST <= moment <= seen_at + AHEAD else Flag.ABSURD
