"""Asks a source for what it published within a range of time, as much as fits into one answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Source

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Past:
    """How a kind of source is asked by date."""

    unit: timedelta  # the finest range that it knows
    longest: timedelta  # the range that is asked for at once
    ask: Callable[[Source, datetime, datetime], Awaitable[Sequence[Fetched] | None]]
    """Everything from a moment on and before another; None when that is more than it gives."""


@dataclass(frozen=True)
class Slice:
    """Everything that was published before ``until``, and not before the moment that was asked for."""

    documents: Sequence[Fetched]
    until: datetime


async def first_slice(past: Past, source: Source, since: datetime, until: datetime) -> Slice:
    """The beginning of a range, shortened until the source gives all of it. Raises ``PollFailed``."""
    start, span = _floor(since, past.unit), past.longest
    while True:
        end = min(start + span, _ceil(until, past.unit))
        documents = await past.ask(source, start, end)
        if documents is not None:
            return Slice(documents, end)
        span = _floor(EPOCH + (end - start) / 2, past.unit) - EPOCH
        if not span:
            raise PollFailed(Outcome.TOO_LARGE, f"it has more between {start} and {end} than it will give")


def asked_with(address: str, wanted: Mapping[str, str]) -> str:
    """The address with these parameters in place of its own of the same name."""
    parts = urlsplit(address)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in wanted]
    return urlunsplit(parts._replace(query=urlencode([*kept, *wanted.items()])))


def _floor(moment: datetime, unit: timedelta) -> datetime:
    return moment - (moment - EPOCH) % unit


def _ceil(moment: datetime, unit: timedelta) -> datetime:
    return moment + (EPOCH - moment) % unit
