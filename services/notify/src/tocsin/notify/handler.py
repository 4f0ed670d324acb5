"""The handler: classified notices become cases, steps, alerts and deliveries, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tocsin.chassis import logs, tracing
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.metrics import STAGE
from tocsin.contracts import NoticeClassified
from tocsin.contracts.channels import ALARMS
from tocsin.notify import metrics
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, Development, Filing, file
from tocsin.notify.directory import Directory
from tocsin.notify.pacing.plan import Now, plan
from tocsin.notify.reserved import RETURN, WATCHING, is_canary
from tocsin.notify.routing.route import Recipient, route
from tocsin.notify.standing import Standing
from tocsin.notify.store.book import Book, open_book
from tocsin.notify.wording import compose

log = logs.get(__name__)


@dataclass(frozen=True)
class Handler:
    """What notify does with each poll of classified notices."""

    pool: asyncpg.Pool
    directory: Directory
    case_url: Callable[[Case], str | None]

    async def on_notices_classified(self, incoming: Sequence[Incoming[NoticeClassified]]) -> None:
        """Record, decide, raise; all of it or nothing. What was recorded before changes nothing."""
        standing = await self.directory.refresh()
        unique = {one.event.id: one for one in incoming}
        telling = [one for one in unique.values() if tells(one.event)]
        async with open_book(self.pool) as book:
            if telling:
                await book.lock_cases()  # before they are entered, so that they are in order of decision
            audited = {one.event.id: standing.id for one in telling if not is_canary(one.event)}
            fresh = await book.enter([one.event for one in unique.values()], audited)
            news = [one for one in telling if one.event.id in fresh]
            came = [await self._hear(book, one, standing) for one in news]
        metrics.NOTICES.labels("known").inc(len(incoming) - len(fresh))
        metrics.NOTICES.labels("aside").inc(len(fresh) - len(news))
        for what in came:
            metrics.NOTICES.labels(what).inc()
        now = datetime.now(UTC)
        for one in unique.values():
            STAGE.labels("notify").observe((now - one.event.classified_at).total_seconds())

    async def _hear(self, book: Book, one: Incoming[NoticeClassified], standing: Standing) -> str:
        with tracing.span("notify", one.traceparent) as traceparent:
            return await self.follow(book, one.event, standing, traceparent)

    async def follow(self, book: Book, fact: NoticeClassified, standing: Standing, traceparent: str) -> str:
        """Decide what a notice that reports an act is to the cases, and tell whom it concerns.

        Gives what came of it, as it is counted.
        """
        filings = file(fact, await book.candidates(fact))
        for filing in filings:
            await book.save(filing, fact)
            if filing.step is not None:
                news = Development(fact=fact, case=filing.case, step=filing.step)
                await self.take(book, news, standing, traceparent)
        return _came_of_it(fact, filings)

    async def take(self, book: Book, news: Development, standing: Standing, traceparent: str) -> None:
        """Record a step, and tell whom it concerns."""
        await book.take(news)
        if is_canary(news.fact):
            for recipient in route(news, WATCHING, {}, standing.names):
                alert = compose(news, recipient, raised_at=datetime.now(UTC), case_url=None)
                await book.raise_alert(alert, {RETURN.name: Now("it is the canary")}, traceparent)
            return
        told = await book.told(news.case)
        recipients = route(news, standing.subscribers, told, standing.names)
        await self.tell(book, news, recipients, standing, traceparent)
        book.count(metrics.STEPS.labels(news.step.kind))
        log.info(
            "step",
            case=news.case.ref,
            step=news.step.number,
            kind=news.step.kind.value,
            teams=len(recipients),
        )

    async def tell(
        self, book: Book, news: Development, to: Sequence[Recipient], standing: Standing, traceparent: str
    ) -> None:
        """Raise the alerts that tell teams one step: now, or in a summary, channel by channel."""
        if not to:
            return
        now = datetime.now(UTC)
        known = await book.known(news.case, [one.team for one in to], now)
        for one in to:
            team = standing.teams[one.team]
            alert = compose(news, one, raised_at=now, case_url=self.case_url(news.case))
            await book.raise_alert(alert, plan(alert, team, known[one.team], now), traceparent)
            await book.escalate(alert, team.on_call)
            if alert.over:
                await book.resolve(alert, [one.name for one in team.channels if one.kind in ALARMS])
            book.count(metrics.ALERTS.labels(alert.severity))


def _came_of_it(fact: NoticeClassified, filings: Sequence[Filing]) -> str:
    if is_canary(fact):
        return "canary"
    if not filings:
        return "aside"
    return "step" if any(filing.step for filing in filings) else "folded"
