"""The book: what one poll's notices change, written in one transaction."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import asyncpg
from prometheus_client import Counter

from tocsin.contracts import AlertRaised, EntityId, NoticeClassified, fingerprint
from tocsin.notify import reserved
from tocsin.notify.cases import Case, Development, Filing
from tocsin.notify.store import records

WAKE = "tocsin_deliveries"  # the sender listens to this


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
            """
            insert into notices (id, body, standing) select * from unnest($1::text[], $2::jsonb[], $3::text[])
            on conflict (id) do nothing returning id
            """,
            [fact.id for fact in facts],
            [fact.model_dump(mode="json") for fact in facts],
            [standing.get(fact.id) for fact in facts],
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
        await self._connection.execute("select pg_advisory_xact_lock(hashtext('tocsin cases'))")

    async def candidates(self, fact: NoticeClassified) -> list[Case]:
        """Cases that share a document or a subject with the notice, latest first."""
        subjects = [mention.id for mention in fact.classification.subjects()]
        rows = await self._connection.fetch(
            """
            select body from cases where documents @> array[$1::text] or subjects && $2::text[]
            order by changed_at desc, seq desc limit 100
            """,
            fact.notice.document_id,
            subjects,
        )
        return [Case.model_validate(row["body"]) for row in rows]

    async def save(self, filing: Filing, fact: NoticeClassified) -> None:
        """Write a case as it stands after a notice, and file the notice under it."""
        case = filing.case
        await self._connection.execute(
            """
            insert into cases (id, ref, state, documents, subjects, body, changed_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (id) do update set (state, documents, subjects, body, changed_at)
              = (excluded.state, excluded.documents, excluded.subjects, excluded.body, excluded.changed_at)
            """,
            case.id,
            case.ref,
            case.state,
            list(case.documents),
            [ref.id for ref in case.subjects],
            case.model_dump(mode="json"),
            case.changed_at,
        )
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
        rows = await self._connection.fetch(
            "select team_id, concerns from alerts where case_id = $1", case.id
        )
        told: dict[str, frozenset[EntityId]] = {}
        for row in rows:
            told[row["team_id"]] = told.get(row["team_id"], frozenset()) | frozenset(row["concerns"])
        return told

    async def raise_alert(self, alert: AlertRaised, channels: Sequence[str], traceparent: str) -> None:
        """Record an alert and one delivery a channel of its team; wakes the sender on commit.

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
        await self.deliver(alert.id, alert.team, channels)

    async def deliver(self, alert: str, team: str, channels: Sequence[str]) -> None:
        """Record one delivery a channel of an alert; wakes the sender on commit."""
        await self._connection.executemany(
            "insert into deliveries (id, alert_id, team_id, channel) values ($1, $2, $3, $4)",
            [(fingerprint("msg", alert, name), alert, team, name) for name in channels],
        )
        await self._connection.execute(f"notify {WAKE}")

    async def redeliver(self, delivery: str) -> None:
        """What was called delivered goes out again, under its own id; wakes the sender on commit."""
        await self._connection.execute(
            "update deliveries set state = 'pending', due_at = now(), delivered_at = null where id = $1",
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
