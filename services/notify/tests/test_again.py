"""Sending again: what failed or was missed goes out under the id that it always had; nothing else does."""

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified, SummarySort
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.channels.alertmanager import AlertmanagerChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.pacing import retry as pacing
from tocsin.notify.sender import Sender
from tocsin.notify.store import ledger, reading, summaries
from tocsin.notify.store.reading import Page
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
PENDING = "select exists (select from deliveries where state = 'pending')"
LONG_AGO = "2020-01-01T00:00:00+00:00"
COUNTS = ("failed", "missed", "delivered", "waiting", "taken_out", "overtaken")


@dataclass
class Desk:
    """A replica with its API, and a receiver that the test decides about."""

    replica: Any
    declare: Declare
    tell: Tell
    receiver: Receiver
    session: aiohttp.ClientSession
    address: str

    async def have(self, *channels: str) -> None:
        """Declare the team `payments` with these webhooks."""
        url = self.receiver.address
        told = [
            {"kind": "webhook", "name": n, "url": f"{url}/{n}", "secret_env": "A_SECRET"} for n in channels
        ]
        await self.declare(payments={"channels": told})

    async def hear(self, count: int) -> None:
        for number in range(count):
            await self.replica.hear(self.tell(f"{number}", hours=number * 24 * 100))

    async def send(self) -> None:
        """Run a sender until nothing is pending."""
        running = Sender(
            pool=self.replica.pool,
            directory=self.replica.directory,
            channels={
                "webhook": WebhookChannel(self.session, {"A_SECRET": SECRET}),
                "alertmanager": AlertmanagerChannel(self.session),
            },
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=5,
        )
        task = asyncio.create_task(running.run())
        try:
            async with asyncio.timeout(10):
                while await self.replica.pool.fetchval(PENDING):  # noqa: ASYNC110 - rows have no event
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def ask(self, path: str, key: str = "a key", **said: Any) -> tuple[int, Any]:
        url, headers = f"{self.address}/v1/{path}", {"Authorization": f"Bearer {key}"}
        async with self.session.post(url, json=said or None, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def rows(self, state: str | None = None) -> list[dict[str, Any]]:
        return await reading.deliveries(self.replica.pool, Page(100), None, state)

    @property
    def got(self) -> list[str]:
        """The ids that arrived, in order."""
        return [headers["webhook-id"] for headers in self.receiver.headers]

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The receiver answers 410 meanwhile: nothing is tried twice."""
        before = self.receiver.answer

        async def gone(_: web.Request) -> web.StreamResponse:
            return web.Response(status=410)

        self.receiver.answer = gone
        yield
        self.receiver.answer = before


@pytest.fixture
def posted(receiver: Receiver, session: aiohttp.ClientSession) -> tuple[Receiver, aiohttp.ClientSession]:
    return receiver, session


@pytest.fixture
async def desk(
    pool: asyncpg.Pool,
    start: Start,
    declare: Declare,
    tell: Tell,
    posted: tuple[Receiver, aiohttp.ClientSession],
) -> AsyncIterator[Desk]:
    replica = start(pool)
    app = create_app("notify", Health())
    app.include_router(
        api.router(Sweep(replica.handler), Door(replica.pool, [SecretStr("a key")]), lambda _: True, Bell())
    )
    async with serve(app, "127.0.0.1", 0) as address:
        yield Desk(replica, declare, tell, *posted, address)


def counts(answer: dict[str, Any]) -> dict[str, int]:
    """What is not nought of an answer."""
    return {name: answer[name] for name in COUNTS if answer[name]}


async def test_what_was_given_up_goes_out_again_under_its_id(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(1)
    async with desk.away():
        await desk.send()
    (before,) = await desk.rows("failed")
    counted = REGISTRY.get_sample_value("tocsin_notify_deliveries_asked_anew_total", {"was": "failed"}) or 0
    status, answer = await desk.ask(f"deliveries/{before['id']}/retry")
    assert (status, counts(answer)) == (200, {"failed": 1})
    await desk.send()
    (after,) = await desk.rows("delivered")
    assert [one["outcome"] for one in after["log"]] == ["refused", "delivered"], "attempts stay on record"
    assert desk.got == [before["id"]] * 2
    after_all = REGISTRY.get_sample_value("tocsin_notify_deliveries_asked_anew_total", {"was": "failed"})
    assert after_all == counted + 1


async def test_the_tries_start_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SCHEDULE", ())
    statuses = [500, 500, 204]

    async def recover(_: web.Request) -> web.StreamResponse:
        return web.Response(status=statuses.pop(0))

    desk.receiver.answer = recover
    await desk.have("hook")
    await desk.hear(1)
    await desk.send()
    (row,) = await desk.rows("failed")
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(milliseconds=30), timedelta(hours=1)))
    await desk.ask(f"deliveries/{row['id']}/retry")
    await desk.send()
    (row,) = await desk.rows("delivered")
    assert (row["attempts"], statuses) == (3, [])


async def test_how_long_a_person_took_is_not_measured_as_ours(desk: Desk) -> None:
    def observed() -> float:
        stages = ("first_attempt", "confirm", "deliver", "end_to_end")
        return sum(REGISTRY.get_sample_value("tocsin_stage_seconds_count", {"stage": s}) or 0 for s in stages)

    await desk.have("hook")
    await desk.hear(1)
    async with desk.away():
        await desk.send()
    before = observed()
    await desk.have("hook", "new")
    status, answer = await desk.ask(
        "channels/replay", team="payments", channel="new", since=LONG_AGO, dry_run=False
    )
    assert (status, counts(answer)) == (200, {"missed": 1})
    await desk.ask("deliveries/retry", team="payments")
    await desk.send()
    assert len(await desk.rows("delivered")) == 2
    assert observed() == before


async def test_what_is_delivered_or_under_way_or_nowhere_is_not_tried_again(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(2)
    await desk.send()
    one, other = await desk.rows()
    status, problem = await desk.ask(f"deliveries/{one['id']}/retry")
    assert (status, "also_delivered" in problem["detail"]) == (409, True)
    claimed = "update deliveries set state = 'pending', attempts = attempts + 1, due_at = now() + '1 minute'"
    await desk.replica.pool.execute(f"{claimed} where id = $1", other["id"])
    status, problem = await desk.ask(f"deliveries/{other['id']}/retry")
    assert (status, "being sent" in problem["detail"]) == (409, True)
    status, problem = await desk.ask("deliveries/msg-none/retry")
    assert (status, "GET /v1/deliveries" in problem["detail"]) == (404, True)
    await desk.replica.pool.execute("update deliveries set state = 'cancelled' where id = $1", other["id"])
    status, problem = await desk.ask(f"deliveries/{other['id']}/retry")
    assert (status, "acknowledged" in problem["detail"]) == (409, True)
    assert (await desk.ask(f"deliveries/{one['id']}/retry", key="none"))[0] == 401


async def test_what_waits_for_a_later_try_is_tried_now(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(1)
    await desk.replica.pool.execute("update deliveries set due_at = now() + interval '9 hours'")
    (row,) = await desk.rows()
    status, answer = await desk.ask(f"deliveries/{row['id']}/retry")
    assert (status, counts(answer)) == (200, {"waiting": 1})
    await desk.send()
    assert desk.got == [row["id"]]


async def test_a_channel_that_was_taken_out_is_not_tried_again(desk: Desk) -> None:
    await desk.have("hook", "old")
    await desk.hear(1)
    await desk.replica.pool.execute("update deliveries set state = 'failed'")
    await desk.have("hook")
    (old,) = [row for row in await desk.rows() if row["channel"] == "old"]
    status, problem = await desk.ask(f"deliveries/{old['id']}/retry")
    assert (status, "no channel 'old' now" in problem["detail"]) == (409, True)
    status, answer = await desk.ask("deliveries/retry", team="payments", dry_run=True)
    assert (status, counts(answer)) == (200, {"failed": 1, "taken_out": 1})
    assert len(await desk.rows("failed")) == 2, "a dry run changes nothing"
    await desk.ask("deliveries/retry", team="payments")
    await desk.send()
    assert [row["channel"] for row in await desk.rows("delivered")] == ["hook"]


async def test_a_replay_sends_what_was_missed_and_what_failed_once(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(1)
    await desk.send()
    async with desk.away():
        await desk.replica.hear(desk.tell("two", hours=24 * 300))
        await desk.send()
    await desk.have()
    await desk.replica.hear(desk.tell("three", hours=24 * 600))
    await desk.have("hook")
    asked = {"team": "payments", "channel": "hook", "since": LONG_AGO}
    for _ in range(2):
        status, answer = await desk.ask("channels/replay", **asked, dry_run=True)
        assert (status, counts(answer)) == (200, {"failed": 1, "missed": 1})
    status, answer = await desk.ask("channels/replay", **asked)
    assert (status, counts(answer)) == (200, {"failed": 1, "missed": 1})
    assert counts((await desk.ask("channels/replay", **asked))[1]) == {"waiting": 2}
    await desk.send()
    assert len(desk.got) == 4
    assert len(set(desk.got)) == 3
    assert counts((await desk.ask("channels/replay", **asked))[1]) == {}
    status, answer = await desk.ask("channels/replay", **asked, also_delivered=True)
    assert counts(answer) == {"delivered": 3}
    await desk.send()
    assert len(desk.got) == 7
    assert len(set(desk.got)) == 3


async def test_a_replay_keeps_to_its_time_and_its_channel(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(1)
    async with desk.away():
        await desk.send()
    raised = (await desk.rows())[0]["raised_at"]
    second = timedelta(seconds=1)
    spans: list[tuple[datetime, datetime, dict[str, int]]] = [
        (raised + second, raised + 2 * second, {}),
        (raised - second, raised, {}),
        (raised, raised + second, {"failed": 1}),
    ]
    for since, until, expected in spans:
        said = {"since": since.isoformat(), "until": until.isoformat()}
        _, answer = await desk.ask("channels/replay", team="payments", channel="hook", **said, dry_run=True)
        assert counts(answer) == expected, (since, until)


async def test_of_what_failed_one_channel_can_be_tried_alone(desk: Desk) -> None:
    await desk.have("hook", "other")
    await desk.hear(1)
    await desk.replica.pool.execute("update deliveries set state = 'failed'")
    assert counts((await desk.ask("deliveries/retry", team="payments", channel="hook"))[1]) == {"failed": 1}
    assert [row["channel"] for row in await desk.rows("failed")] == ["other"]


async def test_a_replay_sends_a_summary_again_that_came_due_in_its_time(desk: Desk) -> None:
    await desk.have("hook")
    async with desk.replica.pool.acquire() as connection, connection.transaction():
        now = await connection.fetchval("select now()")
        words = ("payments", "hook", SummarySort.TROUBLE, "1", "chat fails", (), now)
        assert await summaries.tell(connection, *words)
    async with desk.away():
        await desk.send()
    asked = {"team": "payments", "channel": "hook", "since": LONG_AGO}
    before = {"until": (now - timedelta(seconds=1)).isoformat()}
    assert counts((await desk.ask("channels/replay", **asked, **before))[1]) == {}
    assert counts((await desk.ask("channels/replay", **asked))[1]) == {"failed": 1}
    await desk.send()
    assert len(desk.got) == 2
    assert len(set(desk.got)) == 1


async def test_what_was_missed_keeps_the_order_of_its_case(desk: Desk) -> None:
    await desk.have("old")
    await desk.replica.hear(desk.tell("a", tier="party"))
    await desk.replica.hear(desk.tell("b", tier="party", hours=1, action="lifted", severity="high"))
    await desk.have("new")
    await desk.ask("channels/replay", team="payments", channel="new", since=LONG_AGO)
    claimed = [
        one for one in await ledger.claim(desk.replica.pool, 10, [], timedelta(60)) if one.channel == "new"
    ]
    assert [one.alert.kind.value for one in claimed if one.alert] == ["opened"]


async def test_no_alarm_is_raised_anew_once_its_case_has_moved_on(desk: Desk) -> None:
    pager = {"kind": "alertmanager", "name": "am", "url": desk.receiver.address}
    await desk.declare(payments={"channels": [pager]})
    await desk.replica.hear(desk.tell("one", tier="party"))
    await desk.replica.pool.execute("update deliveries set state = 'failed'")
    (failed,) = await desk.rows("failed")
    await desk.replica.hear(desk.tell("two", tier="party", hours=1, action="lifted"))
    await desk.send()
    status, problem = await desk.ask(f"deliveries/{failed['id']}/retry")
    assert (status, "would raise an alarm anew" in problem["detail"]) == (409, True)
    assert counts((await desk.ask("deliveries/retry", team="payments"))[1]) == {"overtaken": 1}
    asked: dict[str, Any] = {"team": "payments", "channel": "am", "since": LONG_AGO, "also_delivered": True}
    assert counts((await desk.ask("channels/replay", **asked))[1]) == {"delivered": 1, "overtaken": 1}


async def test_a_team_sends_nothing_again_for_another(desk: Desk) -> None:
    await desk.declare(payments={"channels": [{"kind": "log", "name": "hook"}]}, research={})
    await desk.hear(1)
    await desk.replica.pool.execute("update deliveries set state = 'failed'")
    (row,) = await desk.rows()
    _, made = await desk.ask("keys", label="theirs", scope="team", team="research")
    asks: list[tuple[str, dict[str, str]]] = [
        (f"deliveries/{row['id']}/retry", {}),
        ("deliveries/retry", {"team": "payments"}),
        ("channels/replay", {"team": "payments", "channel": "hook", "since": LONG_AGO}),
    ]
    for path, asked in asks:
        assert (await desk.ask(path, key=made["key"], **asked))[0] == 404, path
    assert len(await desk.rows("failed")) == 1


@pytest.mark.parametrize(
    ("path", "asked", "status", "says"),
    [
        ("channels/replay", {"team": "nobody"}, 404, "no team 'nobody'"),
        ("channels/replay", {"channel": "pigeon"}, 404, "no channel 'pigeon'; it has hook"),
        ("channels/replay", {"until": LONG_AGO}, 422, "not after since"),
        ("channels/replay", {"since": "yesterday"}, 422, "since"),
        ("deliveries/retry", {"team": "nobody"}, 404, "no team 'nobody'"),
        ("deliveries/retry", {"colour": "red"}, 422, "colour"),
    ],
)
async def test_what_is_asked_wrongly_is_named(
    desk: Desk, path: str, asked: dict[str, str], status: int, says: str
) -> None:
    await desk.have("hook")
    usual = {"team": "payments", "channel": "hook"} | ({"since": LONG_AGO} if "replay" in path else {})
    answered, problem = await desk.ask(path, **(usual | asked))
    assert (answered, says in problem["detail"]) == (status, True), problem


async def tocsin(address: str, *words: str) -> tuple[int, str]:
    """The command, as a user calls it: exit status, and all that it says."""
    told = {"TOCSIN_NOTIFY_URL": address, "TOCSIN_API_KEY": "a key", "COLUMNS": "200"}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tocsin.cli", *words),
        env=os.environ | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


async def test_the_commands_say_what_is_sent_again(desk: Desk) -> None:
    await desk.have("hook")
    await desk.hear(2)
    async with desk.away():
        await desk.send()
    one = (await desk.rows())[0]["id"]
    status, said = await tocsin(desk.address, "deliveries", "retry", one, "msg-none")
    assert (status, f"{one} is tried again now" in said, "msg-none: the service refused (404)" in said) == (
        1,
        True,
        True,
    ), said
    every = ("deliveries", "retry", "--team", "payments", "--state", "failed")
    assert await tocsin(desk.address, *every, "--dry-run") == (0, "1 would be sent again: 1 failed\n")
    assert await tocsin(desk.address, *every) == (0, "1 are sent again: 1 failed\n")
    replay = ("channels", "replay", "payments", "hook", "--since", "1h")
    status, said = await tocsin(desk.address, *replay)
    assert (status, said) == (0, "0 are sent again\n2 wait already, and are left as they are\n")
    assert (await tocsin(desk.address, "deliveries", "retry"))[0] == 2
    status, said = await tocsin(desk.address, "deliveries", "--team", "payments", "--json")
    assert (status, one in said) == (0, True), said
