"""Snapshots are deleted when they are old, and never while something younger names them."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY

from tocsin.chassis.health import Health
from tocsin.contracts import Tier
from tocsin.ingest.changes import judge
from tocsin.ingest.entry import BadEntry, Entry
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.retention import Retention
from tocsin.ingest.source import Kind, Source

KEPT = timedelta(days=30)


async def test_only_what_is_old_and_named_by_nothing_young_goes(place: Any, source_id: str) -> None:
    source = Source(id=source_id, name="A", tier=Tier.PRESS, kind=Kind.FEED, url="https://a.example/f")
    await place.store.declare([source])
    now = datetime.now(UTC)
    kept = {
        name: await place.snapshots.keep(name.encode())
        for name in ("told long ago", "told lately", "failed", "dropped", "young", "seen again")
    }
    for name, days in (("told long ago", 60), ("told lately", 10)):
        verdict = judge(source_id, Entry(name, name, ""), None)
        async with place.store.hold({}, by=source_id) as documents:
            await documents.remember(source_id, [verdict], kept[name], now - timedelta(days=days))
    for name in ("failed", "dropped"):
        await place.store.remember_failed(source_id, [BadEntry(name, "bad")], kept[name], now)
    await place.pool.execute("update failed_entries set dropped_at = now() where native_id = 'dropped'")
    long_ago = time.time() - 90 * 86_400
    for name in set(kept) - {"young"}:
        os.utime(place.snapshots.path(kept[name]), (long_ago, long_ago))
    await place.snapshots.keep(b"seen again")
    retention = Retention(place.snapshots, Evidence(place.pool), KEPT, Health().pulse("snapshots", limit=60))
    await retention.sweep()
    left = {name for name, sha256 in kept.items() if await place.snapshots.read(sha256) is not None}
    assert left == {"told lately", "failed", "young", "seen again"}
    assert REGISTRY.get_sample_value("tocsin_ingest_snapshots") == 4
    size = sum(len(name) for name in left)
    assert REGISTRY.get_sample_value("tocsin_ingest_snapshot_bytes") == size
