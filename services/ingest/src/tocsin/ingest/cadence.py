"""Decides when a source is asked again: at its own pace while it answers, ever more rarely when not."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_PAUSE_SECONDS = 3_600.0
MAX_RETRY_AFTER_SECONDS = 86_400.0  # a source may ask for a day of peace, and not for ever
DOUBLINGS = 12


def next_poll(every: float, failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds until the next poll.

    ``failures`` in a row double the pause up to an hour (or ``every``, if that is longer); polling never
    ends. ``chance`` in [0, 1) spreads replicas and sources: ±5 % of the pace, and the upper half of a
    back-off. What the source asked for is the least it gets.
    """
    if failures == 0:
        return every * (0.95 + 0.1 * chance)
    longest = min(max(MAX_PAUSE_SECONDS, every), every * 2.0 ** min(failures, DOUBLINGS))
    return max(longest * (0.5 + 0.5 * chance), retry_after or 0.0)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number or an HTTP date (RFC 9110, 10.2.3).

    None when it is absent or unreadable; never negative, at most a day.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), MAX_RETRY_AFTER_SECONDS))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max((when - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
