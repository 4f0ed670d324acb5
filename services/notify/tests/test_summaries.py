"""Summaries on real rows and to a real receiver: one a period, nothing lost, nothing out of order."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from tocsin.chassis.health import Health
from tocsin.contracts import NoticeClassified, SummarySort
from tocsin.contracts.subscriptions import Weekday
from tocsin.notify.audit import Cause, Finding, Wait, examine
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.pacing import retry as pacing
from tocsin.notify.pacing.plan import Folded
from tocsin.notify.pacing.silence import Asked
from tocsin.notify.sender import Sender
from tocsin.notify.store import again, backlog, ledger, reading, records, silences, summaries
from tocsin.notify.store.reading import Page
from tocsin.notify.store.wakeup import WAKE
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
OVER = timedelta(0)  # a lease that ends at once: whoever claimed is taken for dead
LEASE = timedelta(seconds=60)
DIGEST = {"digest": "weekly"}


NOTHING_IS_DUE = """
    select not exists (select from deliveries where state = 'pending' and (due_at <= now() or attempts > 0))
"""
ONE_WAITS = """
    select exists (
        select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())
"""


async def _until(rows: asyncpg.Pool | asyncpg.Connection, holds: str) -> None:
    async with asyncio.timeout(30):
        while True:
            if await rows.fetchval(holds):
                return
            await asyncio.sleep(0.02)


def all_quiet(now: datetime) -> dict[str, Any]:
    """Quiet hours that hold today and the days around it, and leave one day of the week out."""
    loud = (now.weekday() + 3) % 7
    days = [day for number, day in enumerate(Weekday) if number != loud]
    return {"quiet_hours": {"from": "00:00", "to": "00:00", "days": days}}


@dataclass
class Office:
    """Rows, handlers that fill them, a receiver to deliver to, and senders to run."""

    pool: asyncpg.Pool
    start: Start
    declare: Declare
    tell: Tell
    receiver: Receiver
    session: aiohttp.ClientSession

    async def declared(self, *channels: dict[str, Any], **team: Any) -> None:
        """Declare a team with channels like this, one that is as usual if none is given."""
        url, secret = f"{self.receiver.address}/hook", "A_SECRET"
        hook = {"kind": "webhook", "name": "hook", "url": url, "secret_env": secret}
        await self.declare(payments={"channels": [hook | other for other in channels or ({},)]} | team)

    async def hear(self, *facts: NoticeClassified) -> None:
        await self.start(self.pool).hear(*facts)

    async def measures(self, count: int, severity: str = "high", first: int = 0) -> None:
        """Make so many measures known, one alert each."""
        told = [
            self.tell(f"{number}", hours=number * 24 * 100, severity=severity)
            for number in range(first, first + count)
        ]
        await self.hear(*told)

    async def fall_due(self) -> None:
        """Let the time come of every summary."""
        await self.pool.execute(
            "update deliveries set due_at = now(), asked_at = now() where summary_id is not null "
            "and state = 'pending' and attempts = 0"
        )

    @contextlib.asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Run a sender, as one replica does."""
        running = Sender(
            pool=self.pool,
            directory=self.start(self.pool).directory,
            channels={"webhook": WebhookChannel(self.session, {"A_SECRET": SECRET})},
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=10,
            summary_url=lambda summary: f"https://tocsin.example/v1/deliveries?summary={summary}",
        )
        task = asyncio.create_task(running.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        with contextlib.suppress(asyncio.CancelledError):
            task.result()

    async def send_all(self, senders: int = 1) -> None:
        """Send until nothing is due any more."""
        async with contextlib.AsyncExitStack() as running:
            for _ in range(senders):
                await running.enter_async_context(self.sending())
            await _until(self.pool, NOTHING_IS_DUE)

    async def states(self) -> dict[str, int]:
        rows = await self.pool.fetch(
            "select state, count(*) as count from deliveries where summary_id is null group by 1"
        )
        return {row["state"]: row["count"] for row in rows}

    def received(self) -> list[dict[str, Any]]:
        """What the receiver has been sent, in order."""
        return [json.loads(body) for body in self.receiver.bodies]

    def heard(self) -> list[str]:
        """The kinds of the steps that the receiver was told, in order; those of a summary in brackets."""
        told = []
        for body in self.received():
            data = body["data"]
            single = body["type"] == "alert.raised"
            told.append(data["kind"] if single else f"[{' '.join(one['kind'] for one in data['items'])}]")
        return told


@pytest.fixture
def office(
    pool: asyncpg.Pool,
    start: Start,
    declare: Declare,
    tell: Tell,
    posted: tuple[Receiver, aiohttp.ClientSession],
) -> Office:
    return Office(pool, start, declare, tell, *posted)


@pytest.fixture
def posted(receiver: Receiver, session: aiohttp.ClientSession) -> tuple[Receiver, aiohttp.ClientSession]:
    return receiver, session


async def test_two_replicas_that_race_make_one_digest_and_it_is_sent_once(
    office: Office, other_pool: asyncpg.Pool
) -> None:
    await office.declared(DIGEST)
    replicas = [office.start(office.pool), office.start(other_pool)]
    facts = [office.tell(f"{n}", hours=n * 24 * 100, severity="high") for n in range(12)]
    await asyncio.gather(*(replicas[n % 2].hear(fact) for n, fact in enumerate(facts)))
    assert await office.states() == {"folded": 12}
    assert await office.pool.fetchval("select count(*) from summaries") == 1
    await office.send_all()
    assert office.received() == []  # its time has not come
    await office.fall_due()
    await office.send_all(senders=2)
    (said,) = office.received()
    assert (said["type"], said["data"]["count"], len(said["data"]["items"])) == ("alerts.summarised", 12, 12)
    assert said["data"]["url"].endswith(said["data"]["id"])


async def test_what_is_folded_while_its_summary_leaves_is_told_there_or_by_itself(
    office: Office, other_pool: asyncpg.Pool
) -> None:
    channels = [f"hook{turn}" for turn in range(12)]
    for turn, channel in enumerate(channels):  # each with a digest of its own
        await office.declared(DIGEST | {"name": channel})
        await office.measures(1, first=3 * turn)
        name = await office.pool.fetchval("select id from summaries where channel = $1", channel)
        hearing = (office.measures(1, first=3 * turn + number) for number in (1, 2))
        await asyncio.gather(*hearing, summaries.close(other_pool, name, lambda _: None))
    await office.declared(*({"name": channel} for channel in channels))
    alerts = {row["id"] for row in await office.pool.fetch("select id from alerts")}
    await office.fall_due()
    await office.send_all()
    told = [
        one
        for said in office.received()
        for one in ([said["data"]["id"]] if said["type"] == "alert.raised" else _ids(said))
    ]
    assert sorted(told) == sorted(alerts)


def _ids(said: dict[str, Any]) -> list[str]:
    assert said["data"]["more"] == 0
    return [one["id"] for one in said["data"]["items"]]


async def test_a_summary_does_not_leave_while_something_is_being_folded_into_it(
    office: Office, other_pool: asyncpg.Pool
) -> None:
    now = datetime.now(UTC)
    await office.declared(DIGEST)
    await office.measures(1)
    row = await office.pool.fetchrow("select * from summaries")
    plan = Folded(SummarySort(row["sort"]), row["key"], row["due_at"], "a test")
    await office.measures(1, "critical", first=1)
    async with other_pool.acquire() as connection, connection.transaction():
        assert await summaries.fold(connection, "payments", "hook", plan, now) == row["id"]
        await connection.execute(
            "update deliveries set state = 'folded', folded_into = $1 where summary_id is null",
            row["id"],
        )
        closing = asyncio.create_task(summaries.close(office.pool, row["id"], lambda _: None))
        await _until(connection, ONE_WAITS)
        assert not closing.done()
    told = await closing
    assert told is not None
    assert told.count == 2  # what was folded in the meantime is in it
    async with other_pool.acquire() as connection, connection.transaction():
        assert await summaries.fold(connection, "payments", "hook", plan, now) is None
    before = _decided("late")
    await office.measures(1, first=2)  # so it goes by itself, and says why
    assert _decided("late") - before == 1
    because = await office.pool.fetchval(
        "select because from deliveries where state = 'pending' and summary_id is null"
    )
    assert because == "the digest for it had just left"
    counted = "select count(*) from deliveries where because = $1 and released_at is not null"
    assert await office.pool.fetchval(counted, because) == 1  # against the caps, as what goes singly does


async def test_a_sender_that_dies_after_its_claim_repeats_the_same_summary_under_the_same_id(
    office: Office,
) -> None:
    await office.declared(DIGEST)
    await office.measures(2)
    await office.fall_due()
    (first,) = await ledger.claim(office.pool, 10, [], OVER)
    assert first.summary is not None
    said = await summaries.close(office.pool, first.summary, lambda _: None)
    await office.measures(1, first=2)  # too late for it
    claimed = {one.id: one for one in await ledger.claim(office.pool, 10, [], OVER)}
    again = claimed[first.id]
    assert (again.summary, again.attempt) == (first.summary, 2)
    assert await summaries.close(office.pool, first.summary, lambda _: "elsewhere") == said
    assert said is not None
    assert said.count == 2
    assert len(claimed) == 2


async def test_a_summary_of_nothing_is_not_sent(office: Office) -> None:
    await office.declared(DIGEST)
    await office.measures(1)
    await office.pool.execute(
        "update deliveries set state = 'pending', folded_into = null where alert_id is not null"
    )
    await office.fall_due()
    await office.send_all()
    assert office.heard() == ["opened"]
    assert await office.pool.fetchval("select count(*) from summaries") == 0


async def test_a_storm_is_as_many_as_the_cap_and_one_summary_of_the_rest(office: Office) -> None:
    await office.declared({"most_an_hour": 20})
    before = _decided("storm")
    for first in range(0, 500, 50):
        await office.measures(50, "critical", first)
    assert await office.states() == {"pending": 20, "folded": 480}
    assert _decided("storm") - before == 480
    await office.send_all(senders=2)
    assert office.heard() == ["opened"] * 20
    await office.fall_due()
    await office.send_all(senders=2)
    last = office.received()[-1]["data"]
    assert len(office.received()) == 21
    assert (last["sort"], last["count"], len(last["items"]), last["more"]) == ("storm", 480, 50, 430)
    rows = await reading.deliveries(office.pool, Page(500), None, "folded", summary=last["id"])
    assert len(rows) == 480
    assert {row["because"] for row in rows} == {
        "20 went to this channel within an hour, and most_an_hour is 20"
    }


def _decided(what: str) -> float:
    return REGISTRY.get_sample_value("tocsin_notify_decisions_total", {"what": what}) or 0.0


async def test_what_comes_after_the_summary_of_a_storm_is_in_another(office: Office) -> None:
    await office.declared({"most_an_hour": 2})
    await office.measures(3, "critical")
    await office.fall_due()
    await office.send_all()
    await office.measures(2, "critical", first=3)
    assert await office.states() == {"delivered": 2, "folded": 3}
    assert await office.pool.fetchval("select count(*) from summaries where sort = 'storm'") == 2


async def test_what_went_over_an_hour_ago_counts_against_no_cap(office: Office) -> None:
    await office.declared({"most_an_hour": 2})
    await office.measures(2, "critical")
    await office.pool.execute("update deliveries set released_at = released_at - interval '61 minutes'")
    await office.measures(3, "critical", first=2)
    assert await office.states() == {"pending": 4, "folded": 1}


async def _silence(office: Office, *, hours: float = 24) -> int:
    now = datetime.now(UTC)
    asked = Asked(
        team="payments", watch="ours", until=now + timedelta(hours=hours), author="ana", reason="we know"
    )
    made = await silences.make(office.pool, asked, now)
    assert made is not None
    return made.number


async def _tell_the_lift(office: Office) -> None:
    await office.hear(office.tell("b", tier="party", hours=1, action="lifted", severity="high"))


async def test_the_lift_reaches_who_was_told_through_a_silence(office: Office) -> None:
    await office.declared()
    await office.hear(office.tell("a", tier="party"))
    await _silence(office)
    await _tell_the_lift(office)
    await office.send_all()
    assert office.heard() == ["opened", "lifted"]


async def test_what_was_missed_is_told_at_the_end_of_a_silence_or_as_soon_as_it_is_ended(
    office: Office,
) -> None:
    await office.declared()
    number = await _silence(office)
    await office.hear(office.tell("a", tier="party"))
    await _tell_the_lift(office)
    assert await office.states() == {"folded": 2}
    await office.send_all()
    assert office.heard() == []
    (stood,) = await silences.standing(office.pool, "payments", datetime.now(UTC))
    assert await silences.end(office.pool, "payments", number, "ana", datetime.now(UTC))
    assert await office.pool.fetchval("select asked_at <= now() from deliveries where summary_id is not null")
    await office.send_all()
    assert office.heard() == ["[opened lifted]"]
    said = office.received()[0]["data"]
    assert datetime.fromisoformat(said["since"]) == stood.made_at
    assert said["headline"] == "2 alerts: what you missed while a silence hid it"


async def test_what_was_told_in_a_summary_was_told(office: Office) -> None:
    await office.declared()
    number = await _silence(office)
    await office.hear(office.tell("a", tier="party"))
    assert await silences.end(office.pool, "payments", number, "ana", datetime.now(UTC))
    await office.send_all()
    await _silence(office)
    await _tell_the_lift(office)
    because = await office.pool.fetchval("select because from deliveries where state = 'pending'")
    assert because == "it ends what this channel was told"


async def test_whoever_makes_something_due_now_wakes_the_sender(office: Office) -> None:
    woken = asyncio.Event()
    await office.declared()
    now = datetime.now(UTC)

    async def end() -> None:
        await silences.end(office.pool, "payments", 1, "ana", now)

    async def ask() -> None:
        found = await again.failed(office.pool, "payments", None, 9)
        await again.ask(office.pool, found)

    async def tell() -> None:
        words = ("payments", "hook", SummarySort.TROUBLE, "1", "chat fails", ["since noon"], now)
        async with office.pool.acquire() as connection, connection.transaction():
            await summaries.tell(connection, *words)

    def ring(*_: object) -> None:
        woken.set()

    await _silence(office)
    async with office.pool.acquire() as listening:
        await listening.add_listener(WAKE, ring)
        for what in (end, ask, tell):
            woken.clear()
            await what()
            async with asyncio.timeout(5):
                await woken.wait()
        await listening.remove_listener(WAKE, ring)


async def test_the_lift_reaches_who_was_told_through_a_digest(office: Office) -> None:
    await office.declared(DIGEST)
    await office.hear(office.tell("a", tier="party"))  # urgent: now
    await _tell_the_lift(office)
    await office.send_all()
    assert office.heard() == ["opened"]
    await office.fall_due()
    await office.send_all()
    assert office.heard() == ["opened", "[lifted]"]


async def test_what_is_urgent_wakes_and_the_lift_comes_when_quiet_hours_end(office: Office) -> None:
    await office.declared(**all_quiet(datetime.now(UTC)))
    await office.hear(office.tell("a", tier="party"))
    await office.hear(office.tell("g", about=("gpt", "fable"), hours=24 * 100, severity="high"))
    await _tell_the_lift(office)
    await office.send_all()
    assert office.heard() == ["opened"]
    await office.fall_due()
    await office.send_all()
    assert sorted(office.heard()[1].strip("[]").split()) == ["lifted", "opened"]


async def test_the_steps_of_a_case_keep_their_order_around_a_retry(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(milliseconds=300),) * 5)
    answers = [503, 503, 204, 204, 204]

    async def recover(_: web.Request) -> web.StreamResponse:
        return web.Response(status=answers.pop(0))

    office.receiver.answer = recover
    await office.declared()
    await office.hear(office.tell("a", tier="party"))
    await _tell_the_lift(office)
    await office.send_all(senders=2)
    assert office.heard() == ["opened", "opened", "opened", "lifted"]


