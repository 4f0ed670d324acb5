"""Summing up: what a summary says of the alerts that were folded into it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.contracts import AlertsSummarised, Severity, SummarisedAlert, SummarySort

MOST = 50  # alerts that are named

Link = Callable[[str], str | None]  # from a summary's id to where all of it is

WHY = {
    SummarySort.DIGEST: "your digest",
    SummarySort.QUIET: "they came in your quiet hours",
    SummarySort.STORM: "too many came at once to tell each",
    SummarySort.SILENCE: "what you missed while a silence hid it",
    SummarySort.UPKEEP: "some of what you declared can tell you nothing",
    SummarySort.TROUBLE: "a channel of yours is in trouble",
}


@dataclass(frozen=True)
class Open:
    """A summary that is about to be told; ``headline`` and ``lines`` are what it says besides alerts."""

    id: str
    team: str
    channel: str
    sort: SummarySort
    since: datetime
    headline: str | None = None
    lines: tuple[str, ...] = ()


def compose(told: Open, alerts: Sequence[SummarisedAlert], now: datetime, link: Link) -> AlertsSummarised:
    """The summary of these alerts, oldest first; where they are too many, the gravest are named."""
    order = sorted(range(len(alerts)), key=lambda place: -alerts[place].severity.rank)[:MOST]
    return AlertsSummarised(
        id=told.id,
        team=told.team,
        channel=told.channel,
        sort=told.sort,
        since=told.since,
        until=now,
        headline=told.headline or _headline(told.sort, len(alerts)),
        severity=max((one.severity for one in alerts), key=lambda one: one.rank, default=Severity.INFO),
        lines=told.lines,
        count=len(alerts),
        items=tuple(alerts[place] for place in sorted(order)),
        more=len(alerts) - len(order),
        url=link(told.id) if alerts else None,
    )


def _headline(sort: SummarySort, count: int) -> str:
    more = " more" if sort is SummarySort.STORM else ""
    return f"{count}{more} alert{'' if count == 1 else 's'}: {WHY[sort]}"
