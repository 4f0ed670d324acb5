"""What is remembered: leases, validators, revisions."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis import database as pools
from tocsin.chassis.health import Health
from tocsin.contracts import Tier
from tocsin.ingest.changes import Verdict, judge
from tocsin.ingest.entry import BadEntry, Entry
from tocsin.ingest.fetched import Validators
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.store import Leased, NoTables, Outdated, Store

NOW = datetime(2026, 6, 13, tzinfo=UTC)


def source(number: int, url: str = "https://a.example/") -> Source:
    return Source(id=f"s{number}", name="S", tier=Tier.PRESS, kind=Kind.FEED, url=url)


async def test_replicas_share_sources_and_never_one_of_them(place: Any) -> None:
    sources = [source(number) for number in range(50)]
    await place.store.declare(sources)
    ids = [s.id for s in sources]
    taken = await asyncio.gather(*(place.store.lease(ids, 7) for _ in range(10)))
    leased = [one.source_id for some in taken for one in some]
    assert len(leased) == len(set(leased)) <= 50
    assert sorted(leased + [one.source_id for one in await place.store.lease(ids, 50)]) == sorted(ids)
    assert await place.store.lease(ids, 50) == []


async def test_a_lease_that_ran_out_is_free_again(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    assert await place.store.lease(["s1"], 1) == [Leased("s1", 1, Validators(), 0)]
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set leased_until = now() - interval '1 s'")
    await connection.close()
    assert len(await place.store.lease(["s1"], 1)) == 1


async def test_a_lease_can_be_kept_but_not_after_it_was_settled(place: Any, database: str) -> None:
    await place.store.declare([source(1), source(2)])
    held = await place.store.lease(["s1", "s2"], 2)
    second = next(leased for leased in held if leased.source_id == "s2")
    await place.store.failed(second, "away", failures=0, pause=0)
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set leased_until = now() + '50 ms' where id = 's1'")
    await place.store.renew(held)
    left = await connection.fetch("select id, leased_until - now() > '5 s' from ingest.sources order by id")
    await connection.close()
    assert [tuple(row) for row in left] == [("s1", True), ("s2", None)]


async def test_a_source_is_due_after_its_pause_and_keeps_its_validators(place: Any) -> None:
    await place.store.declare([source(1)])
    assert await place.store.seconds_until_due(["s1"]) == 0
    assert await place.store.seconds_until_due([]) is None
    (leased,) = await place.store.lease(["s1"], 1)
    await place.store.succeeded(leased, Validators('"e"', "then"), news=True, pause=100)
    assert await place.store.lease(["s1"], 1) == []
    assert 90 < await place.store.seconds_until_due(["s1"]) <= 100
    await place.store.succeeded(leased, Validators('"e"', "then"), news=True, pause=0)
    assert await place.store.lease(["s1"], 1) == [Leased("s1", 2, Validators('"e"', "then"), 0)]


async def test_a_restart_polls_at_once_but_respects_a_back_off(place: Any) -> None:
    await place.store.declare([source(1), source(2)])
    first, second = sorted(await place.store.lease(["s1", "s2"], 2), key=lambda one: one.source_id)
    await place.store.succeeded(first, Validators('"e"'), news=False, pause=1_000)
    await place.store.failed(second, "throttled", failures=3, pause=1_000)
    await place.store.declare([source(1), source(2)])
    assert await place.store.lease(["s1", "s2"], 9) == [Leased("s1", 2, Validators('"e"'), 0)]


async def test_a_new_address_forgets_the_old_ones_validators(place: Any) -> None:
    await place.store.declare([source(1)])
    (leased,) = await place.store.lease(["s1"], 1)
    await place.store.succeeded(leased, Validators('"e"'), news=False, pause=0)
    await place.store.declare([source(1, "https://b.example/")])
    assert await place.store.lease(["s1"], 1) == [Leased("s1", 2, Validators(), 0)]


async def test_a_zombie_writes_nothing_that_counts(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    (zombie,) = await place.store.lease(["s1"], 1)
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set leased_until = now() - interval '1 s'")
    (owner,) = await place.store.lease(["s1"], 1)
    assert owner.fence > zombie.fence
    await place.store.succeeded(zombie, Validators('"old"'), news=True, pause=1_000)
    await place.store.failed(zombie, "late", failures=9, pause=1_000)
    await place.store.renew([zombie])
    row = await connection.fetchrow("select etag, failures, leased_until > now() as held from ingest.sources")
    await connection.close()
    assert tuple(row) == (None, 0, True)
    with pytest.raises(Outdated):
        async with place.store.hold({"doc-1": "x"}, zombie):
            pass
    async with place.store.hold({"doc-1": "x"}, owner):
        assert await place.store.lease(["s1"], 1) == []  # held: nobody leases it meanwhile


async def test_revisions_are_remembered_and_an_earlier_text_is_recognised(place: Any) -> None:
    await place.store.declare([source(1)])

    async def see(text: str) -> Verdict:
        entry = Entry("a", "T", text)
        asked = judge("s1", entry, None)
        async with place.store.hold({asked.document_id: asked.digest}) as documents:
            verdict = judge("s1", entry, documents.known.get(asked.document_id))
            if verdict.is_news:
                await documents.remember("s1", [verdict], "0" * 64, NOW)
            return verdict

    told = [await see(text) for text in ("up", "up", "down", "up", "up", "down")]
    assert [verdict.is_news for verdict in told] == [True, False, True, True, False, True]
    assert [verdict.revision for verdict in told] == [1, 1, 2, 3, 3, 4]
    assert len({verdict.notice_id for verdict in told}) == 4


async def test_a_document_is_held_by_one_at_a_time(place: Any) -> None:
    async with place.store.hold({"doc-1": "x", "doc-2": "x"}):
        waiting = asyncio.create_task(place.store.hold({"doc-2": "x"}).__aenter__())
        async with place.store.hold({"doc-3": "x"}):
            pass
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_failed_entry_is_kept_once_with_a_count(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    for error in ("old", "new"):
        await place.store.remember_failed("s1", [BadEntry("#3", error)], "0" * 64, NOW)
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("select native_id, error, times from ingest.failed_entries")
    await connection.close()
    assert [tuple(row) for row in rows] == [("#3", "new", 2)]


async def test_missing_tables_say_how_to_make_them(database: str) -> None:
    async with pools.connect(SecretStr(database), "ingest", Health()) as pool:
        with pytest.raises(NoTables, match="--migrate"):
            await Store(pool).declare([source(1)])
