"""Entries and documents that could not be read, kept until they are, or until somebody drops them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import asyncpg

Row = dict[str, Any]

_COLUMNS = """
    id, source_id, native_id, place, error, parser, content_sha256, first_seen_at, last_seen_at, times,
    dropped_at, dropped_because
"""


@dataclass(frozen=True)
class Quarantine:
    """The table ``failed_entries``, newest first. ``id`` is what people call an entry by."""

    pool: asyncpg.Pool

    async def page(self, source_id: str | None, *, dropped: bool, before: int | None, most: int) -> list[Row]:
        """Some entries, of one source or of all, those that were dropped only when they are asked for."""
        rows = await self.pool.fetch(
            f"""
            select {_COLUMNS} from failed_entries
            where ($1::text is null or source_id = $1) and ($2 or dropped_at is null)
                and ($3::bigint is null or id < $3)
            order by id desc limit $4
            """,  # noqa: S608 - the columns are ours
            source_id,
            dropped,
            before,
            most,
        )
        return [dict(row) for row in rows]

    async def entry(self, number: int) -> Row | None:
        """One entry."""
        row = await self.pool.fetchrow(f"select {_COLUMNS} from failed_entries where id = $1", number)  # noqa: S608 - ours
        return dict(row) if row else None

    async def drop(self, number: int, reason: str) -> Row | None:
        """Mark an entry as not worth a retry; it stays on record, and stays dropped when it fails again."""
        await self.pool.execute(
            "update failed_entries set dropped_at = now(), dropped_because = $2 where id = $1",
            number,
            reason,
        )
        return await self.entry(number)

    async def release(self, source_id: str, sha256: str, still_bad: Collection[str]) -> int:
        """Forget the entries of a document that was read again, but for those that are bad as ever."""
        return len(
            await self.pool.fetch(
                """
                delete from failed_entries
                where source_id = $1 and content_sha256 = $2 and native_id <> all($3::text[])
                returning id
                """,
                source_id,
                sha256,
                list(still_bad),
            )
        )

    async def waiting(self) -> dict[str, int]:
        """How many entries of each source wait for somebody."""
        rows = await self.pool.fetch(
            "select source_id, count(*) as entries from failed_entries where dropped_at is null group by 1"
        )
        return {row["source_id"]: row["entries"] for row in rows}
