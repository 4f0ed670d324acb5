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
from tocsin.ingest.asking import Asking
from tocsin.ingest.changes import Verdict, judge
from tocsin.ingest.entry import BadEntry, Entry
from tocsin.ingest.fetched import Validators
from tocsin.ingest.hosts import Turn
from tocsin.ingest.manners import Manners
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.store import Leased, NoTables, Outdated, Store

NOW = datetime(2026, 6, 13, tzinfo=UTC)


def source(number: int, url: str = "https://a.example/") -> Source:
    return Source(id=f"s{number}", name="S", tier=Tier.PRESS, kind=Kind.FEED, url=url)


def turns(*ids: str) -> list[Turn]:
    return [Turn(id_) for id_ in ids]


def manners(etag: str | None = None) -> Manners:
    return Manners("https://a.example/", "p1", asking=Asking(Validators(etag), fingerprint="f"))


async def test_replicas_share_sources_and_never_one_of_them(place: Any) -> None:
    sources = [source(number) for number in range(50)]
    await place.store.declare(sources)
    ids = [s.id for s in sources]
    taken = await asyncio.gather(*(place.store.lease(turns(*ids), 7) for _ in range(10)))
    leased = [one.source_id for some in taken for one in some]
    assert len(leased) == len(set(leased)) <= 50
    assert sorted(leased + [one.source_id for one in await place.store.lease(turns(*ids), 50)]) == sorted(ids)
    assert await place.store.lease(turns(*ids), 50) == []


