"""Audit: which alerts and deliveries ought to follow from a notice, and what of that is not on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.contracts import NoticeClassified
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, Development, Step, file
from tocsin.notify.routing.route import Recipient, Told, route
from tocsin.notify.standing import Standing

LONG = timedelta(minutes=5)  # what has not arrived by then is open


class Cause(StrEnum):
    """What is missing; the sweep makes up for each."""

    NO_CASE = "no_case"  # the notice is in no case, and tells of one
    NO_STEP = "no_step"  # it is in a case, and the step that it is was not taken
    NO_ALERT = "no_alert"
    NO_DELIVERY = "no_delivery"
    NO_ATTEMPT = "no_attempt"  # a delivery is called delivered, and no attempt says so
    NO_SUMMARY = "no_summary"  # a delivery is folded into a summary that nobody sends


class Wait(StrEnum):
    """Why something on record has not arrived: no gap, the sender or the publisher has it or gave up."""

    PENDING = "pending"
    FAILED = "failed"
    UNPUBLISHED = "unpublished"


@dataclass(frozen=True)
class Delivery:
    """A delivery on record. ``attested``: an attempt says that it was made.

    Of one that is folded into a summary, this is all said of the summary's delivery, which goes at
    ``goes_at``; ``state`` is `missing` where there is none.
    """

    id: str
    channel: str
    state: str
    attested: bool
    last_error: str | None
    folded: bool = False
    goes_at: datetime | None = None

    def late(self, alert: "Alert", now: datetime) -> bool:
        """Whether it ought to have been made by now."""
        return now - (self.goes_at or alert.raised_at) > LONG

    def confirmed(self, alert: "Alert", now: datetime) -> bool:
        """Whether the receiver has it, by the ledger's word and the attempt's, or is to have it later."""
        coming = self.folded and self.state == "pending" and not self.late(alert, now)
        return coming or (self.state == "delivered" and self.attested)


@dataclass(frozen=True)
class Alert:
    """An alert on record."""

    id: str
    raised_at: datetime
    published: bool
    deliveries: Sequence[Delivery]


@dataclass(frozen=True)
class Filed:
    """A notice on record in a case, which stood so afterwards; the step that it was, if it was one.

    ``alerts`` are those of the step, by team; ``told`` is what those of earlier steps were about.
    """

    case: Case
    step: Step | None
    told: Told
    alerts: Mapping[str, Alert]


@dataclass(frozen=True)
class Record:
    """What is on record about a notice that reports an act, and what its decision stood on.

    ``before`` are the cases that it may have belonged to, as they stood then, latest first; left out where
    it is in a case, and every step that the case counts is on record.
    """

    fact: NoticeClassified
    recorded_at: datetime
    standing: Standing
    before: Sequence[Case]
    filed: Sequence[Filed]


@dataclass(frozen=True)
class Gap:
    """Something that ought to be on record and is not; everything that the sweep needs is here."""

    cause: Cause
    news: Development | None = None
    recipient: Recipient | None = None
    alert: Alert | None = None
    channel: str | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True)
class Open:
    """Something on record that has not arrived, and should have."""

    wait: Wait
    news: Development
    team: str
    delivery: Delivery | None = None


@dataclass(frozen=True)
class Finding:
    """What the audit of one notice found: ``confirmed`` of the ``expected`` deliveries were made."""

    gaps: tuple[Gap, ...]
    open: tuple[Open, ...]
    expected: int
    confirmed: int


def examine(record: Record, now: datetime) -> Finding:
    """Decide again on what stood then, and compare with what is on record.

    How a notice was filed is taken on its word: newer code may file it otherwise, and that leaves no gap.
    """
    gaps = list(_unfiled(record))
    waits: list[Open] = []
    expected = sum(_reach(record, gap.news, {}) for gap in gaps if gap.news is not None)
    confirmed = 0
    for filed in record.filed:
        if filed.step is None:
            continue
        news = Development(fact=record.fact, case=filed.case, step=filed.step)
        expected += _reach(record, news, filed.told)
        gaps += _untold(record, news, filed)
        for team, alert in filed.alerts.items():
            waits += _waiting(news, team, alert, now)
            confirmed += sum(delivery.confirmed(alert, now) for delivery in alert.deliveries)
    return Finding(tuple(gaps), tuple(waits), expected, confirmed)


def _unfiled(record: Record) -> Iterator[Gap]:
    """A notice in no case that tells of one, and steps that the case counts and that were not taken."""
    filed = {one.case.id: one for one in record.filed}
    for filing in file(record.fact, record.before) if tells(record.fact) else []:
        step = filing.step
        news = Development(fact=record.fact, case=filing.case, step=step) if step is not None else None
        there = filed.get(filing.case.id)
        if not filed:
            yield Gap(Cause.NO_CASE, news)
        elif news and there and there.step is None and there.case.steps == news.step.number:
            yield Gap(Cause.NO_STEP, news)


def _route(record: Record, news: Development, told: Told) -> list[Recipient]:
    return route(news, record.standing.subscribers, told, record.standing.names)


def _reach(record: Record, news: Development, told: Told) -> int:
    """How many deliveries ought to follow from a step."""
    return sum(len(record.standing.channels(to.team)) for to in _route(record, news, told))


def _untold(record: Record, news: Development, filed: Filed) -> Iterator[Gap]:
    for recipient in _route(record, news, filed.told):
        alert = filed.alerts.get(recipient.team)
        if alert is None:
            yield Gap(Cause.NO_ALERT, news, recipient)
        else:
            yield from _undelivered(news, recipient, alert, record.standing.channels(recipient.team))


def _undelivered(
    news: Development, recipient: Recipient, alert: Alert, channels: Sequence[str]
) -> Iterator[Gap]:
    there = {delivery.channel for delivery in alert.deliveries}
    for channel in channels:
        if channel not in there:
            yield Gap(Cause.NO_DELIVERY, news, recipient, alert, channel)
    for delivery in alert.deliveries:
        if delivery.state == "missing":
            yield Gap(Cause.NO_SUMMARY, news, recipient, alert, delivery.channel, delivery)
        if delivery.state == "delivered" and not delivery.attested:
            cause = Cause.NO_SUMMARY if delivery.folded else Cause.NO_ATTEMPT
            yield Gap(cause, news, recipient, alert, delivery.channel, delivery)


def _waiting(news: Development, team: str, alert: Alert, now: datetime) -> Iterator[Open]:
    if now - alert.raised_at > LONG and not alert.published:
        yield Open(Wait.UNPUBLISHED, news, team)
    for delivery in alert.deliveries:
        if delivery.state == "failed" or (delivery.state == "pending" and delivery.late(alert, now)):
            yield Open(Wait(delivery.state), news, team, delivery)
