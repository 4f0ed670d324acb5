"""What ingest remembers, in PostgreSQL: sources and their state, revisions, entries that failed."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from tocsin.ingest import cadence, parser
from tocsin.ingest.changes import Known, Verdict
from tocsin.ingest.entry import BadEntry
from tocsin.ingest.hosts import Turn
from tocsin.ingest.manners import Manners, of_row, to_row
from tocsin.ingest.source import Source

LEASE_SECONDS = 15.0  # how long the sources of a killed replica lie fallow


class Outdated(RuntimeError):
    """The lease has gone to another replica meanwhile: what we know of the source is old."""


class NoTables(RuntimeError):
    """The tables are not there; the message says how to make them."""


@dataclass(frozen=True)
class Leased:
    """A source that this replica, and no other, may poll now.

    ``fence`` is higher than that of every lease before: a holder that was stopped and went on (a zombie)
    can be told from the one that has the source now.
    """

    source_id: str
    fence: int
    failures: int = 0  # polls in a row that failed
    manners: Manners = field(default_factory=Manners)
    memory: bytes | None = None  # what its reader noted of the last document
    late: float = field(default=0.0, compare=False)  # seconds since it was due


class Documents:
    """Some documents, held against every other writer while the context of ``Store.hold`` is open."""

    def __init__(self, connection: asyncpg.Connection, known: Mapping[str, Known]) -> None:
        self._connection = connection
        self.known = known

    async def remember(
        self, source_id: str, news: Sequence[Verdict], content_sha256: str, seen_at: datetime
    ) -> None:
        """Write down revisions that have been published."""
        await self._connection.executemany(
            """
            insert into revisions
                (document_id, revision, source_id, digest, notice_id, content_sha256, first_seen_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                (v.document_id, v.revision, source_id, v.digest, v.notice_id, content_sha256, seen_at)
                for v in news
            ],
        )

    async def overtaken(self, sha256: str, fetched_at: datetime) -> set[str]:
        """Those of the documents that were told from other, later bytes than these."""
        rows = await self._connection.fetch(
            """
            select document_id from revisions
            where document_id = any($1) and content_sha256 <> $2 and first_seen_at > $3
            """,
            list(self.known),
            sha256,
            fetched_at,
        )
        return {row["document_id"] for row in rows}


