"""The audit: it finds whatever is missing, nothing where nothing is, and the sweep makes up for it once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tocsin.chassis.health import Health
from tocsin.contracts import Entity, Kind, NoticeClassified
from tocsin.notify import metrics
from tocsin.notify.audit import LONG, Cause, Finding, Wait, examine
from tocsin.notify.auditor import Auditor
from tocsin.notify.channels import Outcome
from tocsin.notify.store import ledger, records
from tocsin.notify.store.book import Book, open_book
from tocsin.notify.store.ledger import Result
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]

TWO = {"channels": [{"kind": "log", "name": "first"}, {"kind": "log", "name": "second"}]}
ONE = {"channels": [{"kind": "log", "name": "only"}]}
LEASE = timedelta(seconds=60)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def audited(pool: asyncpg.Pool, *, ahead: timedelta = timedelta(), most: int = 100) -> list[Finding]:
    """What an audit of everything finds, page after page."""
    found: list[Finding] = []
    after: int | None = 0
    while after is not None:
        page = await records.read(pool, LONG_AGO, after, most)
        found += [examine(record, datetime.now(UTC) + ahead) for record in page.records]
        after = page.last
    return found


def causes(found: list[Finding]) -> list[Cause]:
    return [gap.cause for finding in found for gap in finding.gaps]


def counted(found: list[Finding]) -> tuple[int, int]:
    return sum(f.expected for f in found), sum(f.confirmed for f in found)


async def deliver(pool: asyncpg.Pool, outcome: Outcome = Outcome.DELIVERED) -> int:
    """Deliver all that is due; gives how many."""
    claimed = await ledger.claim(pool, 500, [], LEASE)
    for delivery in claimed:
        await ledger.record(pool, delivery, Result(outcome, "so it says", 0.1))
    return len(claimed)


@pytest.fixture
async def lived(pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell) -> Any:
    """A replica with a past: a measure told, copied, confirmed, lifted; its teams changed meanwhile."""
    await declare(payments=TWO, research={"watches": [{"name": "w", "vendors": ["Anthropic"]}]} | ONE)
    replica = start(pool)
    await replica.hear(tell("a", tier="party"), tell("copy", hours=1), tell("noise", action="none"))
    await declare(payments={"watches": [{"name": "other", "models": ["GPT-6"]}]} | ONE)
    await replica.hear(tell("b", tier="official", hours=2), tell("g", about=("gpt",), hours=2))
    replica.directory.know([Entity(id="model:gpt-7", kind=Kind.MODEL, name="GPT-6")])
    await replica.hear(tell("g2", about=("gpt",), hours=3, tier="official"))
    await replica.hear(tell("c", tier="party", hours=4, action="lifted", severity="high"))
    return replica


async def test_where_nothing_is_missing_nothing_is_found_whatever_changed_since(
    pool: asyncpg.Pool, lived: Any
) -> None:
    found = await audited(pool)
    assert causes(found) == []
    assert counted(found) == ((await lived.counts())["deliveries"], 0)
    assert len(found) == 6  # of the seven notices one reports no act
    assert await audited(pool, most=1) == found
    await deliver(pool)
    expected, confirmed = counted(await audited(pool))
    assert expected == confirmed > 0


UNTELL = "delete from deliveries; delete from alerts; delete from steps; delete from tellings; "
DAMAGES = {
    Cause.NO_DELIVERY: "delete from deliveries where channel = 'second'",
    Cause.NO_ALERT: """
        delete from deliveries where team_id = 'research'; delete from alerts where team_id = 'research'
    """,
    Cause.NO_STEP: "delete from deliveries; delete from alerts; delete from steps",
    Cause.NO_CASE: UNTELL + "delete from cases",
    Cause.NO_ATTEMPT: """
        delete from attempts where delivery_id in (select id from deliveries where channel = 'first')
    """,
}


@pytest.mark.parametrize("cause", DAMAGES)  # and NO_SUMMARY: see test_summaries
async def test_each_gap_is_found_with_its_cause_and_swept_under_its_own_id(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell, cause: Cause
) -> None:
    await declare(payments=TWO, research={"watches": [{"name": "w", "vendors": ["Anthropic"]}]} | ONE)
    replica = start(pool)
    await replica.hear(tell("a", tier="party"))
    if cause is Cause.NO_ATTEMPT:
        await deliver(pool)
    before = await _ids(pool)
    await pool.execute(DAMAGES[cause])
    found = await audited(pool)
    assert causes(found) == [cause]
    expected, confirmed = counted(found)
    assert expected == len(before["deliveries"]) > confirmed

    _, swept = await Sweep(replica.handler).run(LONG_AGO, 0, 100)
    assert causes(list(swept)) == [cause]
    assert causes(await audited(pool)) == []
    assert await _ids(pool) == before
    assert causes(list((await Sweep(replica.handler).run(LONG_AGO, 0, 100))[1])) == []
    assert await _ids(pool) == before
    assert await deliver(pool) == (1 if cause is Cause.NO_ATTEMPT else len(before["deliveries"]))


async def test_a_sweep_of_what_is_whole_changes_nothing(pool: asyncpg.Pool, lived: Any) -> None:
    before = await _everything(pool)
    await Sweep(lived.handler).run(LONG_AGO, 0, 100)
    assert await _everything(pool) == before


async def test_a_step_that_was_lost_is_told_late_and_the_lift_after_it_once(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=ONE)
    replica = start(pool)
    await replica.hear(tell("a", tier="party"))
    await pool.execute(UNTELL + "delete from cases")  # recorded, and never followed
    await replica.hear(tell("copy", hours=1, tier="party"))
    assert causes(await audited(pool)) == [Cause.NO_CASE]
    await Sweep(replica.handler).run(LONG_AGO, 0, 100)
    assert causes(await audited(pool)) == []
    # The copy had opened the case meanwhile, so nobody is told of it again.
    assert (await replica.counts())["alerts"] == 1


async def test_a_lost_lift_of_two_measures_is_swept_into_both(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=ONE | {"watches": [{"name": "w", "vendors": ["Anthropic"]}]})
    replica = start(pool)
    await replica.hear(tell("a", tier="party"), tell("b", about=("opus",), tier="party"))
    lift = tell("c", about=("fable", "opus"), tier="party", hours=1, action="lifted", severity="high")
    async with open_book(pool) as book:
        await book.enter([lift], {lift.id: (await replica.directory.refresh()).id})
    found = await audited(pool)
    assert causes(found) == [Cause.NO_CASE, Cause.NO_CASE]
    assert counted(found) == (4, 0)
    await Sweep(replica.handler).run(LONG_AGO, 0, 100)
    assert causes(await audited(pool)) == []
    kinds = await pool.fetch("select body ->> 'kind' as kind from alerts order by seq")
    assert [row["kind"] for row in kinds] == ["opened", "opened", "lifted", "lifted"]


async def test_two_replicas_that_race_leave_an_order_that_the_audit_can_follow(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=ONE)
    replicas = [start(pool), start(other_pool)]
    models = ("fable", "mythos", "opus", "gpt")
    acts = ("imposed", "lifted", "imposed", "eased")
    told = [
        tell(f"{model}{n}", about=(model,), hours=n, tier="party", action=act)
        for n, act in enumerate(acts)
        for model in models
    ]
    await asyncio.gather(*(replicas[n % 2].hear(fact) for n, fact in enumerate(told)))
    assert causes(await audited(pool)) == []


async def test_notices_are_numbered_in_the_order_in_which_they_are_decided(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, start: Start, tell: Tell
) -> None:
    numbered = "select is_called from notices_seq_seq"
    async with other_pool.acquire() as other, other.transaction():
        await Book(other).lock_cases()
        hearing = asyncio.create_task(start(pool).hear(tell("a")))
        await _one_waits_for_a_lock(other)
        assert not await other.fetchval(numbered)
    await hearing
    assert await pool.fetchval(numbered)


async def test_what_only_waits_is_open_and_no_gap(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=TWO)
    await start(pool).hear(tell("a", tier="party"))

    def waits(found: list[Finding]) -> list[Wait]:
        return sorted(one.wait for finding in found for one in finding.open)

    assert waits(await audited(pool)) == []
    late = await audited(pool, ahead=LONG + timedelta(seconds=1))
    assert waits(late) == [Wait.PENDING, Wait.PENDING, Wait.UNPUBLISHED]
    await deliver(pool, Outcome.REFUSED)
    await pool.execute("update alerts set published_at = now()")
    found = await audited(pool)
    assert waits(found) == [Wait.FAILED, Wait.FAILED]
    assert (causes(found), counted(found)) == ([], (2, 0))


async def test_notices_older_than_asked_are_left_alone(pool: asyncpg.Pool, lived: Any) -> None:
    assert lived
    page = await records.read(pool, datetime.now(UTC) + timedelta(seconds=1), 0, 100)
    assert (page.records, page.last) == ([], None)


async def test_expected_and_confirmed_meet_once_all_is_delivered(pool: asyncpg.Pool, lived: Any) -> None:
    auditor = Auditor(pool, Health().pulse("auditor", limit=60))
    deliveries = (await lived.counts())["deliveries"]

    async def shown() -> tuple[float, float]:
        await auditor.turn(datetime.now(UTC))
        return metrics.EXPECTED._value.get(), metrics.CONFIRMED._value.get()

    assert await shown() == (deliveries, 0)
    await deliver(pool)
    assert await shown() == (deliveries, deliveries)
    await pool.execute("delete from attempts where delivery_id in (select id from deliveries limit 1)")
    assert await shown() == (deliveries, deliveries - 1)


async def test_notices_of_before_the_audit_are_not_judged(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=ONE)
    replica = start(pool)
    await replica.hear(tell("a", tier="party"))
    await pool.execute("update notices set standing = null; update tellings set stood = null")
    assert await audited(pool) == []


async def _one_waits_for_a_lock(connection: asyncpg.Connection) -> None:
    waiting = """
        select count(*) from pg_locks join pg_database on oid = database
        where datname = current_database() and locktype = 'advisory' and not granted
    """
    async with asyncio.timeout(10):
        while True:
            if await connection.fetchval(waiting):
                return
            await asyncio.sleep(0.01)


async def _ids(pool: asyncpg.Pool) -> dict[str, set[str]]:
    return {
        table: {row["id"] for row in await pool.fetch(f"select id from {table}")}
        for table in ("cases", "alerts", "deliveries")
    }


async def _everything(pool: asyncpg.Pool) -> list[list[asyncpg.Record]]:
    tables = ("notices", "cases", "tellings", "steps", "alerts", "deliveries", "attempts", "standings")
    return [await pool.fetch(f"select * from {table} order by 1, 2") for table in tables]
