"""The sources in use, each with what its row says of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import asyncpg

from tocsin.chassis.problems import Problem
from tocsin.ingest.source import Source
from tocsin.ingest.states import State

Shown = dict[str, Any]

_ROWS = """
    select id, next_poll_at, failures, last_success_at, last_new_at, last_error, health,
        leased_until > now() as polling,
        (select count(*) from revisions where source_id = sources.id) as notices,
        (select count(*) from failed_entries where source_id = sources.id and dropped_at is null) as failed
    from sources where id = any($1)
"""


class Roll:
    """Answers by id. Give it the sources anew when they change."""

    def __init__(self, pool: asyncpg.Pool, sources: Sequence[Source]) -> None:
        self._pool = pool
        self.adopt(sources)

    def adopt(self, sources: Sequence[Source]) -> None:
        """From now on these are the sources."""
        self._sources = {source.id: source for source in sources}

    def source(self, id_: str) -> Source:
        """A source in use; a ``Problem`` when there is none."""
        if id_ not in self._sources:
            raise Problem(HTTPStatus.NOT_FOUND, f"no source {id_!r} is declared; GET /v1/sources lists them")
        return self._sources[id_]

    async def show(self, *ids: str) -> list[Shown]:
        """These sources, or all, in the order of sources.yaml."""
        wanted = [self.source(id_) for id_ in ids] or list(self._sources.values())
        rows = await self._pool.fetch(_ROWS, [source.id for source in wanted])
        known = {row["id"]: row for row in rows}
        return [_shown(source, known[source.id]) for source in wanted if source.id in known]


def _shown(source: Source, row: asyncpg.Record) -> Shown:
    about = {"id": source.id, "name": source.name, "tier": source.tier, "kind": source.kind}
    place = {"location": source.location, "jurisdiction": source.jurisdiction, "checked": source.checked}
    if not source.kind.is_polled:
        return about | place | {"state": None, "reason": "it is not asked: it comes to us"} | _counts(row)
    health = row["health"] or {}
    return (
        about
        | place
        | {
            "state": health.get("state", State.OK),
            "reason": health.get("reason") or _plain_reason(row),
            "since": datetime.fromtimestamp(health["since"], UTC) if health else None,
            "every_seconds": source.every,
            "next_poll_at": row["next_poll_at"],
            "polling": bool(row["polling"]),
            "failures": row["failures"],
            "last_error": row["last_error"],
            "last_success_at": row["last_success_at"],
        }
        | _counts(row)
    )


def _plain_reason(row: asyncpg.Record) -> str:
    if row["failures"]:
        return f"its last {row['failures']} polls failed: {row['last_error']}"
    return "it is read, and all is as usual" if row["last_success_at"] else "it has not been read yet"


def _counts(row: asyncpg.Record) -> Shown:
    return {"last_new_at": row["last_new_at"], "notices": row["notices"], "failed_entries": row["failed"]}
