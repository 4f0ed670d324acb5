"""The sweep: makes up for the gaps that an audit finds, under the ids that everything had from the start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.chassis import logs
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.audit import Cause, Finding, Gap, Record, examine
from tocsin.notify.handler import Handler
from tocsin.notify.pacing.plan import Now
from tocsin.notify.standing import Standing
from tocsin.notify.store.book import Book, open_book
from tocsin.notify.store.records import Page

log = logs.get(__name__)


@dataclass(frozen=True)
class Sweep:
    """Drives again what the handler left undone. Nothing is told twice: ids are made of what is told."""

    handler: Handler

    async def run(self, since: datetime, after: int, most: int) -> tuple[Page, Sequence[Finding]]:
        """Make up for the gaps of one page of notices, all or none; gives what was found before."""
        standing = await self.handler.directory.refresh()
        async with open_book(self.handler.pool) as book:
            await book.lock_cases()  # no handler decides and no other sweep runs meanwhile
            page = await book.records(since, after, most)
            now = datetime.now(UTC)
            found = [examine(record, now) for record in page.records]
            for record, finding in zip(page.records, found, strict=True):
                for gap in finding.gaps:
                    log.warning("gap", cause=gap.cause.value, notice=record.fact.id)
                    await self._mend(book, record, gap)
                if any(gap.cause is Cause.NO_CASE for gap in finding.gaps):
                    await self._decide(book, record, standing)
        return page, found

    async def _decide(self, book: Book, record: Record, standing: Standing) -> None:
        """Follow a notice that is in no case as if it came now: cases have moved on since."""
        await book.stand(record.fact, standing.id)
        await self.handler.follow(book, record.fact, standing, new_traceparent())

    async def _mend(self, book: Book, record: Record, gap: Gap) -> None:
        if gap.cause is Cause.NO_STEP and gap.news is not None:
            await self.handler.take(book, gap.news, record.standing, new_traceparent())
        elif gap.cause is Cause.NO_ALERT and gap.news is not None and gap.recipient is not None:
            await self.handler.tell(book, gap.news, [gap.recipient], record.standing, new_traceparent())
        elif gap.cause is Cause.NO_ATTEMPT and gap.delivery is not None:
            await book.redeliver(gap.delivery.id)
        elif gap.cause is Cause.NO_SUMMARY and gap.delivery is not None:
            await book.unfold(gap.delivery.id)
        elif gap.alert and gap.news and gap.recipient and gap.channel:
            late = Now("the audit found that it was missing", counts=False)
            of = (gap.alert.id, gap.news.case.id, gap.recipient.team)
            await book.deliver(of, {gap.channel: late}, datetime.now(UTC))
