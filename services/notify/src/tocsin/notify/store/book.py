"""The book: what one poll's notices change, written in one transaction."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

import asyncpg
from prometheus_client import Counter

from tocsin.contracts import AlertRaised, EntityId, NoticeClassified
from tocsin.contracts.subscriptions import OnCall
from tocsin.notify import metrics, reserved
from tocsin.notify.cases.filing import Case, Development, Filing
from tocsin.notify.pacing.escalation import State, arm
from tocsin.notify.pacing.plan import Known, Plan
from tocsin.notify.store import alarms, cases, escalations, pacing, records
from tocsin.notify.store.wakeup import WAKE

# In the order of sources: replicas that count at the same time wait for each other, and never both.
ENTER = """
    with new as (
        insert into notices (id, body, standing, addresses)
        select id, body, standing, array(select jsonb_array_elements_text(addresses::jsonb))
        from unnest($1::text[], $2::jsonb[], $3::text[], $4::text[]) n (id, body, standing, addresses)
        on conflict (id) do nothing returning id, body
    ), counted as (
        insert into source_days as d (source, day, notices)
        select body #>> '{notice,source,id}', (now() at time zone 'UTC')::date, count(*) from new
        group by 1 order by 1
        on conflict (source, day) do update set notices = d.notices + excluded.notices
    )
    select id from new
"""


class Book:
    """One open transaction of the handler. Nothing in it is seen by anyone before it is closed."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._counts: list[Counter] = []

    def count(self, counter: Counter) -> None:
        """Count one more when the transaction is committed: whoever sees the count finds the rows."""
        self._counts.append(counter)

    def committed(self) -> None:
        """It is."""
        for counter in self._counts:
            counter.inc()

    async def enter(self, facts: Sequence[NoticeClassified], standing: Mapping[str, str]) -> set[str]:
        """Record notices; gives the ids of those that were not known before.

        ``standing`` has, by notice, what it is decided on; a notice that is not in it is not audited.
        """
        rows = await self._connection.fetch(
            ENTER,
            [fact.id for fact in facts],
            [fact.model_dump(mode="json") for fact in facts],
            [standing.get(fact.id) for fact in facts],
            [json.dumps(cases.addresses(fact)) for fact in facts],  # the driver takes lists in a list for one
        )
        return {row["id"] for row in rows}

    async def stand(self, fact: NoticeClassified, standing: str) -> None:
        """A notice that is on record is decided now, on this standing."""
        await self._connection.execute("update notices set standing = $2 where id = $1", fact.id, standing)

    async def records(self, since: datetime, after: int, most: int) -> records.Page:
        """What is on record, for the audit."""
        return await records.read(self._connection, since, after, most)

    async def lock_cases(self) -> None:
        """One replica decides about cases at a time: two reports of one act make one case."""
        await cases.lock(self._connection)

    async def candidates(self, fact: NoticeClassified) -> list[Case]:
        """Cases that the notice may belong to, latest first."""
        return await cases.candidates(self._connection, fact)

    async def save(self, filing: Filing, fact: NoticeClassified) -> None:
        """Write a case as it stands after a notice, and file the notice under it."""
        case = filing.case
        await cases.write(self._connection, case)
        await self._connection.execute(
            "insert into tellings (case_id, notice_id, because, stood) values ($1, $2, $3, $4)",
            case.id,
            fact.id,
            filing.because,
            case.model_dump(mode="json"),
        )

    async def take(self, news: Development) -> None:
        """Record a step of a case."""
        await self._connection.execute(
            "insert into steps (case_id, number, notice_id, body) values ($1, $2, $3, $4)",
            news.case.id,
            news.step.number,
            news.fact.id,
            news.step.model_dump(mode="json"),
        )

    async def told(self, case: Case) -> dict[str, frozenset[EntityId]]:
        """By team: what of its own the alerts of this case were about so far."""
        return await cases.told(self._connection, case)

    async def known(self, case: Case, teams: Iterable[str], now: datetime) -> Mapping[str, Known]:
        """By team: what the pace of the next step of a case depends on."""
        return await pacing.known(self._connection, case.id, teams, now)

    async def raise_alert(self, alert: AlertRaised, plans: Mapping[str, Plan], traceparent: str) -> None:
        """Record an alert and what becomes of it on each channel of its team; wakes the sender on commit.

        The canary's alert is for itself alone, and counts as published.
        """
        await self._connection.execute(
            """
            insert into alerts
              (id, team_id, case_id, step, concerns, body, traceparent, raised_at, published_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            alert.id,
            alert.team,
            alert.case_id,
            alert.step,
            [ref.id for ref in alert.concerns],
            alert.model_dump(mode="json"),
            traceparent,
            alert.raised_at,
            alert.raised_at if alert.team == reserved.NAME else None,
        )
        await self.deliver((alert.id, alert.case_id, alert.team), plans, alert.raised_at)

    async def deliver(self, of: tuple[str, str, str], plans: Mapping[str, Plan], now: datetime) -> None:
        """Record one delivery a channel of an alert (id, case, team); wakes the sender on commit."""
        for plan in await pacing.deliver(self._connection, of, plans, now):
            self.count(metrics.DECISIONS.labels(plan.what))
        await self._connection.execute(f"notify {WAKE}")

    async def escalate(self, alert: AlertRaised, on_call: OnCall | None) -> None:
        """Write down what follows if nobody acknowledges this alert; for what it ends, nothing more does."""
        if alert.over:
            case, because = (alert.case_id, alert.team), f"step {alert.step} of the case: {alert.kind}"
            ended = await escalations.end(self._connection, case, alert.step, State.OVER, because)
            self._counts += [metrics.ESCALATIONS.labels("over")] * ended
        follows = arm(alert, on_call)
        if follows is not None and await escalations.arm(self._connection, alert, follows):
            self.count(metrics.ESCALATIONS.labels("armed"))

    async def resolve(self, alert: AlertRaised, pagers: Sequence[str]) -> None:
        """Have channels end what they hold open of a measure that is over, where this alert does not."""
        await alarms.resolve(self._connection, alert, pagers)

    async def unfold(self, delivery: str) -> None:
        """What was folded into a summary that is lost goes out by itself; wakes the sender on commit."""
        await self._connection.execute(
            """
            update deliveries set state = 'pending', due_at = now(), asked_at = now(), folded_into = null,
                because = 'its summary was lost: found by the audit'
            where id = $1 and state = 'folded'
            """,
            delivery,
        )
        await self._connection.execute(f"notify {WAKE}")

    async def redeliver(self, delivery: str) -> None:
        """What was called delivered goes out again, under its own id; wakes the sender on commit."""
        await self._connection.execute(
            """
            update deliveries set state = 'pending', due_at = now(), asked_at = now(), asked_after = attempts,
                delivered_at = null
            where id = $1
            """,
            delivery,
        )
        await self._connection.execute(f"notify {WAKE}")


@contextlib.asynccontextmanager
async def open_book(pool: asyncpg.Pool) -> AsyncIterator[Book]:
    """A transaction that is committed when the block ends, and undone when it raises."""
    async with pool.acquire() as connection:
        book = Book(connection)
        async with connection.transaction():
            yield book
    book.committed()
