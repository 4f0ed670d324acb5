"""The rows: what the handler writes is written once, whatever is repeated, raced or broken off."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from tocsin.contracts import NoticeClassified
from tocsin.notify.channels import Outcome
from tocsin.notify.store import ledger, outbox, reading
from tocsin.notify.store.ledger import Result
from tocsin.notify.store.outbox import Unpublished
from tocsin.notify.store.reading import Page, Row

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Due = Callable[[int], Awaitable[None]]

CHANNELS = {"channels": [{"kind": "log", "name": "first"}, {"kind": "log", "name": "second"}]}
DONE = Result(Outcome.DELIVERED, "fine", 0.1)
LEASE = timedelta(seconds=60)
OVER = timedelta(0)  # a lease that ends at once: whoever claimed is taken for dead


@pytest.fixture
def due(pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell) -> Due:
    """Makes so many deliveries, two a measure where the number is even."""

    async def made(count: int) -> None:
        channels = CHANNELS["channels"][: 2 - count % 2]
        await declare(payments={"channels": channels})
        replica = start(pool)
        for number in range(count // len(channels)):
            await replica.hear(tell(f"{number}", hours=number * 24 * 100))
        assert (await replica.counts())["deliveries"] == count

    return made


async def test_a_batch_becomes_rows_with_one_delivery_a_channel(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS, research={"watches": [{"name": "w", "vendors": ["Anthropic"]}]})
    replica = start(pool)
    await replica.hear(
        tell("a", tier="party"), tell("b"), tell("c", action="none"), tell("d", category="not_regulatory")
    )
    assert await replica.counts() == {"notices": 4, "cases": 1, "steps": 1, "alerts": 2, "deliveries": 2}
    rows = await pool.fetch("select team_id, channel, state, attempts from deliveries order by channel")
    assert [tuple(row) for row in rows] == [
        ("payments", "first", "pending", 0),
        ("payments", "second", "pending", 0),
    ]
    because = await pool.fetch("select because from tellings join notices on id = notice_id order by seq")
    assert [row["because"] for row in because] == [
        "it is the first to tell of it",
        "it is about Claude Fable 5 too",
    ]


async def test_a_batch_that_comes_again_changes_nothing(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS)
    batch = [tell("a"), tell("b", tier="party", hours=1), tell("c", tier="official", hours=2)]
    await start(pool).hear(*batch)
    before = await _everything(pool)
    await start(pool).hear(*batch)
    await start(pool).hear(batch[1], batch[1], batch[0])
    assert await _everything(pool) == before
    assert before["steps"]


async def test_two_replicas_with_two_reports_of_one_act_make_one_case_and_one_alert(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS, research={})
    one, other = start(pool), start(other_pool)
    for turn in range(25):  # each turn is a measure of its own: the one before has been forgotten
        hours = turn * 24 * 100
        await asyncio.gather(
            one.hear(tell(f"vendor {turn}", tier="party", hours=hours)),
            other.hear(tell(f"rival {turn}", tier="party", hours=hours)),
        )
        assert await one.counts() == {
            "notices": 2 * (turn + 1),
            "cases": turn + 1,
            "steps": turn + 1,
            "alerts": 2 * (turn + 1),
            "deliveries": 2 * (turn + 1),
        }


async def test_two_replicas_with_the_same_notices_change_the_rows_once(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS)
    one, other = start(pool), start(other_pool)
    for turn in range(10):
        batch = [tell(f"{turn} {name}", about=(name,)) for name in ("fable", "gpt", "h20")]
        await asyncio.gather(one.hear(*batch), other.hear(*batch))
    counts = await one.counts()
    assert (counts["notices"], counts["cases"], counts["alerts"]) == (30, 3, 1)


async def test_a_batch_that_fails_leaves_nothing(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS)
    replica = start(pool)
    counted = _counted()
    broken = tell("b", about=("gpt",), title="no row can hold this: \x00")
    with pytest.raises(asyncpg.UntranslatableCharacterError):
        await replica.hear(tell("a"), broken)
    assert set((await replica.counts()).values()) == {0}
    await pool.execute("alter table deliveries add constraint never check (channel <> 'second')")
    with pytest.raises(asyncpg.CheckViolationError):
        await replica.hear(tell("a"))
    assert set((await replica.counts()).values()) == {0}
    assert _counted() == counted
    await pool.execute("alter table deliveries drop constraint never")
    await replica.hear(tell("a"))
    assert (await replica.counts())["deliveries"] == 2
    assert _counted() == [before + 1 for before in counted]


def _counted() -> list[float]:
    names = ("tocsin_notify_steps_total", "tocsin_notify_alerts_total")
    return [
        sum(sample.value for sample in family.samples if sample.name == name)
        for name in names
        for family in REGISTRY.collect()
        if name.startswith(family.name)
    ]


async def test_the_lift_reaches_a_team_that_watches_otherwise_by_now(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments=CHANNELS)
    replica = start(pool)
    await replica.hear(tell("a", tier="party"))
    await declare(
        payments=CHANNELS | {"watches": [{"name": "other", "models": ["GPT-6"], "min_severity": "critical"}]}
    )
    await replica.hear(tell("b", tier="party", hours=1, action="lifted", severity="high"))
    alerts = await reading.alerts(pool, Page(10), "payments", None)
    assert [alert["kind"] for alert in alerts] == ["lifted", "opened"]


async def test_a_retired_team_hears_nothing_further_and_its_past_stays(
    pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    assert await declare(payments=CHANNELS, research={}) == {"payments": "added", "research": "added"}
    replica = start(pool)
    await replica.hear(tell("a", tier="party"))
    assert await declare(payments=CHANNELS) == {"payments": "unchanged", "research": "retired"}
    await replica.hear(tell("b", tier="party", hours=1, action="lifted"))
    told = await pool.fetch("select team_id, step from alerts order by seq")
    assert [tuple(row) for row in told] == [("payments", 1), ("research", 1), ("payments", 2)]
    assert await declare(payments={}, research={}) == {"payments": "changed", "research": "added"}


async def test_two_senders_never_claim_the_same(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, due: Due
) -> None:
    await due(40)

    async def take(connected: asyncpg.Pool) -> list[str]:
        taken: list[str] = []
        while claimed := await ledger.claim(connected, 3, [], LEASE):
            taken += [delivery.id for delivery in claimed]
        return taken

    taken = await asyncio.gather(*(take(which) for which in (pool, other_pool) * 3))
    ids = [identity for one in taken for identity in one]
    assert len(ids) == len(set(ids)) == 40


async def test_no_delivery_is_claimed_on_a_channel_that_is_busy(pool: asyncpg.Pool, due: Due) -> None:
    await due(4)
    claimed = await ledger.claim(pool, 10, ["payments/first", "elsewhere/second"], LEASE)
    assert [delivery.channel for delivery in claimed] == ["second", "second"]


async def test_the_claim_of_a_dead_sender_ends_and_the_id_stays(pool: asyncpg.Pool, due: Due) -> None:
    await due(1)
    (first,) = await ledger.claim(pool, 10, [], OVER)
    (second,) = await ledger.claim(pool, 10, [], LEASE)
    assert (second.id, second.alert) == (first.id, first.alert)
    assert (first.attempt, second.attempt) == (1, 2)
    assert await ledger.claim(pool, 10, [], LEASE) == []


async def test_what_was_delivered_stays_delivered(pool: asyncpg.Pool, due: Due) -> None:
    await due(1)
    (slow,) = await ledger.claim(pool, 1, [], OVER)
    (quick,) = await ledger.claim(pool, 1, [], LEASE)
    at = (await ledger.record(pool, quick, DONE)).delivered_at
    assert at is not None
    late = await ledger.record(pool, slow, Result(Outcome.RETRY, "late", 9.0, timedelta(0)))
    assert late.delivered_at is None
    assert await ledger.claim(pool, 1, [], LEASE) == []
    (row,) = await reading.deliveries(pool, Page(10), None, "delivered")
    assert (row["delivered_at"], row["last_error"]) == (at, None)
    assert [(attempt["number"], attempt["outcome"]) for attempt in row["log"]] == [
        (1, "retry"),
        (2, "delivered"),
    ]


@pytest.mark.parametrize(
    ("result", "state", "waits"),
    [
        (DONE, "delivered", 0),
        (Result(Outcome.REFUSED, "gone", 0.1), "failed", 0),
        (Result(Outcome.RETRY, "the last", 0.1), "failed", 0),
        (Result(Outcome.RETRY, "again", 0.1, timedelta(minutes=5)), "pending", 1),
    ],
)
async def test_what_follows_from_an_attempt(
    pool: asyncpg.Pool, due: Due, result: Result, state: str, waits: int
) -> None:
    await due(1)
    (delivery,) = await ledger.claim(pool, 1, [], LEASE)
    await ledger.record(pool, delivery, result)
    assert await pool.fetchval("select state from deliveries") == state
    wait = await ledger.next_due(pool, [])
    assert (290 < wait <= 300) if wait is not None else not waits


async def test_alerts_are_published_in_order_once_and_again_if_that_failed(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell
) -> None:
    await declare(payments={})
    replica = start(pool)
    for step, tier in enumerate(("press", "party", "official")):
        await replica.hear(tell(tier, tier=tier, hours=step))
    published: list[tuple[str, int]] = []

    async def fail(_: Sequence[Unpublished]) -> None:
        raise ConnectionError("Kafka is away")

    async def publish(alerts: Sequence[Unpublished]) -> None:
        assert await outbox.drain(other_pool, fail) == 0  # another replica keeps out meanwhile
        published.extend((one.alert.team, one.alert.step) for one in alerts)

    with pytest.raises(ConnectionError):
        await outbox.drain(pool, fail)
    assert await outbox.drain(pool, publish) == 3
    assert await outbox.drain(pool, publish) == 0
    assert published == [("payments", 1), ("payments", 2), ("payments", 3)]


async def test_pages_follow_one_another_without_gap_or_overlap(pool: asyncpg.Pool, due: Due) -> None:
    await due(14)
    reads: tuple[Callable[[Page], Awaitable[list[Row]]], ...] = (
        lambda page: reading.alerts(pool, page, "payments", None),
        lambda page: reading.cases(pool, page),
        lambda page: reading.deliveries(pool, page, "payments", "pending"),
    )
    for read in reads:
        whole = await read(Page(limit=100))
        pages: list[Row] = []
        before: int | None = None
        while rows := await read(Page(limit=3, before=before)):
            pages += rows
            assert len(pages) <= len(whole)
            before = rows[-1]["seq"]
        assert pages == whole
        assert [row["seq"] for row in whole] == sorted((row["seq"] for row in whole), reverse=True)


async def _everything(pool: asyncpg.Pool) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("notices", "cases", "steps", "alerts", "deliveries")
    return {
        table: [tuple(row) for row in await pool.fetch(f"select * from {table} order by 1")]
        for table in tables
    }
