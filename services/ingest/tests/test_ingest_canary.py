"""The canary's source: nobody else can declare it, and its past is forgotten, nobody else's is."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tocsin.chassis.health import Health
from tocsin.contracts import Tier, document_id
from tocsin.ingest.canary import CANARY, KEPT, forget
from tocsin.ingest.changes import judge
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.entry import Entry
from tocsin.ingest.source import Kind, Source

SOURCE = "sources:\n  - {{id: {id}, name: A, tier: party, kind: push}}"


def test_its_id_is_reserved(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(SOURCE.format(id="desk"))
    assert len(load_sources(path, reserved=CANARY.id)) == 1
    path.write_text(SOURCE.format(id=CANARY.id))
    with pytest.raises(SourcesInvalid, match="is our own; give that source another one"):
        load_sources(path, reserved=CANARY.id)


async def test_only_its_own_past_is_forgotten(place: Any, source_id: str, eventually: Any) -> None:
    desk = Source(id=source_id, name="Desk", tier=Tier.PARTY, kind=Kind.PUSH)
    await place.store.declare([CANARY, desk])
    now = datetime.now(UTC)
    entries = {days: Entry(native_id=f"{source_id} {days}", title="A", text="") for days in (0, 3)}
    for source in (CANARY, desk):
        for days, entry in entries.items():
            async with place.store.hold({}, by=CANARY.id) as documents:
                verdict = judge(source.id, entry, None)
                await documents.remember(source.id, [verdict], "9c1f", now - timedelta(days=days))
    assert timedelta(days=1) < KEPT < timedelta(days=3)
    forgetting = asyncio.create_task(forget(place.store, Health().pulse("canary", limit=60)))

    async def known(source: Source, days: int) -> bool:
        document = document_id(source.id, entries[days].native_id)
        async with place.store.hold({document: "a digest"}, by=CANARY.id) as documents:
            return document in documents.known

    async def forgotten() -> bool:
        return not await known(CANARY, 3)

    await eventually(forgotten)
    assert await known(CANARY, 0)
    assert await known(desk, 3)
    forgetting.cancel()
    await asyncio.wait([forgetting])
