"""Times as people type and read them: spans from now, UTC with local time beside it."""

import re
from datetime import UTC, datetime, timedelta

from tocsin.cli.failure import Exit, Failure

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def since(text: str, now: datetime) -> datetime:
    """`12h` as the moment twelve hours ago, or an ISO 8601 time; UTC where it states no zone."""
    return _moment(text, now, -1)


def until(text: str, now: datetime) -> datetime:
    """`2d` as the moment two days from now, or an ISO 8601 time; UTC where it states no zone."""
    return _moment(text, now, 1)


def _moment(text: str, now: datetime, way: int) -> datetime:
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text.strip()):
        return now + way * timedelta(**{UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(Exit.USAGE, f"{text!r} is no time: use 30m, 12h, 7d or 2026-06-13T00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def shown(text: str | None) -> str | None:
    """An ISO time from an API as `2026-06-13 00:50:11 UTC`, with local time behind it where that differs."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    utc, local = moment.astimezone(UTC), moment.astimezone()
    here = f" ({local:%H:%M %Z})" if local.utcoffset() else ""
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC{here}"
