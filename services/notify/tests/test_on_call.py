"""On call, on real rows and real receivers: reminded and fallen back once, until somebody answers."""

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
from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.notify.acknowledgement import How
from tocsin.notify.acknowledging import acknowledge
from tocsin.notify.audit import examine
from tocsin.notify.channels.pagerduty import PagerDutyChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.oncall import OnCall
from tocsin.notify.sender import Sender
from tocsin.notify.store import acknowledgements, backlog, records

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest
Posted = tuple[Receiver, aiohttp.ClientSession]

SECRETS = {
    "A_SECRET": "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode(),
    "A_KEY": "integration",
}
LINK = "https://tocsin.example/acknowledge/token"
EVERYTHING = datetime(2020, 1, 1, tzinfo=UTC)


def escalated(what: str) -> float:
    return REGISTRY.get_sample_value("tocsin_notify_escalations_total", {"what": what}) or 0.0


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


@dataclass
class Watch:
    """A team on call with a webhook, a pager and a fallback; its rows, and receivers for all three."""

    pool: asyncpg.Pool
    start: Start
    declare: Declare
    tell: Tell
    receiver: Receiver
    session: aiohttp.ClientSession

    async def on_call(self, **on_call: Any) -> None:
        where = self.receiver.address
        hooks = [
            {"kind": "webhook", "name": name, "url": f"{where}/{name}", "secret_env": "A_SECRET"}
            for name in ("hook", "duty")
        ]
        pager = {"kind": "pagerduty", "name": "pager", "url": f"{where}/pager", "routing_key_env": "A_KEY"}
        declared = {"fallback": "duty"} | on_call
        await self.declare(payments={"channels": [*hooks, pager], "on_call": declared})

    async def hear(self, *tellings: NoticeClassified) -> None:
        await self.start(self.pool).hear(*tellings)

    def loop(self) -> OnCall:
        """What each replica runs; a new one has forgotten whatever was not in rows."""
        return OnCall(self.pool, self.start(self.pool).directory, Health().pulse("on-call", limit=60))

    async def pass_by(self, minutes: float) -> None:
        """Move everything that is to come this much nearer."""
        await self.pool.execute(
            """
            update escalations set due_at = due_at - $1::interval, remind_at = remind_at - $1::interval,
                                   fall_back_at = fall_back_at - $1::interval
            """,
            timedelta(minutes=minutes),
        )

    async def turn(self) -> int:
        return await self.loop().turn(datetime.now(UTC))

    async def acknowledge(self, step: int = 1, author: str = "Ann") -> bool:
        made = await acknowledge(
            self.pool, self.start(self.pool).directory, await self.alert(step), author, How.API
        )
        return made.new

    async def alert(self, step: int = 1) -> AlertRaised:
        identity = await self.pool.fetchval("select id from alerts where step = $1", step)
        alert = await acknowledgements.alert(self.pool, identity)
        assert alert is not None
        return alert

    async def has(self, **purposes: int) -> bool:
        """Whether there are so many deliveries of each purpose that leave or have left."""
        rows = await self.pool.fetch(
            "select purpose, count(*) as count from deliveries where state <> 'cancelled' group by 1"
        )
        found = {row["purpose"]: row["count"] for row in rows}
        return {name: found.get(name, 0) for name in purposes} == purposes

    async def states(self) -> list[tuple[str, str | None]]:
        rows = await self.pool.fetch("select state, because from escalations order by step")
        return [(row["state"], row["because"]) for row in rows]

    @contextlib.asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        running = Sender(
            pool=self.pool,
            directory=self.start(self.pool).directory,
            channels={
                "webhook": WebhookChannel(self.session, SECRETS),
                "pagerduty": PagerDutyChannel(self.session, SECRETS),
            },
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=10,
            acknowledge_url=lambda _: LINK,
        )
        task = asyncio.create_task(running.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def send(self) -> None:
        """Send all that is due."""

        async def settled() -> bool:
            waiting = await self.pool.fetchval("select count(*) from deliveries where state = 'pending'")
            return bool(waiting == 0)

        async with self.sending():
            await until(settled)

    def came(self, channel: str) -> list[dict[str, Any]]:
        """What a channel's receiver was sent, in order."""
        pairs = zip(self.receiver.paths, self.receiver.bodies, strict=True)
        return [json.loads(body) for path, body in pairs if path.endswith(f"/{channel}")]


@pytest.fixture
def posted(receiver: Receiver, session: aiohttp.ClientSession) -> Posted:
    return receiver, session


@pytest.fixture
def watch(pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell, posted: Posted) -> Watch:
    receiver, session = posted
    receiver.paths = []

    async def note(request: web.Request) -> web.StreamResponse:
        receiver.paths.append(request.path)
        return web.Response(status=202)

    receiver.answer = note
    return Watch(pool, start, declare, tell, receiver, session)


async def test_the_same_channels_are_reminded_and_then_the_fallback_is_told(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.send()
    assert (len(watch.came("hook")), len(watch.came("pager")), len(watch.came("duty"))) == (1, 1, 0)
    assert await watch.turn() == 0
    await watch.pass_by(15)
    assert await watch.turn() == 1
    await watch.send()
    assert (len(watch.came("hook")), len(watch.came("pager")), len(watch.came("duty"))) == (2, 2, 0)
    await watch.pass_by(15)
    assert await watch.turn() == 1
    await watch.send()
    assert (len(watch.came("hook")), len(watch.came("pager")), len(watch.came("duty"))) == (2, 2, 1)
    assert await watch.states() == [("spent", None)]
    first, reminder = watch.came("hook")
    (fallback,) = watch.came("duty")
    assert [one["type"] for one in (first, reminder, fallback)] == [
        "alert.raised",
        "alert.unacknowledged",
        "alert.unacknowledged",
    ]
    headline = first["data"]["headline"]
    assert reminder["data"]["headline"] == f"Reminder: {headline}"
    assert fallback["data"]["headline"] == f"Nobody has acknowledged: {headline}"
    assert {one["data"]["id"] for one in (first, reminder, fallback)} == {(await watch.alert()).id}
    assert (await watch.alert()).headline == headline
    assert {one["acknowledge_url"] for one in (first, reminder, fallback)} == {LINK}


async def test_a_restart_forgets_nothing_and_what_is_late_is_done_late(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.pass_by(24 * 60)  # nobody ran
    assert await watch.turn() == 1
    assert await watch.has(reminder=2, fallback=1)
    assert await watch.turn() == 0


async def test_two_replicas_do_it_once(watch: Watch, other_pool: asyncpg.Pool) -> None:
    await watch.on_call()
    await watch.hear(*(watch.tell(f"{number}", hours=number * 2400) for number in range(20)))
    await watch.pass_by(60)
    loops = [
        OnCall(pool, watch.start(pool).directory, Health().pulse("on-call", limit=60))
        for pool in (watch.pool, other_pool)
    ]
    now, before = datetime.now(UTC), escalated("reminder")
    await asyncio.gather(*(loop.turn(now) for loop in loops * 3))
    for loop in loops:
        await loop.turn(now)
    assert await watch.has(reminder=40, fallback=20)
    assert escalated("reminder") == before + 20


async def test_a_crash_before_the_commit_does_nothing_and_the_next_replica_does_it_once(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.pass_by(15)

    async def crash(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("tocsin.notify.store.escalations.keep", crash)
        with pytest.raises(RuntimeError):
            await watch.turn()
    assert await watch.has(reminder=0)
    assert await watch.turn() == 1
    assert await watch.has(reminder=2)


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_after_an_acknowledgement_nothing_more_follows(watch: Watch, turns: int) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.send()
    for _ in range(turns):
        await watch.pass_by(15)
        await watch.turn()
    await watch.acknowledge()
    await watch.pass_by(24 * 60)
    assert await watch.turn() == 0
    assert await watch.has(reminder=0, fallback=0)  # what had not left did not leave
    assert await watch.states() == [("acknowledged", "Ann has acknowledged step 1")]
    sent = len(watch.came("hook"))
    await watch.send()
    assert len(watch.came("hook")) == sent
    assert watch.came("duty") == []


async def test_a_reminder_and_an_acknowledgement_that_race_leave_no_reminder_behind(
    watch: Watch, other_pool: asyncpg.Pool
) -> None:
    await watch.on_call()
    loop = OnCall(other_pool, watch.start(other_pool).directory, Health().pulse("on-call", limit=60))
    for number in range(10):
        await watch.hear(watch.tell(f"{number}", hours=number * 2400))
    await watch.pass_by(60)
    ids = [row["id"] for row in await watch.pool.fetch("select id from alerts")]
    alerts = [found for one in ids if (found := await acknowledgements.alert(watch.pool, one))]
    directory = watch.start(watch.pool).directory
    await asyncio.gather(
        loop.turn(datetime.now(UTC)),
        *(acknowledge(watch.pool, directory, alert, "Ann", How.API) for alert in alerts),
    )
    assert {state for state, _ in await watch.states()} == {"acknowledged"}
    assert await watch.has(reminder=0, fallback=0)


async def test_two_who_acknowledge_at_once_make_one_and_the_first_is_named(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    made = await asyncio.gather(*(watch.acknowledge(author=f"No. {number}") for number in range(5)))
    assert sorted(made) == [False] * 4 + [True]
    assert await watch.pool.fetchval("select count(*) from acknowledgements") == 1


async def test_an_acknowledgement_covers_the_earlier_steps_of_the_case_and_no_later_one(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a", tier="press"))
    await watch.hear(watch.tell("b", tier="official", hours=1))
    assert await watch.acknowledge(step=2)
    assert {state for state, _ in await watch.states()} == {"acknowledged"}
    by = await acknowledgements.of(watch.pool, await watch.alert(1))
    assert by is not None
    assert (by.author, by.step) == ("Ann", 2)
    assert not await watch.acknowledge(step=1)


async def test_a_later_step_asks_for_an_acknowledgement_of_its_own(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a", tier="press"))
    await watch.acknowledge(step=1)
    await watch.hear(watch.tell("b", tier="official", hours=1))
    assert [state for state, _ in await watch.states()] == ["acknowledged", "armed"]
    assert await acknowledgements.of(watch.pool, await watch.alert(2)) is None


async def test_the_end_of_the_case_ends_what_was_to_come_and_says_why(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a", tier="official"))
    await watch.pass_by(15)
    await watch.turn()
    await watch.hear(watch.tell("b", tier="official", hours=1, action="lifted"))
    await watch.pass_by(24 * 60)
    assert await watch.turn() == 0
    assert await watch.states() == [("over", "step 2 of the case: lifted")]
    assert await watch.has(reminder=0, fallback=0)


async def test_the_pager_is_told_of_an_acknowledgement_and_of_the_end(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a", tier="official"))
    await watch.send()
    await watch.acknowledge()
    await watch.send()
    await watch.hear(watch.tell("b", tier="official", hours=1, action="lifted"))
    await watch.send()
    events = watch.came("pager")
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {f"{(await watch.alert()).case_id}/payments"}
    links = [link["href"] for link in events[0]["links"]]
    assert LINK in links
    counted = "select count(*) from deliveries where channel = 'pager' and released_at is not null"
    assert await watch.pool.fetchval(counted) == 1  # the end of an alarm counts against no cap


async def test_an_incident_that_the_fallback_opened_ends_with_the_measure(watch: Watch) -> None:
    await watch.on_call(fallback="pager")
    await watch.hear(watch.tell("a", tier="official"))
    for _ in range(2):
        await watch.pass_by(15)
        await watch.turn()
    await watch.send()
    await watch.hear(watch.tell("b", tier="official", hours=1, action="lifted"))
    await watch.send()
    events = watch.came("pager")
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert {event["dedup_key"] for event in events} == {f"{(await watch.alert()).case_id}/payments"}
    assert "Over: Claude Fable 5" in events[1]["payload"]["summary"]
    assert [came["data"]["kind"] for came in watch.came("duty")][-1] == "lifted"
    assert await watch.has(resolve=1)  # what the end goes to by itself needs none


async def test_a_pager_that_was_away_opens_the_incident_before_it_is_acknowledged(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.acknowledge()  # before anything was sent
    await watch.send()
    assert [event["event_action"] for event in watch.came("pager")] == ["trigger", "acknowledge"]


async def test_whoever_is_on_call_no_more_is_reminded_no_more(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.declare(payments={"channels": [{"kind": "log", "name": "log"}]})
    await watch.pass_by(60)
    await watch.turn()
    assert await watch.states() == [("dropped", "the team has taken on_call out")]
    assert await watch.has(reminder=0, fallback=0)


async def test_a_fallback_that_was_taken_out_is_on_record_as_such(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.on_call(fallback=None)
    await watch.pass_by(60)
    await watch.turn()
    assert await watch.has(reminder=2, fallback=0)
    assert await watch.states() == [("dropped", "the team has taken the fallback out")]


async def test_what_is_not_grave_enough_is_not_watched(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a", severity="high"))
    assert await watch.states() == []
    await watch.on_call(min_severity="high")
    await watch.hear(watch.tell("b", hours=2400, severity="high"))
    assert [state for state, _ in await watch.states()] == ["armed"]


async def test_the_audit_expects_nothing_of_the_fallback_and_counts_no_reminder(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"))
    await watch.pass_by(60)
    await watch.turn()
    await watch.send()
    page = await records.read(watch.pool, EVERYTHING, 0, 10)
    (finding,) = [examine(record, datetime.now(UTC)) for record in page.records]
    assert (finding.gaps, finding.expected, finding.confirmed) == ((), 2, 2)


async def test_how_many_wait_for_somebody_is_measured(watch: Watch) -> None:
    await watch.on_call()
    await watch.hear(watch.tell("a"), watch.tell("b", hours=2400))
    assert (await backlog.read(watch.pool)).unacknowledged == 2
    await watch.acknowledge()
    assert (await backlog.read(watch.pool)).unacknowledged == 1
