"""The handler: classified notices become cases, steps, alerts and deliveries, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tocsin.chassis import logs
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.metrics import STAGE
from tocsin.contracts import NoticeClassified
from tocsin.contracts.subscriptions import Team
from tocsin.notify import metrics
from tocsin.notify.cases import Case, Development, file
from tocsin.notify.claims import tells
from tocsin.notify.directory import Directory
from tocsin.notify.routing import Recipient, route
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
        await self.directory.refresh()
        async with open_book(self.pool) as book:
            unique = {one.event.id: one for one in incoming}
            fresh = await book.enter([one.event for one in unique.values()])
            telling = [one for one in unique.values() if one.event.id in fresh and tells(one.event)]
            metrics.NOTICES.labels("known").inc(len(incoming) - len(fresh))
            metrics.NOTICES.labels("aside").inc(len(fresh) - len(telling))
            if telling:
                await book.lock_cases()
            for one in telling:
                await self._follow(book, one)
        now = datetime.now(UTC)
        for one in unique.values():
            STAGE.labels("notify").observe((now - one.event.classified_at).total_seconds())

    async def _follow(self, book: Book, one: Incoming[NoticeClassified]) -> None:
        fact = one.event
        filings = file(fact, await book.candidates(fact))
        if not filings:
            metrics.NOTICES.labels("aside").inc()
            return
        metrics.NOTICES.labels("step" if any(filing.step for filing in filings) else "folded").inc()
        for filing in filings:
            await book.save(filing, fact)
            if filing.step is not None:
                news = Development(fact=fact, case=filing.case, step=filing.step)
                await self._take(book, news, one.traceparent)

    async def _take(self, book: Book, news: Development, traceparent: str) -> None:
        await book.take(news)
        told = await book.told(news.case)
        recipients = route(news, self.directory.subscribers, told, self.directory.names)
        for recipient in recipients:
            await self._tell(book, news, recipient, traceparent)
        metrics.STEPS.labels(news.step.kind).inc()
        log.info(
            "step",
            case=news.case.ref,
            step=news.step.number,
            kind=news.step.kind.value,
            teams=len(recipients),
        )

    async def _tell(self, book: Book, news: Development, to: Recipient, traceparent: str) -> None:
        alert = compose(news, to, raised_at=datetime.now(UTC), case_url=self.case_url(news.case))
        team: Team = self.directory.team(to.team)
        await book.raise_alert(alert, [channel.name for channel in team.channels], traceparent)
        metrics.ALERTS.labels(alert.severity).inc()
