"""Keeps the condition of each source in its row, and says when its state changes: to operators only."""

from dataclasses import dataclass

import asyncpg

from tocsin.chassis import logs
from tocsin.ingest.source import Source
from tocsin.ingest.states import Condition, Observation, advance, of_row
from tocsin.ingest.store import Leased

log = logs.get(__name__)


@dataclass(frozen=True)
class Watch:
    """What polls showed, taken down; the clock is PostgreSQL's, so that replicas need not agree on one."""

    pool: asyncpg.Pool

    async def see(self, leased: Leased, source: Source, seen: Observation) -> None:
        """Take one poll down; of a lease that another replica has by now, nothing counts."""
        row = await self.pool.fetchrow(
            """
            select health, extract(epoch from now())::float8 as now from sources where id = $1 and fence = $2
            """,
            leased.source_id,
            leased.fence,
        )
        if row is None:
            return
        before = of_row(row["health"], row["now"])
        after = advance(before, seen, row["now"])
        await self.pool.execute(
            "update sources set health = $3 where id = $1 and fence = $2",
            leased.source_id,
            leased.fence,
            after.as_row(),
        )
        if after.state is not before.state:
            _say(source, before, after)


def _say(source: Source, before: Condition, after: Condition) -> None:
    tell = log.warning if after.state.is_ill else log.info
    tell(
        "source changed state",
        source=source.id,
        tier=source.tier.value,
        was=before.state.value,
        state=after.state.value,
        reason=after.reason,
    )