async def test_a_step_waits_for_a_summary_on_its_way_that_tells_of_an_earlier_one(
    office: Office,
) -> None:
    await office.declared(DIGEST)
    await office.hear(office.tell("a", tier="party", severity="high"))
    await office.fall_due()
    (claimed,) = await ledger.claim(office.pool, 10, [], LEASE)
    assert claimed.summary is not None
    await summaries.close(office.pool, claimed.summary, lambda _: None)
    await office.declared()  # the digest is given up meanwhile
    await _tell_the_lift(office)
    assert await office.states() == {"folded": 1, "pending": 1}
    assert await ledger.claim(office.pool, 10, [], LEASE) == []
    wait = await ledger.next_due(office.pool, [])
    assert wait is not None
    assert wait > 30  # nobody looks again and again for what cannot go
    await office.pool.execute("update deliveries set state = 'failed' where summary_id is not null")
    assert len(await ledger.claim(office.pool, 10, [], LEASE)) == 1


async def test_what_is_graver_waits_for_no_digest_that_holds_an_earlier_step(office: Office) -> None:
    await office.declared(DIGEST)
    await office.hear(office.tell("a", tier="party", severity="high"))
    await office.hear(office.tell("b", tier="official", hours=1))
    (claimed,) = await ledger.claim(office.pool, 10, [], LEASE)
    assert claimed.alert is not None
    assert claimed.alert.step == 2


