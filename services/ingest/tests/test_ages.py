"""The age of each source, as every replica shows it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY

from tocsin.chassis.health import Health
from tocsin.contracts import Tier
from tocsin.ingest.ages import Ages
from tocsin.ingest.source import Kind, Source

Place = Any  # of conftest


def _age(name: str, source: str) -> float | None:
    return REGISTRY.get_sample_value(f"tocsin_ingest_source_{name}_seconds", {"source": source})


def _feed(source_id: str) -> Source:
    return Source(id=source_id, name="A", tier=Tier.PRESS, kind=Kind.FEED, url="https://a.example/feed")


async def test_a_source_is_aged_from_the_rows_and_one_never_read_from_the_start(
    place: Place, source_id: str
) -> None:
    never = f"{source_id}-never"
    sources = (_feed(source_id), _feed(never))
    await place.store.declare(sources)
    pool = place.store._pool
    hours = [datetime.now(UTC) - timedelta(hours=hours) for hours in (1, 5)]
    await pool.execute(
        "update sources set last_success_at = $2, last_new_at = $3 where id = $1", source_id, *hours
    )
    running = asyncio.create_task(Ages(pool, sources, Health().pulse("ages", limit=60)).run())
    async with asyncio.timeout(10):
        while not 3600 <= (_age("age", source_id) or 0) < 3660:  # noqa: ASYNC110 - the world has no event for it
            await asyncio.sleep(0.02)
    running.cancel()
    assert 5 * 3600 <= (_age("newest_age", source_id) or 0) < 5 * 3660
    assert 0 <= (_age("age", never) or 0) < 60


def test_a_source_that_pushes_has_no_age() -> None:
    pushes = Source(id="only-pushes", name="A", tier=Tier.PRESS, kind=Kind.PUSH)
    Ages(None, (pushes,), Health().pulse("ages", limit=60))  # no rows are read
    assert _age("age", "only-pushes") is None
