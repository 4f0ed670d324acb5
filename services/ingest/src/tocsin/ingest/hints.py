"""What an RSS document says of when to come back: ttl, skipHours, skipDays, sy:updatePeriod."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HEAD = 65_536  # bytes looked at before the first item, and after the last
PERIODS = {b"hourly": 3_600.0, b"daily": 86_400.0, b"weekly": 604_800.0, b"monthly": 2_592_000.0}
PERIODS[b"yearly"] = 31_536_000.0
DAYS = (b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday")

_ITEM = re.compile(rb"<(?:\w{1,20}:)?item[\s>]")
_LAST_ITEM = b"item>"
_TTL = re.compile(rb"<ttl>\s*(\d{1,7})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(rb"<\w{1,20}:updatePeriod>\s*(\w{5,7})\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<\w{1,20}:updateFrequency>\s*(\d{1,4})\s*</", re.IGNORECASE)
_SKIPPED = re.compile(rb"<skip(hours|days)>(.{0,2000}?)</skip\1>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(rb"<day>\s*([a-z]{6,9})\s*</day>", re.IGNORECASE)


@dataclass(frozen=True)
class Hints:
    """A channel's own words on its rhythm; all absent in Atom and JSON."""

    ttl: float | None = None  # seconds for which it may be kept (RSS 2.0)
    period: float | None = None  # seconds between its updates (RSS 1.0 syndication module)
    skip_hours: tuple[int, ...] = ()  # of the day, UTC, in which it is silent
    skip_days: tuple[int, ...] = ()  # of the week, Monday is 0

    def silent_for(self, when: datetime) -> float:
        """Seconds from ``when`` until the channel speaks again: 0 outside its skipped hours and days."""
        start = when.astimezone(UTC)
        hour = start.replace(minute=0, second=0, microsecond=0)
        for _ in range(7 * 24):
            if hour.hour not in self.skip_hours and hour.weekday() not in self.skip_days:
                break
            hour += timedelta(hours=1)
        return max((hour - start).total_seconds(), 0.0)


def read(body: bytes) -> Hints:
    """The hints of a channel, whatever else the bytes are. Only its own elements count, not its items'."""
    channel = b" ".join(_around_items(body))
    ttl, period = _TTL.search(channel), _PERIOD.search(channel)
    frequency = _FREQUENCY.search(channel)
    seconds = PERIODS.get(period[1].lower()) if period else None
    times = max(int(frequency[1]), 1) if frequency else 1
    skipped = {kind.lower(): inner for kind, inner in _SKIPPED.findall(channel)}
    hours = {int(hour) % 24 for hour in _HOUR.findall(skipped.get(b"hours", b""))}  # 24 is midnight in 0.91
    days = {day.lower() for day in _DAY.findall(skipped.get(b"days", b""))}
    return Hints(
        ttl=float(ttl[1]) * 60 if ttl else None,
        period=seconds / times if seconds else None,
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(number for number, name in enumerate(DAYS) if name in days),
    )


def _around_items(body: bytes) -> Iterator[bytes]:
    first = _ITEM.search(body)
    if first is None:
        yield body[:HEAD]
        return
    yield body[: min(first.start(), HEAD)]
    yield body[max(body.rfind(_LAST_ITEM), first.start(), len(body) - HEAD) :]
