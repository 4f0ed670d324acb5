"""From when an act holds, where the notice says so in plain words."""

import re
from datetime import UTC, datetime, timedelta

from tocsin.classify.reading import Reading, Sentence

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_DATE = re.compile(
    rf"(?:effective|takes? effect|in force|into force|starting|beginning|as of|from)\s+(?:on |from |at )?"
    rf"(?:(?P<day>\d{{1,2}}) (?P<month>{_MONTH})|(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}}))"
    rf"(?:,? (?P<year>\d{{4}}))?"
)
_NEAR = (
    (re.compile(r"\b(?:tonight|today|immediately|with immediate effect)\b"), 0),
    (re.compile(r"\btomorrow\b"), 1),
)


def effective_at(
    reading: Reading, sentence: Sentence | None, now: datetime
) -> tuple[datetime, int, int] | None:
    """The date (midnight UTC) and where the sentence states it, as (date, start, end); None when it does not.

    A date without a year is the one nearest to ``now``.
    """
    if sentence is None:
        return None
    match = _DATE.search(sentence.text)
    if match is not None:
        date = _date(match, now)
        return None if date is None else (date, match.start(), match.end())
    midnight = (
        (reading.notice.published_at or now)
        .astimezone(UTC)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    for pattern, days in _NEAR:
        near = pattern.search(sentence.text)
        if near is not None:
            return midnight + timedelta(days=days), near.start(), near.end()
    return None


def _date(match: re.Match[str], now: datetime) -> datetime | None:
    day = int(match["day"] or match["day2"])
    month = next(
        i for i, name in enumerate(_MONTHS, 1) if name.startswith((match["month"] or match["month2"])[:3])
    )
    years = [int(match["year"])] if match["year"] else [now.year - 1, now.year, now.year + 1]
    dates = [date for year in years if (date := _midnight(year, month, day)) is not None]
    return min(dates, key=lambda date: abs(date - now), default=None)


def _midnight(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