async def test_a_lease_that_ran_out_is_free_again(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    assert await place.store.lease(turns("s1"), 1) == [Leased("s1", 1)]
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set leased_until = now() - interval '1 s'")
    await connection.close()
    assert len(await place.store.lease(turns("s1"), 1)) == 1


async def test_a_lease_can_be_kept_but_not_after_it_was_settled(place: Any, database: str) -> None:
    await place.store.declare([source(1), source(2)])
    held = await place.store.lease(turns("s1", "s2"), 2)
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
    assert await place.store.seconds_until_due(turns("s1")) == 0
    assert await place.store.seconds_until_due(turns()) is None
    (leased,) = await place.store.lease(turns("s1"), 1)
    await place.store.succeeded(leased, manners('"e"'), b"noted", news=True, pause=100)
    assert await place.store.lease(turns("s1"), 1) == []
    assert 90 < await place.store.seconds_until_due(turns("s1")) <= 100
    await place.store.succeeded(leased, manners('"e"'), b"noted", news=True, pause=0)
    assert await place.store.lease(turns("s1"), 1) == [Leased("s1", 2, 0, manners('"e"'), b"noted")]


async def test_of_each_host_no_more_are_leased_than_it_has_room_for(place: Any) -> None:
    sources = [source(number) for number in range(6)]
    await place.store.declare(sources)
    asked = [Turn(f"s{number}", "a.example", room=2) for number in range(3)]
    asked += [Turn(f"s{number}", "b.example", room=1, opens_in=0.0) for number in (3, 4)] + [Turn("s5")]
    leased = {one.source_id[1] for one in await place.store.lease(asked, 9)}
    assert (len(leased & {"0", "1", "2"}), len(leased & {"3", "4"}), "5" in leased) == (2, 1, True)


async def test_a_source_is_due_no_earlier_than_its_host_opens(place: Any) -> None:
    await place.store.declare([source(1), source(2)])
    assert await place.store.lease([], 9) == []
    asked = [Turn("s1", "a.example", 0, opens_in=30.0), Turn("s2", "b.example", 0, opens_in=20.0)]
    assert await place.store.seconds_until_due(asked) == 20.0


async def test_a_source_that_waited_says_how_late_it_is(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set next_poll_at = now() - interval '7 s'")
    await connection.close()
    (leased,) = await place.store.lease(turns("s1"), 1)
    assert 7 <= leased.late < 17


async def test_what_another_version_wrote_of_manners_costs_nothing(place: Any, database: str) -> None:
    await place.store.declare([source(1), source(2)])
    connection = await asyncpg.connect(database)
    kept = '{"fresh_for": 7.0, "unheard_of": [1]}'
    await connection.execute("update ingest.sources set manners = $1 where id = 's1'", kept)
    await connection.execute("""update ingest.sources set manners = '{"moves": "?"}' where id = 's2'""")
    await connection.close()
    leased = {one.source_id: one.manners for one in await place.store.lease(turns("s1", "s2"), 2)}
    assert leased == {"s1": Manners(fresh_for=7.0), "s2": Manners()}


async def test_a_restart_is_no_reason_to_ask_early(place: Any) -> None:
    await place.store.declare([source(1), source(2), source(3)])
    pauses = {"s1": 1_000, "s2": -1, "s3": 80_000}
    for leased in await place.store.lease(turns("s1", "s2", "s3"), 3):
        await place.store.succeeded(leased, Manners(), None, news=False, pause=pauses[leased.source_id])
    await place.store.declare([source(1), source(2), source(3), source(4)])
    assert 900 < await place.store.seconds_until_due(turns("s1")) <= 1_000
    assert (
        await place.store.seconds_until_due(turns("s2"))
        == await place.store.seconds_until_due(turns("s4"))
        == 0
    )
    assert (
        3_900 < await place.store.seconds_until_due(turns("s3")) <= 3_960
    )  # its pace was a day, and is 300 s


async def test_a_new_address_is_asked_at_once_whatever_the_old_one_did(place: Any) -> None:
    await place.store.declare([source(1)])
    (leased,) = await place.store.lease(turns("s1"), 1)
    await place.store.failed(leased, "gone", failures=9, pause=3_000)
    await place.store.declare([source(1)])
    assert await place.store.lease(turns("s1"), 1) == []
    await place.store.declare([source(1, "https://b.example/")])
    assert len(await place.store.lease(turns("s1"), 1)) == 1


async def test_a_new_address_forgets_what_was_noted_at_the_old_one(place: Any) -> None:
    await place.store.declare([source(1)])
    (leased,) = await place.store.lease(turns("s1"), 1)
    await place.store.succeeded(leased, manners('"e"'), b"noted", news=False, pause=0)
    await place.store.declare([source(1, "https://b.example/")])
    assert await place.store.lease(turns("s1"), 1) == [Leased("s1", 2, 0, manners('"e"'))]


async def test_a_zombie_writes_nothing_that_counts(place: Any, database: str) -> None:
    await place.store.declare([source(1)])
    (zombie,) = await place.store.lease(turns("s1"), 1)
    connection = await asyncpg.connect(database)
    await connection.execute("update ingest.sources set leased_until = now() - interval '1 s'")
    (owner,) = await place.store.lease(turns("s1"), 1)
    assert owner.fence > zombie.fence
    await place.store.succeeded(zombie, manners('"old"'), None, news=True, pause=1_000)
    await place.store.failed(zombie, "late", failures=9, pause=1_000)
    await place.store.renew([zombie])
    row = await connection.fetchrow("select manners, failures, leased_until > now() from ingest.sources")
    await connection.close()
    assert tuple(row) == ("{}", 0, True)
    with pytest.raises(Outdated):
        async with place.store.hold({"doc-1": "x"}, by="s1", leased=zombie):
            pass
    async with place.store.hold({"doc-1": "x"}, by="s1", leased=owner):
        assert await place.store.lease(turns("s1"), 1) == []  # held: nobody leases it meanwhile


async def test_revisions_are_remembered_and_an_earlier_text_is_recognised(place: Any) -> None:
    await place.store.declare([source(1)])

    async def see(text: str) -> Verdict:
        entry = Entry("a", "T", text)
        asked = judge("s1", entry, None)
        async with place.store.hold({asked.document_id: asked.digest}, by="s1") as documents:
            verdict = judge("s1", entry, documents.known.get(asked.document_id))
            if verdict.is_news:
                await documents.remember("s1", [verdict], "0" * 64, NOW)
            return verdict

    told = [await see(text) for text in ("up", "up", "down", "up", "up", "down")]
    assert [verdict.is_news for verdict in told] == [True, False, True, True, False, True]
    assert [verdict.revision for verdict in told] == [1, 1, 2, 3, 3, 4]
    assert len({verdict.notice_id for verdict in told}) == 4


async def test_a_document_is_held_by_one_at_a_time(place: Any) -> None:
    async with place.store.hold({"doc-1": "x", "doc-2": "x"}, by="s1"):
        waiting = asyncio.create_task(place.store.hold({"doc-2": "x"}, by="s1").__aenter__())
        async with place.store.hold({"doc-3": "x"}, by="s1"):
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
