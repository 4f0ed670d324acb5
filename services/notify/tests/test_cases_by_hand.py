"""Cases merged and split by a person, as rows: with a trace, nothing told twice, no gap for the audit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify.api import byhand as byhand_api
from tocsin.notify.audit import examine
from tocsin.notify.cases.byhand import Impossible
from tocsin.notify.cases.case import reference
from tocsin.notify.pacing.silence import Asked, Scope
from tocsin.notify.routing.notthis import Refusal, Sort
from tocsin.notify.store import byhand, cases, ledger, notthis, reading, records, silences
from tocsin.notify.store.byhand import Said
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ONE = {"channels": [{"kind": "log", "name": "only"}]}
LIFT = {"action": "lifted", "severity": "high"}
ONE_WAITS = """
    select exists (
        select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())
"""
FABLE, MYTHOS = "model:claude-fable-5", "model:claude-mythos-5"


def said(*, dry_run: bool = False) -> Said:
    return Said("ann", "one order", datetime.now(UTC), dry_run=dry_run)


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start, declare: Declare) -> Any:
    fable = {"watches": [{"name": "fable", "models": ["Claude Fable 5"]}]} | ONE
    mythos = {"watches": [{"name": "mythos", "models": ["Claude Mythos 5"]}]} | ONE
    await declare(
        payments=fable, research=mythos, all={"watches": [{"name": "w", "vendors": ["Anthropic"]}]} | ONE
    )
    return start(pool)


async def two(pool: asyncpg.Pool, replica: Any, tell: Tell) -> tuple[str, str]:
    """Two cases: one on Fable, one on Mythos."""
    await replica.hear(tell("a", tier="party"))
    await replica.hear(tell("b", ("mythos",), tier="party", hours=1))
    first, second = await pool.fetch("select id from cases order by seq")
    return first["id"], second["id"]


async def gaps(pool: asyncpg.Pool) -> list[Any]:
    page = await records.read(pool, LONG_AGO, 0, 100)
    return [gap for record in page.records for gap in examine(record, datetime.now(UTC)).gaps]


async def told(pool: asyncpg.Pool) -> list[tuple[str, str, str]]:
    """Team, case and kind of every alert, in order."""
    rows = await pool.fetch("select team_id, case_id, body ->> 'kind' as kind from alerts order by seq")
    return [(row["team_id"], row["case_id"], row["kind"]) for row in rows]


async def everything(pool: asyncpg.Pool) -> dict[str, Any]:
    tables = ("cases", "tellings", "steps", "alerts", "deliveries", "case_changes", "case_kin")
    return {
        table: await pool.fetch(f"select * from {table} order by 1, 2") for table in tables
    }  # constants of ours


async def shown(pool: asyncpg.Pool, case: str) -> dict[str, Any]:
    found = await reading.case(pool, case)
    assert found is not None
    return found


async def test_merged_cases_are_one_that_joins_what_comes_and_both_stay_on_record(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    before = await told(pool)
    done = await byhand.merge(pool, kept, absorbed, said())
    assert done.case.states.keys() == {FABLE, MYTHOS}
    assert await told(pool) == before, "the act itself tells nobody anything"
    assert await gaps(pool) == []
    whole, part = await shown(pool, kept), await shown(pool, absorbed)
    assert [one["notice"]["id"] for one in whole["notices"]] == [
        row["id"] for row in await pool.fetch("select id from notices order by seq")
    ]
    assert [step["case_ref"] for step in whole["steps"]] == [reference(kept), reference(absorbed)]
    assert (part["merged_into"], whole["merged_into"]) == (reference(kept), None)
    (change,) = whole["changes"]
    assert part["changes"] == [change]
    assert (change["what"], change["author"], change["reason"]) == ("merge", "ann", "one order")
    assert [one["id"] for one in await reading.cases(pool, reading.Page(10))] == [kept]

    await replica.hear(tell("c", ("mythos",), tier="official", hours=2))
    await replica.hear(tell("b", ("mythos",), tier="party", hours=3, text="Revised."))
    assert (await shown(pool, kept))["notices"][2]["because"].startswith("it is about Claude Mythos 5 too")
    assert await pool.fetchval("select count(*) from cases") == len([kept, absorbed])
    assert [one for one in await told(pool) if one not in before] == [
        (team, kept, "confirmed")
        for team in ("all", "payments", "research")  # of the whole measure
    ]
    assert await gaps(pool) == []


async def test_the_end_reaches_whoever_was_told_by_either(
    pool: asyncpg.Pool, replica: Any, tell: Tell, declare: Declare
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    await byhand.merge(pool, kept, absorbed, said())
    nothing = {"watches": [{"name": "other", "models": ["GPT-6"]}]} | ONE
    await declare(payments=nothing, research=nothing, all=nothing)
    await replica.hear(tell("over", ("fable", "mythos"), tier="official", hours=9, **LIFT))
    lifted = [one for one in await told(pool) if one[2] == "lifted"]
    assert sorted(lifted) == [(team, kept, "lifted") for team in ("all", "payments", "research")]
    assert await gaps(pool) == []


async def test_the_end_waits_for_what_the_merged_case_is_still_to_be_told(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    lease = timedelta(seconds=60)
    assert len(await ledger.claim(pool, 10, [], lease)) == 4  # on their way, or being tried again
    await byhand.merge(pool, kept, absorbed, said())
    await replica.hear(tell("over", ("fable", "mythos"), tier="official", hours=9, **LIFT))
    assert await ledger.claim(pool, 10, [], lease) == []
    await pool.execute("update deliveries set state = 'failed' where case_id = $1", absorbed)
    assert [one.team for one in await ledger.claim(pool, 10, [], lease)] == ["research"]


async def test_what_was_merged_is_named_by_the_case_that_holds_it(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    await byhand.merge(pool, kept, absorbed, said())
    with pytest.raises(Impossible, match=f"was merged into {reference(kept)}"):
        await byhand.merge(pool, kept, absorbed, said())


PAGERS = {
    "channels": [
        {"kind": "pagerduty", "name": "pager", "routing_key_env": "KEY"},
        {"kind": "alertmanager", "name": "am", "url": "https://am.example"},
        *ONE["channels"],
    ]
}
RESOLVED = "select case_id, channel from deliveries where purpose = 'resolve' order by case_id, channel"


@pytest.mark.parametrize("before", ["both stand", "one had ended", "it was split off again"])
async def test_alarms_of_a_merged_case_end_with_the_case_that_holds_it(
    pool: asyncpg.Pool, replica: Any, tell: Tell, declare: Declare, before: str
) -> None:
    await declare(all={"watches": [{"name": "w", "vendors": ["Anthropic"]}]} | PAGERS)
    kept, absorbed = await two(pool, replica, tell)
    if before == "one had ended":
        await replica.hear(tell("end", ("mythos",), tier="official", hours=2, **LIFT))
    merged = await byhand.merge(pool, kept, absorbed, said())
    if before == "it was split off again":
        await byhand.split(pool, kept, merged.notices, said())
    await replica.hear(tell("part", ("fable",), tier="official", hours=8, **LIFT))
    part = [tuple(row) for row in await pool.fetch(RESOLVED)]
    await replica.hear(tell("over", ("fable", "mythos"), tier="official", hours=9, **LIFT))
    ended = [tuple(row) for row in await pool.fetch(RESOLVED)]
    if before == "both stand":
        assert (part, ended) == ([], [(absorbed, "am"), (absorbed, "pager")])
    else:
        assert ended == []
    assert await gaps(pool) == []


async def test_a_merge_is_undone_by_splitting_off_what_came_with_it(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    before = {case: (await shown(pool, case))["states"] for case in (kept, absorbed)}
    merged = await byhand.merge(pool, kept, absorbed, said())
    done = await byhand.split(pool, kept, merged.notices, said())
    assert done.other is not None
    assert (done.case.id, done.other.id) == (kept, absorbed)
    assert {case: (await shown(pool, case))["states"] for case in (kept, absorbed)} == before
    assert (await shown(pool, absorbed))["merged_into"] is None
    assert await gaps(pool) == []
    await replica.hear(tell("c", ("mythos",), tier="official", hours=2))
    assert [one for one in await told(pool) if one[2] == "confirmed"] == [
        ("all", absorbed, "confirmed"),
        ("research", absorbed, "confirmed"),
    ]
    assert await gaps(pool) == []
    again = await byhand.merge(pool, kept, absorbed, said())
    assert again.case.confirmed
    assert [one["what"] for one in (await shown(pool, kept))["changes"]] == ["merge", "split", "merge"]
    assert await gaps(pool) == []


async def test_what_is_split_off_is_a_case_of_its_own_with_its_documents(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    older = tell("older", tier="party", hours=1)
    await replica.hear(tell("a", tier="party"))
    await replica.hear(older)
    before = await told(pool)
    case = await pool.fetchval("select id from cases")
    done = await byhand.split(pool, case, [older.id], said())
    assert done.other is not None
    other = done.other.id
    assert await told(pool) == before
    assert [one["notice"]["id"] for one in (await shown(pool, other))["notices"]] == [older.id]
    assert [one["notice"]["id"] for one in (await shown(pool, case))["notices"]] != [older.id]
    assert await gaps(pool) == []
    await replica.hear(tell("older", tier="party", hours=20, text="It is over.", **LIFT))
    lifted = [one for one in await told(pool) if one not in before]
    assert sorted(lifted) == [("all", other, "lifted"), ("payments", other, "lifted")], (
        "told by the first case"
    )
    assert (await shown(pool, case))["state"] == "in_force"
    assert await gaps(pool) == []


async def test_a_step_that_was_lost_after_a_merge_is_found_and_swept(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    await byhand.merge(pool, kept, absorbed, said())
    over = tell("over", ("mythos",), tier="official", hours=9, **LIFT)
    await replica.hear(over)
    whole = await told(pool)
    await pool.execute("delete from deliveries where alert_id in (select id from alerts where step = 2)")
    await pool.execute("delete from alerts where step = 2")
    await pool.execute("delete from steps where number = 2")
    assert [gap.cause for gap in await gaps(pool)] == ["no_step"]
    await Sweep(replica.handler).run(LONG_AGO, 0, 100)
    assert await gaps(pool) == []
    assert await told(pool) == whole


async def test_a_dry_run_says_what_would_become_of_it_and_changes_nothing(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    before = await everything(pool)
    done = await byhand.merge(pool, kept, absorbed, said(dry_run=True))
    assert done.case.states.keys() == {FABLE, MYTHOS}
    await replica.hear()
    b = done.notices
    assert await everything(pool) == before
    with pytest.raises(Impossible, match="not all"):
        await byhand.split(pool, absorbed, b, said(dry_run=True))


async def test_what_a_team_refused_or_silenced_of_either_holds_for_the_whole(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    ends = datetime.now(UTC) + timedelta(days=1)
    refusal = Refusal(team="research", sort=Sort.CASE, thing=absorbed, author="ann", reason="known")
    await notthis.refuse(pool, refusal)
    asked = Asked(team="all", case=absorbed, until=ends, author="ann", reason="known")
    await silences.make(pool, asked, datetime.now(UTC))
    await replica.hear(tell("g", ("gpt",)))  # and so has read what is declared and refused
    await byhand.merge(pool, kept, absorbed, said())
    await replica.hear(tell("c", ("mythos",), tier="official", hours=2))
    assert [one for one in await told(pool) if one[2] == "confirmed"] == [
        ("all", kept, "confirmed"),
        ("payments", kept, "confirmed"),
    ]
    (silence,) = await silences.standing(pool, "all", datetime.now(UTC))
    assert silence.case == kept
    seen = await silences.preview(pool, "all", Scope(case=kept), LONG_AGO)
    assert [alert.kind.value for alert in seen.hidden] == ["confirmed", "opened", "opened"]
    assert await gaps(pool) == []


async def test_a_silence_hides_no_end_from_who_was_told_by_the_merged_case(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    await byhand.merge(pool, kept, absorbed, said())
    ends = datetime.now(UTC) + timedelta(days=1)
    asked = Asked(team="research", watch="mythos", until=ends, author="ann", reason="known")
    await silences.make(pool, asked, datetime.now(UTC))
    await replica.hear(tell("over", ("fable", "mythos"), tier="official", hours=9, **LIFT))
    (state,) = await pool.fetch(
        "select state from deliveries where team_id = 'research' and case_id = $1", kept
    )
    assert state["state"] == "pending"


async def test_a_handler_and_a_merge_go_one_after_the_other(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, replica: Any, start: Start, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    other = start(other_pool)
    facts = [tell(f"c{n}", ("mythos",), hours=n + 2) for n in range(12)]

    async def hear() -> None:
        for fact in facts:
            await other.hear(fact)

    await asyncio.gather(hear(), byhand.merge(pool, kept, absorbed, said()))
    assert len((await shown(pool, kept))["notices"]) == len(facts) + 2
    assert (await shown(pool, kept))["states"].keys() == {FABLE, MYTHOS}
    assert await pool.fetchval("select count(*) from cases where merged_into is null") == 1
    assert await gaps(pool) == []


async def test_merges_of_merges_lead_to_the_one_that_stands(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    first, second = await two(pool, replica, tell)
    await replica.hear(tell("o", ("opus",), tier="party", hours=2))
    third = await pool.fetchval("select id from cases order by seq desc limit 1")
    await byhand.merge(pool, second, third, said())
    await byhand.merge(pool, first, second, said())
    assert (await shown(pool, third))["merged_into"] == reference(first)
    assert len((await shown(pool, first))["notices"]) == 3
    await replica.hear(tell("over", ("opus",), tier="official", hours=9, **LIFT))
    assert [one for one in await told(pool) if one[2] == "lifted"] == [("all", first, "lifted")]
    assert await gaps(pool) == []


async def test_the_end_reaches_whoever_was_told_by_a_case_that_was_merged_twice(
    pool: asyncpg.Pool, replica: Any, tell: Tell, declare: Declare
) -> None:
    opus = {"watches": [{"name": "opus", "models": ["Claude Opus 4.8"]}]} | ONE
    await declare(opus=opus)
    first, second = await two(pool, replica, tell)
    await replica.hear(tell("o", ("opus",), tier="party", hours=2))
    third = await pool.fetchval("select id from cases order by seq desc limit 1")
    await byhand.merge(pool, second, third, said())
    await byhand.merge(pool, first, second, said())
    await declare(opus={"watches": [{"name": "other", "models": ["GPT-6"]}]} | ONE)
    await replica.hear(tell("over", ("fable", "mythos", "opus"), tier="official", hours=9, **LIFT))
    assert await told(pool) == [("opus", third, "opened"), ("opus", first, "lifted")]


async def test_two_merged_cases_that_are_split_off_together_are_one(
    pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    first, second = await two(pool, replica, tell)
    await replica.hear(tell("o", ("opus",), tier="party", hours=2))
    third = await pool.fetchval("select id from cases order by seq desc limit 1")
    moved = [
        one for case in (second, third) for one in (await byhand.merge(pool, first, case, said())).notices
    ]
    done = await byhand.split(pool, first, moved, said())
    assert done.other is not None
    assert done.other.id == second
    assert (await shown(pool, second))["merged_into"] is None
    assert (await shown(pool, third))["merged_into"] == reference(second)
    assert await gaps(pool) == []


async def test_a_split_waits_for_whoever_decides_about_cases(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, replica: Any, tell: Tell
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    moved = (await byhand.merge(pool, kept, absorbed, said())).notices
    async with other_pool.acquire() as deciding, deciding.transaction():
        await cases.lock(deciding)
        splitting = asyncio.create_task(byhand.split(pool, kept, moved, said()))
        async with asyncio.timeout(10):
            while not await deciding.fetchval(ONE_WAITS):  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.01)
        assert not splitting.done()
    assert (await splitting).case.id == kept


async def test_cases_of_too_many_notices_are_left_as_they_are(
    pool: asyncpg.Pool, replica: Any, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, absorbed = await two(pool, replica, tell)
    monkeypatch.setattr(byhand, "MOST", 1)
    with pytest.raises(Impossible, match="too many"):
        await byhand.merge(pool, kept, absorbed, said())


Call = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def call(pool: asyncpg.Pool) -> AsyncIterator[Call]:
    app = create_app("notify", Health())
    app.include_router(byhand_api.router(pool), prefix="/v1")
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

        async def called(path: str, **body: Any) -> tuple[int, Any]:
            async with session.post(f"{address}/v1/cases/{path}", json=body) as response:
                return response.status, await response.json(content_type=None)

        yield called


async def test_cases_are_merged_and_split_over_http_by_reference(
    pool: asyncpg.Pool, replica: Any, tell: Tell, call: Call
) -> None:
    kept, absorbed = map(reference, await two(pool, replica, tell))
    by = {"author": "ann", "reason": "one order"}
    status, seen = await call(f"{kept}/merge", other=absorbed.lower(), dry_run=True, **by)
    assert (status, seen["dry_run"], seen["case"]["notices"], seen["other"]) == (HTTPStatus.OK, True, 2, None)
    assert (await call(f"{kept}/merge", other=absorbed, **by))[1] == seen | {"dry_run": False}
    status, problem = await call(f"{kept}/merge", other=absorbed, **by)
    assert (status, "the same one twice" in problem["detail"]) == (HTTPStatus.CONFLICT, True)
    status, done = await call(f"{absorbed}/split", notices=seen["moved"], **by)
    assert (status, done["case"]["ref"], done["other"]["ref"]) == (HTTPStatus.OK, kept, absorbed)
    wrong: list[tuple[str, dict[str, Any], int]] = [
        (f"{kept}/merge", {"other": "C-000000"} | by, HTTPStatus.NOT_FOUND),
        (f"{kept}/merge", {"other": absorbed}, HTTPStatus.UNPROCESSABLE_ENTITY),
        (f"{kept}/split", {"notices": []} | by, HTTPStatus.UNPROCESSABLE_ENTITY),
        (f"{kept}/split", {"notices": ["n-nothing"]} | by, HTTPStatus.CONFLICT),
        (f"{kept}/split", {"notices": ["a\x00b"]} | by, HTTPStatus.UNPROCESSABLE_ENTITY),
        ("C-000000/split", {"notices": ["n-1"]} | by, HTTPStatus.NOT_FOUND),
    ]
    for path, body, expected in wrong:
        assert (await call(path, **body))[0] == expected, (path, body)
