"""Which snapshots a source was read from, and how each came: what is needed to read it again alike."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from tocsin.ingest.fetched import Fetched


@dataclass(frozen=True)
class Kept:
    """One snapshot of one source. Both words are empty when it was fetched before they were kept."""

    sha256: str
    fetched_at: datetime
    location: str
    content_type: str


@dataclass(frozen=True)
class Evidence:
    """The tables ``fetches`` and ``revisions``, asked for snapshots."""

    pool: asyncpg.Pool

    async def remember(self, source_id: str, fetched: Fetched, at: datetime) -> None:
        """Write down how a snapshot came; the first time counts."""
        await self.pool.execute(
            """
            insert into fetches (source_id, sha256, location, content_type, fetched_at)
            values ($1, $2, $3, $4, $5) on conflict do nothing
            """,
            source_id,
            hashlib.sha256(fetched.body).hexdigest(),
            fetched.location,
            fetched.content_type,
            at,
        )

    async def since(self, source_id: str, start: datetime, after: str, most: int) -> list[Kept]:
        """Snapshots of a source from ``start`` on, in the order they came, after the one with that hash."""
        rows = await self.pool.fetch(
            """
            with kept as (
                select sha256, min(at) as at, max(location) as location, max(content_type) as content_type
                from (
                    select content_sha256, first_seen_at, '', '' from revisions
                    where source_id = $1
                    union all
                    select sha256, fetched_at, location, content_type from fetches where source_id = $1
                ) as each (sha256, at, location, content_type)
                group by sha256
            )
            select * from kept
            where at >= $2 and ($3 = '' or (at, sha256) > (select at, sha256 from kept where sha256 = $3))
            order by at, sha256 limit $4
            """,
            source_id,
            start,
            after,
            most,
        )
        return [Kept(row["sha256"], row["at"], row["location"], row["content_type"]) for row in rows]

    async def one(self, source_id: str, sha256: str, seen_at: datetime) -> Kept:
        """How one snapshot came; at ``seen_at``, when nothing says otherwise."""
        row = await self.pool.fetchrow(
            "select * from fetches where source_id = $1 and sha256 = $2", source_id, sha256
        )
        if row is None:
            return Kept(sha256, seen_at, "", "")
        return Kept(sha256, row["fetched_at"], row["location"], row["content_type"])

    async def named(self, within: timedelta) -> set[str]:
        """What may not be deleted: hashes of revisions younger than this, and of what waits to be read."""
        rows = await self.pool.fetch(
            """
            select content_sha256 from revisions where first_seen_at > now() - $1::interval
            union select content_sha256 from failed_entries where dropped_at is null
            """,
            within,
        )
        return {row["content_sha256"] for row in rows}