class Store:
    """The tables of ingest. Times are PostgreSQL's: replicas need not agree on the clock."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def declare(self, sources: Sequence[Source]) -> None:
        """Make every declared source known. A new one is due now, and so is one with a new address.

        That one's notes on the documents at the old address go; see also ``Manners.here``. A restart is no
        reason to ask early: others stay due when they were, sooner only where ``every`` is shorter now.
        """
        try:
            await self._pool.executemany(
                """
                insert into sources (id, location) values ($1, $2)
                on conflict (id) do update set
                    location = excluded.location,
                    etag = case when sources.location = excluded.location then sources.etag end,
                    last_modified =
                        case when sources.location = excluded.location then sources.last_modified end,
                    memory = case when sources.location = excluded.location then sources.memory end,
                    next_poll_at = case when sources.location <> excluded.location then now()
                        else least(sources.next_poll_at, now() + make_interval(secs => $3)) end
                """,
                [(source.id, source.location, cadence.longest(source.every)) for source in sources],
            )
        except asyncpg.UndefinedTableError as error:
            raise NoTables("the tables are missing: run `python -m tocsin.ingest --migrate`") from error

    async def lease(self, turns: Sequence[Turn], most: int) -> list[Leased]:
        """Take up to ``most`` sources that are due and that nobody else is polling, the longest due first.

        Of each host no more than it has room for.
        """
        rows = await self._pool.fetch(
            """
            with due as (
                select id, room, row_number() over (partition by host order by next_poll_at) as place
                from unnest($1::text[], $2::text[], $3::int[]) as asked (id, host, room)
                join sources using (id)
                where greatest(next_poll_at, leased_until) <= now()
            )
            update sources set leased_until = now() + make_interval(secs => $5), fence = fence + 1
            where id in (
                select id from sources
                where id in (select id from due where place <= room)
                    and greatest(next_poll_at, leased_until) <= now()
                order by next_poll_at limit $4 for update skip locked
            )
            returning id as source_id, fence, failures, manners, memory,
                extract(epoch from now() - next_poll_at)::float8 as late
            """,
            [turn.source_id for turn in turns],
            [turn.host for turn in turns],
            [turn.room for turn in turns],
            most,
            LEASE_SECONDS,
        )
        return [Leased(**dict(row) | {"manners": of_row(row["manners"])}) for row in rows]

    async def renew(self, held: Sequence[Leased]) -> None:
        """Keep the sources that are still being polled; one that was settled or lost meanwhile stays so."""
        await self._pool.execute(
            """
            update sources set leased_until = now() + make_interval(secs => $3)
            from unnest($1::text[], $2::bigint[]) as held (id, fence)
            where sources.id = held.id and sources.fence = held.fence and leased_until is not null
            """,
            [leased.source_id for leased in held],
            [leased.fence for leased in held],
            LEASE_SECONDS,
        )

    async def seconds_until_due(self, turns: Sequence[Turn]) -> float | None:
        """How long until one of these sources may be leased; None when there is none, never negative."""
        seconds = await self._pool.fetchval(
            """
            select min(greatest(extract(epoch from greatest(next_poll_at, leased_until) - now()), opens_in))
                ::float8
            from sources join unnest($1::text[], $2::float8[]) as asked (id, opens_in) using (id)
            """,
            [turn.source_id for turn in turns],
            [turn.opens_in for turn in turns],
        )
        return None if seconds is None else max(float(seconds), 0.0)

    async def succeeded(
        self, leased: Leased, manners: Manners, memory: bytes | None, *, news: bool, pause: float
    ) -> None:
        """The source was read, and everything in it is published: only now may it be asked for later news."""
        await self._pool.execute(
            """
            update sources set manners = $2, memory = $3, failures = 0, last_error = null,
                leased_until = null, next_poll_at = now() + make_interval(secs => $5),
                last_success_at = now(), last_new_at = case when $4 then now() else last_new_at end
            where id = $1 and fence = $6
            """,
            leased.source_id,
            to_row(manners),
            memory,
            news,
            pause,
            leased.fence,
        )

    async def failed(self, leased: Leased, error: str, *, failures: int, pause: float) -> None:
        """The poll came to nothing; ``failures`` in a row so far."""
        await self._pool.execute(
            """
            update sources set failures = $3, last_error = $2,
                leased_until = null, next_poll_at = now() + make_interval(secs => $4)
            where id = $1 and fence = $5
            """,
            leased.source_id,
            error,
            failures,
            pause,
            leased.fence,
        )

    @contextlib.asynccontextmanager
    async def hold(
        self, digests: Mapping[str, str], *, by: str, leased: Leased | None = None
    ) -> AsyncIterator[Documents]:
        """Hold documents (id to the digest at hand) against other replicas, in one transaction.

        What is known of them is measured from where the source ``by`` stands.

        With a lease, its source is held too, so that nobody else can lease it meanwhile; ``Outdated`` when
        somebody has.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if leased is not None:
                await _check_fence(connection, leased)
            # In one order everywhere, so that two holders never wait for each other.
            await connection.execute(
                """
                select pg_advisory_xact_lock(lock) from (
                    select distinct hashtextextended(id, 0) as lock from unnest($1::text[]) as id order by 1
                ) as ordered
                """,
                list(digests),
            )
            yield Documents(connection, await _known(connection, digests, by))

    async def forget(self, source_id: str, age: timedelta) -> None:
        """Delete what was seen of a source longer ago than this; the same text would be news again."""
        await self._pool.execute(
            "delete from revisions where source_id = $1 and first_seen_at < now() - $2::interval",
            source_id,
            age,
        )

    async def remember_failed(
        self, source_id: str, bad: Sequence[BadEntry], content_sha256: str, seen_at: datetime
    ) -> None:
        """Keep entries that could not be read, each once with a count."""
        await self._pool.executemany(
            """
            insert into failed_entries
                (source_id, native_id, error, content_sha256, first_seen_at, last_seen_at, place, parser)
            values ($1, $2, $3, $4, $5, $5, $6, $7)
            on conflict (source_id, native_id) do update set
                error = excluded.error, content_sha256 = excluded.content_sha256,
                place = excluded.place, parser = excluded.parser,
                last_seen_at = excluded.last_seen_at, times = failed_entries.times + 1
            """,
            [
                (source_id, one.native_id, one.error, content_sha256, seen_at, one.place, parser.VERSION)
                for one in bad
            ],
        )


async def _check_fence(connection: asyncpg.Connection, leased: Leased) -> None:
    fence = await connection.fetchval("select fence from sources where id = $1 for share", leased.source_id)
    if fence != leased.fence:
        raise Outdated(f"{leased.source_id} is leased to another replica by now")


async def _known(
    connection: asyncpg.Connection, digests: Mapping[str, str], source_id: str
) -> dict[str, Known]:
    rows = await connection.fetch(
        """
        select latest.document_id, latest.revision, latest.digest, latest.notice_id,
            coalesce(same.revision < latest.revision, false) as seen_before,
            coalesce(same.revision >= own.revision, false) as echoed,
            recent.revisions as recent
        from unnest($1::text[], $2::text[]) as asked (id, digest)
        cross join lateral (
            select * from revisions where document_id = asked.id order by revision desc limit 1
        ) as latest
        cross join lateral (
            select max(revision) as revision from revisions
            where document_id = asked.id and digest = asked.digest
        ) as same
        cross join lateral (
            select coalesce(max(revision), 0) as revision from revisions
            where document_id = asked.id and source_id = $3
        ) as own
        cross join lateral (
            select count(*) as revisions from revisions
            where document_id = asked.id and first_seen_at > now() - interval '1 hour'
        ) as recent
        """,
        list(digests.keys()),
        list(digests.values()),
        source_id,
    )
    return {row["document_id"]: Known(*list(row.values())[1:]) for row in rows}