async def test_what_was_refused_holds_nothing_up(office: Office) -> None:
    async def gone(_: web.Request) -> web.StreamResponse:
        return web.Response(status=410)

    office.receiver.answer = gone
    await office.declared()
    await office.hear(office.tell("a", tier="party"))
    await _tell_the_lift(office)
    await office.send_all()
    assert await office.states() == {"failed": 2}


async def _audited(office: Office, *, ahead: timedelta = timedelta()) -> list[Finding]:
    page = await records.read(office.pool, datetime(2020, 1, 1, tzinfo=UTC), 0, 100)
    return [examine(record, datetime.now(UTC) + ahead) for record in page.records]


def _seen(found: list[Finding]) -> tuple[list[Cause], list[Wait], int, int]:
    return (
        [gap.cause for one in found for gap in one.gaps],
        [wait.wait for one in found for wait in one.open if wait.delivery],
        sum(one.expected for one in found),
        sum(one.confirmed for one in found),
    )


async def test_the_audit_takes_what_is_folded_as_told_as_long_as_its_summary_comes_or_came(
    office: Office,
) -> None:
    await office.declared(DIGEST)
    await office.measures(3)
    assert _seen(await _audited(office)) == ([], [], 3, 3)
    await office.pool.execute(
        "update deliveries set due_at = now() + interval '3 days' where state = 'pending'"
    )
    assert _seen(await _audited(office, ahead=timedelta(days=1))) == ([], [], 3, 3)  # not late yet
    late = await _audited(office, ahead=timedelta(days=9))
    assert _seen(late) == ([], [Wait.PENDING] * 3, 3, 0)
    await office.fall_due()
    await office.send_all()
    assert _seen(await _audited(office, ahead=timedelta(days=9))) == ([], [], 3, 3)
    await office.pool.execute("update deliveries set state = 'failed' where summary_id is not null")
    assert _seen(await _audited(office)) == ([], [Wait.FAILED] * 3, 3, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "delete from deliveries where summary_id is not null",
        "update deliveries set state = 'delivered' where summary_id is not null",  # and no attempt says so
        "update deliveries set folded_into = null where alert_id is not null",
    ],
)
async def test_the_audit_finds_a_summary_that_is_lost_and_the_sweep_tells_each_alert_by_itself(
    office: Office, damage: str
) -> None:
    await office.declared(DIGEST)
    await office.measures(3)
    await office.pool.execute(damage)
    assert _seen(await _audited(office)) == ([Cause.NO_SUMMARY] * 3, [], 3, 0)
    await Sweep(office.start(office.pool).handler).run(datetime(2020, 1, 1, tzinfo=UTC), 0, 100)
    assert _seen(await _audited(office))[0] == []
    await office.pool.execute("delete from deliveries where summary_id is not null")
    await office.send_all()
    assert office.heard() == ["opened"] * 3


