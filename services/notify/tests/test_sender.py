"""The sender on real rows: delivered once, later or never, and no channel waits for another."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.contracts import NoticeClassified
from tocsin.notify import sender
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.pacing import circuit
from tocsin.notify.pacing import retry as pacing
from tocsin.notify.sender import Sender
from tocsin.notify.store import reading
from tocsin.notify.store.reading import Page
from tocsin.notify.store.wakeup import listen

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
SOON = (timedelta(milliseconds=30),) * 5


def hook(receiver: Receiver, name: str = "hook") -> dict[str, Any]:
    url = f"{receiver.address}/{name}"
    return {"channels": [{"kind": "webhook", "name": name, "url": url, "secret_env": "A_SECRET"}]}


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


@dataclass
class Office:
    """Rows, a handler that fills them, a receiver to deliver to, and senders to run."""

    pool: asyncpg.Pool
    start: Start
    declare: Declare
    tell: Tell
    receiver: Receiver
    session: aiohttp.ClientSession

    async def hear(self, count: int = 1) -> None:
        """Make so many measures known, one alert a team each."""
        for number in range(count):
            await self.start(self.pool).hear(self.tell(f"{number}", hours=number * 24 * 100))

    @contextlib.asynccontextmanager
    async def sending(self, *, seconds: float = 10) -> AsyncIterator[Sender]:
        """Run a sender, as one replica does."""
        running = Sender(
            pool=self.pool,
            directory=self.start(self.pool).directory,
            channels={"webhook": WebhookChannel(self.session, {"A_SECRET": SECRET}), "log": LogChannel()},
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=seconds,
        )
        task = asyncio.create_task(running.run())
        try:
            yield running
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def settled(self) -> bool:
        """Whether nothing waits any more."""
        return await self.has(0, "state = 'pending'")

    async def has(self, count: int, which: str) -> bool:
        """Whether there are so many deliveries of this sort."""
        found: int = await self.pool.fetchval(f"select count(*) from deliveries where {which}")
        return found == count

    async def rows(self, state: str) -> list[dict[str, Any]]:
        """The deliveries in a state, latest first."""
        return await reading.deliveries(self.pool, Page(100), None, state)


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


async def test_what_is_due_is_delivered_once(office: Office) -> None:
    await office.declare(
        payments=hook(office.receiver), research={"channels": [{"kind": "log", "name": "log"}]}
    )
    await office.hear(5)
    async with office.sending(), office.sending():  # two replicas
        await until(office.settled)
    rows = await office.rows("delivered")
    assert len(rows) == 10
    assert all([attempt["outcome"] for attempt in row["log"]] == ["delivered"] for row in rows)
    ids = [headers["webhook-id"] for headers in office.receiver.headers]
    assert sorted(ids) == sorted(row["id"] for row in rows if row["channel"] == "hook")


async def test_each_leg_of_the_way_and_the_end_of_a_delivery_are_measured(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(milliseconds=200),))
    answers = {"good": [503, 204], "bad": [503, 503]}

    async def recover(request: web.Request) -> web.StreamResponse:
        return web.Response(status=answers[request.path.rpartition("/")[2]].pop(0))

    office.receiver.answer = recover
    channels = [hook(office.receiver, name)["channels"][0] for name in answers]
    await office.declare(payments={"channels": channels})
    before = measured()
    await office.hear()
    async with office.sending():
        await until(office.settled)
        await until(lambda: _all_told(before))
    after = measured()
    grown = {name: after[name] - before[name] for name in after}
    waited = grown.pop("confirm_sum")
    assert 0.15 <= waited < 10  # from the start of the first attempt, which failed
    assert grown == {
        "first_attempt": 2,
        "confirm": 1,
        "deliver": 1,
        "end_to_end": 1,
        "delivered": 1,
        "failed": 1,
    }


def measured() -> dict[str, float]:
    """What is counted of the legs after an alert is raised."""
    stages = ("first_attempt", "confirm", "deliver", "end_to_end")
    counts = {stage: sample("tocsin_stage_seconds_count", stage=stage) for stage in stages}
    ends = {
        state: sample("tocsin_notify_deliveries_total", kind="webhook", state=state)
        for state in ("delivered", "failed")
    }
    return counts | ends | {"confirm_sum": sample("tocsin_stage_seconds_sum", stage="confirm")}


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def _all_told(before: dict[str, float]) -> bool:
    return measured()["end_to_end"] > before["end_to_end"] and measured()["failed"] > before["failed"]


async def test_a_receiver_that_comes_back_gets_it_later_under_the_same_id(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", SOON)
    answers = [503, 500, 302, 204]

    async def recover(_: web.Request) -> web.StreamResponse:
        return web.Response(status=answers.pop(0), text="later")

    office.receiver.answer = recover
    await office.declare(payments=hook(office.receiver))
    await office.hear()
    async with office.sending():
        await until(office.settled)
    (row,) = await office.rows("delivered")
    assert [(attempt["number"], attempt["outcome"]) for attempt in row["log"]] == [
        (1, "retry"),
        (2, "retry"),
        (3, "retry"),
        (4, "delivered"),
    ]
    assert row["log"][0]["detail"] == "HTTP 503 later"
    assert {headers["webhook-id"] for headers in office.receiver.headers} == {row["id"]}


async def test_after_the_last_try_it_has_failed_and_says_why(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", SOON)
    monkeypatch.setattr(circuit, "PROBES", SOON)

    async def fail(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="broken")

    office.receiver.answer = fail
    await office.declare(payments=hook(office.receiver))
    await office.hear()
    async with office.sending():
        await until(office.settled)
    (row,) = await office.rows("failed")
    assert (row["attempts"], row["last_error"]) == (len(SOON) + 1, "HTTP 500 broken")


@pytest.mark.parametrize("answer", [b"\x00", b"\xff\xfe\x00", "\u2028\x1b[2J\r\nfine".encode()])
async def test_no_answer_of_a_receiver_can_keep_a_delivery_from_the_record(
    office: Office, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", ())

    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500, body=answer)

    office.receiver.answer = say
    await office.declare(payments=hook(office.receiver))
    await office.hear()
    async with office.sending():
        await until(office.settled)
    (row,) = await office.rows("failed")
    assert row["log"][0]["detail"].startswith("HTTP 500")
    assert row["log"][0]["detail"].isprintable()


async def test_a_channel_that_hangs_delays_no_other(office: Office) -> None:
    let_go = asyncio.Event()
    hanging: list[str] = []

    async def hang(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/hangs"):
            hanging.append(request.headers["webhook-id"])
            await let_go.wait()
        return web.Response(status=204)

    office.receiver.answer = hang
    await office.declare(payments=hook(office.receiver, "hangs"), research=hook(office.receiver, "fine"))
    await office.hear(12)
    async with office.sending():
        await until(lambda: office.has(12, "state = 'delivered' and channel = 'fine'"))
        assert 0 < len(hanging) < 2 * sender.SLOTS_A_CHANNEL
        let_go.set()
        await until(office.settled)
    assert len(hanging) == 12


async def test_a_receiver_that_fails_in_a_row_is_only_probed_and_gets_all_once_it_is_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(hours=1),))
    monkeypatch.setattr(circuit, "PROBES", (timedelta(hours=1),))
    monkeypatch.setattr(sender, "IDLE_SECONDS", 0.1)
    away = True

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500 if away else 204)

    office.receiver.answer = answer
    await office.declare(payments=hook(office.receiver))
    await office.hear(20)
    async with office.sending() as one, office.sending() as two:  # two replicas keep to one circuit
        await until(lambda: office.has(0, "state = 'pending' and due_at <= now()"))
        await until(lambda: _is(not one.in_flight and not two.in_flight))
        tried = len(office.receiver.bodies)
        assert circuit.OPENS_AFTER <= tried <= circuit.OPENS_AFTER + 2 * 2 * sender.SLOTS_A_CHANNEL
        assert await office.has(20 - tried, "state = 'pending' and attempts = 0")
        probes = "update destinations set held_until = now()", "update deliveries set due_at = now()"
        await office.pool.execute(probes[0])
        await office.pool.execute(probes[1])
        await until(lambda: _is(len(office.receiver.bodies) > tried))
        await until(lambda: _is(not one.in_flight and not two.in_flight))
        await until(lambda: office.has(0, "state = 'pending' and due_at <= now()"))
        assert len(office.receiver.bodies) == tried + 1  # one probe of both replicas
        away = False
        await office.pool.execute(probes[0])
        await office.pool.execute(probes[1])
        await until(office.settled)
    assert await office.pool.fetchval("select count(*) from destinations") == 0
    assert len(office.receiver.bodies) == tried + 1 + 20


async def test_a_receiver_that_asks_for_time_is_left_alone_and_no_circuit_opens(office: Office) -> None:
    async def limit(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    office.receiver.answer = limit
    await office.declare(payments=hook(office.receiver))
    await office.hear(30)
    async with office.sending():
        await until(lambda: office.has(0, "state = 'pending' and due_at <= now() + interval '50 minutes'"))
    assert len(office.receiver.bodies) < 3 * sender.SLOTS_A_CHANNEL
    assert await office.pool.fetchval("select opened_at is null from destinations")


async def test_a_receiver_that_never_answers_is_left_in_time(office: Office) -> None:
    let_go = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return web.Response(status=204)

    office.receiver.answer = hang
    await office.declare(payments=hook(office.receiver))
    await office.hear()
    async with office.sending(seconds=0.1):
        await until(lambda: office.has(1, "last_error is not null"))
    let_go.set()
    (row,) = await office.rows("pending")
    assert row["last_error"] == "no answer within 0.1 s"


async def test_a_channel_that_was_taken_out_is_refused(office: Office) -> None:
    await office.declare(payments=hook(office.receiver, "old"), research=hook(office.receiver, "old"))
    await office.hear()
    await office.declare(payments=hook(office.receiver, "new"))
    async with office.sending():
        await until(office.settled)
    rows = await office.rows("failed")
    assert [row["last_error"] for row in rows] == ["the team has taken this channel out"] * 2
    assert office.receiver.bodies == []


async def test_what_is_in_flight_at_a_stop_is_still_recorded(office: Office) -> None:
    arrived, let_go = asyncio.Event(), asyncio.Event()

    async def wait(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await let_go.wait()
        return web.Response(status=204)

    office.receiver.answer = wait
    await office.declare(payments=hook(office.receiver))
    await office.hear()
    async with office.sending():
        await arrived.wait()
        asyncio.get_running_loop().call_later(0.05, let_go.set)
    assert await office.settled()


async def test_an_alert_wakes_the_sender_and_no_poll_is_waited_for(
    office: Office, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.setattr(sender, "IDLE_SECONDS", 60.0)
    await office.declare(payments=hook(office.receiver))
    async with office.sending() as running:
        listening = asyncio.create_task(listen(SecretStr(database), running.wake))
        await until(lambda: _listens(office.pool))
        await until(lambda: _is(not running.wake.is_set()))
        await office.hear()
        await until(lambda: _is(len(office.receiver.bodies) == 1), seconds=5)
        listening.cancel()
        await asyncio.wait([listening])


async def test_a_lost_wake_up_connection_is_made_anew(office: Office, database: str) -> None:
    await office.declare(payments={})
    woken = asyncio.Event()
    listening = asyncio.create_task(listen(SecretStr(database), woken))
    await asyncio.wait_for(woken.wait(), 5)
    await until(lambda: _listens(office.pool))
    woken.clear()
    await office.pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' "
        "and datname = current_database()"
    )
    await asyncio.wait_for(woken.wait(), 5)  # something may have been missed
    woken.clear()
    await office.hear()
    await asyncio.wait_for(woken.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])


async def _is(answer: bool) -> bool:
    return answer


async def _listens(pool: asyncpg.Pool) -> bool:
    found: bool = await pool.fetchval(
        "select exists (select from pg_stat_activity where query ilike 'listen%' "
        "and datname = current_database())"
    )
    return found