async def test_each_row_says_why_and_when_it_goes(office: Office) -> None:
    await office.declared(DIGEST)
    await office.measures(1)
    await office.measures(1, "critical", first=1)
    told = await reading.deliveries(office.pool, Page(9), "payments", None)
    rows = {row["state"] if row["alert_id"] else "summary": row for row in told}
    assert rows["pending"]["because"] == "it is critical, which is urgent"
    assert rows["folded"]["because"] == "the channel has a weekly digest, and this is below critical"
    assert rows["folded"]["goes_at"] == rows["summary"]["due_at"]
    assert rows["summary"]["summary"] == "digest"
    waiting = await backlog.read(office.pool)
    assert (waiting.summaries, waiting.pending.count) == (1, 1)  # what is not due yet is not late


async def test_a_word_about_a_channel_is_told_once(office: Office) -> None:
    await office.declared()
    now = datetime.now(UTC)
    told = []
    for _ in range(2):
        async with office.pool.acquire() as connection, connection.transaction():
            told.append(
                await summaries.tell(
                    connection,
                    "payments",
                    "hook",
                    SummarySort.TROUBLE,
                    "1",
                    "chat fails",
                    ["since noon"],
                    now,
                )
            )
    assert told == [True, False]
    await office.send_all()
    (said,) = office.received()
    data = said["data"]
    assert (data["sort"], data["headline"], data["lines"], data["count"], data["url"]) == (
        "trouble",
        "chat fails",
        ["since noon"],
        0,
        None,
    )
