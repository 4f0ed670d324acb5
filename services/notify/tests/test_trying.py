"""Trying a channel, and the feed: over the API, on real rows, to a real receiver."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import asyncpg
import feedparser
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook as Verifier

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.api import channels, feeds
from tocsin.notify.api.door import Door
from tocsin.notify.channels import Channel, Message, alertmanager, pagerduty
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.webhook import WebhookChannel
from tocsin.notify.feed import atom, opens, token
from tocsin.notify.rehearsal import REF, rehearse
from tocsin.notify.store import proofs

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
AnAlert = Callable[..., AlertRaised]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
KEYS = [SecretStr("first key"), SecretStr("second key")]
PASS = {"Authorization": "Bearer second key"}


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start) -> Any:
    return start(pool)


@pytest.fixture
async def address(
    replica: Any, receiver: Receiver, declare: Declare, session: aiohttp.ClientSession
) -> AsyncIterator[str]:
    hook = {"kind": "webhook", "name": "hook", "url": receiver.address, "secret_env": "A_SECRET"}
    await declare(payments={"channels": [hook, {"kind": "log", "name": "log"}]}, research={})
    kinds: dict[str, Channel] = {
        "webhook": WebhookChannel(session, {"A_SECRET": SECRET}),
        "log": LogChannel(),
    }
    app = create_app("notify", Health())
    app.include_router(channels.router(replica.pool, replica.directory, kinds, 0.3, Door(replica.pool, KEYS)))
    app.include_router(feeds.router(replica.pool, replica.directory, KEYS, Door(replica.pool, KEYS)))
    async with serve(app, "127.0.0.1", 0) as base:
        yield base


async def ask(
    session: aiohttp.ClientSession, address: str, key: str = "Bearer second key", **said: str
) -> tuple[int, Any]:
    url = f"{address}/v1/channels/test"
    async with session.post(url, json=said, headers={"Authorization": key}) as response:
        return response.status, await response.json(content_type=None)


async def test_a_test_goes_the_real_road_and_is_on_no_record(
    address: str, session: aiohttp.ClientSession, receiver: Receiver, replica: Any
) -> None:
    status, tried = await ask(session, address, team="payments", channel="hook")
    assert (status, tried["kind"], tried["outcome"], tried["detail"]) == (
        200,
        "webhook",
        "delivered",
        "HTTP 204",
    )
    said = Verifier(SECRET).verify(receiver.bodies[0], receiver.headers[0])
    alert = AlertRaised.model_validate(said["data"])
    assert (alert.case_ref, alert.team, alert.severity) == (REF, "payments", "info")
    assert alert.headline.startswith("TEST")
    assert set((await replica.counts()).values()) == {0}
    await ask(session, address, team="payments", channel="hook")
    ids = {headers["webhook-id"] for headers in receiver.headers}
    assert len(ids) == 2, "a receiver would drop the second test as a repeat"


async def test_what_went_wrong_is_told(
    address: str, session: aiohttp.ClientSession, receiver: Receiver
) -> None:
    async def gone(_: web.Request) -> web.StreamResponse:
        return web.Response(status=410, text="\x1b[2Jbye\r\nX: y")

    receiver.answer = gone
    _, tried = await ask(session, address, team="payments", channel="hook")
    assert tried["outcome"] == "refused"
    assert tried["detail"].startswith("HTTP 410 (gone for good")
    assert tried["detail"].isprintable()


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"team": "nobody", "channel": "hook"}, 404, "no team 'nobody' is declared"),
        ({"team": "tocsin-canary", "channel": "return"}, 404, "no team 'tocsin-canary'"),
        ({"team": "payments", "channel": "pigeon"}, 404, "no channel 'pigeon'; it has hook, log"),
        ({"team": "research", "channel": "hook"}, 404, "no channel 'hook'; it has none"),
        ({"team": "payments"}, 422, ""),
    ],
)
async def test_what_is_not_there_is_named(
    address: str, session: aiohttp.ClientSession, asked: dict[str, str], status: int, says: str
) -> None:
    answered, problem = await ask(session, address, **asked)
    assert answered == status
    assert says in str(problem["detail"])


async def test_nobody_without_a_key_sends_a_test(
    address: str, session: aiohttp.ClientSession, receiver: Receiver
) -> None:
    status, _ = await ask(session, address, key="", team="payments", channel="hook")
    assert (status, receiver.bodies) == (401, [])


def test_the_end_of_a_test_closes_what_it_opened(an_alert: AnAlert) -> None:
    at = an_alert().raised_at
    opened, ended = (
        Message("t", rehearse("payments", "pager", at, lifted=lifted), "Payments", new_traceparent())
        for lifted in (False, True)
    )
    events: list[Any] = [pagerduty.event(message) for message in (opened, ended)]
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert events[0]["dedup_key"] == events[1]["dedup_key"]
    alerts: list[Any] = [alertmanager.alerts(message) for message in (opened, ended)]
    assert [one["labels"] for one in alerts[0]] == [one["labels"] for one in alerts[1]]
    assert all(one["endsAt"] == one["startsAt"] for one in alerts[1])


async def tocsin(address: str, *words: str) -> tuple[int, str]:
    """The command, as a user calls it: exit status, and all that it says."""
    told = {"TOCSIN_NOTIFY_URL": address, "TOCSIN_API_KEY": "first key", "COLUMNS": "200"}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tocsin.cli", *words),
        env=os.environ | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


async def test_the_command_says_what_came_of_it(address: str, receiver: Receiver) -> None:
    status, said = await tocsin(address, "channels", "test", "payments", "hook")
    assert (status, said.startswith("payments/hook (webhook): delivered in 0.")) == (0, True), said

    async def gone(_: web.Request) -> web.StreamResponse:
        return web.Response(status=410)

    receiver.answer = gone
    status, said = await tocsin(address, "channels", "test", "payments", "hook")
    assert status == 1
    assert "not delivered in 0." in said
    assert "gone for good" in said
    assert "the test did not arrive; an alert would be given up" in said
    status, said = await tocsin(address, "channels", "test", "payments", "pigeon")
    assert (status, "it has hook, log" in said) == (1, True), said


async def test_the_command_tells_the_address_of_a_feed(address: str, session: aiohttp.ClientSession) -> None:
    status, said = await tocsin(address, "channels", "feed", "research")
    assert status == 0
    async with session.get(said.strip()) as response:
        assert response.status == 200


async def feed_of(session: aiohttp.ClientSession, address: str, team: str) -> str:
    async with session.get(f"{address}/v1/feeds/{team}", headers=PASS) as response:
        assert response.status == 200
        return f"{address}{(await response.json())['path']}"


async def test_a_teams_alerts_are_in_its_feed_and_nobody_elses(
    address: str, session: aiohttp.ClientSession, replica: Any, tell: Tell
) -> None:
    await replica.hear(tell("one", tier="party"), tell("two", tier="party", hours=1, action="lifted"))
    url = await feed_of(session, address, "payments")
    async with session.get(url) as response:
        assert response.content_type == "application/atom+xml"
        tag, body = response.headers["ETag"], await response.read()
    read = feedparser.parse(body)
    assert not read.bozo, read.get("bozo_exception")
    assert read.feed.title == "Tocsin: Payments"
    assert [entry.title for entry in read.entries] == [
        "HIGH · Claude Fable 5: restriction of access lifted",
        "CRITICAL · Claude Fable 5: restriction of access in force",
    ]
    assert "Why it matters to Payments" in read.entries[0].content[0].value
    assert read.entries[0].link.startswith("https://tocsin.example/v1/cases/C-")
    async with session.get(url, headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


async def test_an_empty_feed_is_one_too(address: str, session: aiohttp.ClientSession) -> None:
    async with session.get(await feed_of(session, address, "research")) as response:
        read = feedparser.parse(await response.read())
    assert (bool(read.bozo), read.entries) == (False, [])


@pytest.mark.parametrize("change", ["none", "another team's", "a key of yesterday's", "cut"])
async def test_a_feed_has_an_address_that_nobody_guesses(
    address: str, session: aiohttp.ClientSession, change: str
) -> None:
    given = {
        "none": "",
        "another team's": token("first key", "research"),
        "a key of yesterday's": token("old key", "payments"),
        "cut": token("first key", "payments")[:-1],
    }[change]
    async with session.get(f"{address}/v1/feeds/payments/atom", params={"token": given}) as response:
        assert response.status == 404
    async with session.get(f"{address}/v1/feeds/payments") as response:
        assert response.status == 401


def test_while_keys_are_rotated_both_addresses_hold() -> None:
    addresses = [token(key, "payments") for key in ("old", "new")]
    assert all(opens(one, ["new", "old"], "payments") for one in addresses)
    assert [opens(one, ["new"], "payments") for one in addresses] == [False, True]
    assert not opens("", [], "payments")


@given(text=st.text(max_size=200), name=st.text(max_size=50))
def test_any_text_makes_a_feed_that_can_be_read(an_alert: AnAlert, text: str, name: str) -> None:
    alert = an_alert(headline=text, happened=f"</content>&{text}<script>", provenance=text)
    read = feedparser.parse(atom("payments", name, [alert]))
    assert not read.bozo
    assert len(read.entries) == 1
    assert set(read.entries[0]) >= {"id", "title", "updated", "content"}


async def test_a_test_that_arrives_proves_the_channel(
    address: str, session: aiohttp.ClientSession, receiver: Receiver, pool: asyncpg.Pool
) -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    fine, receiver.answer = receiver.answer, away
    await ask(session, address, team="payments", channel="hook")
    assert await proofs.proven(pool) == set()
    receiver.answer = fine
    await ask(session, address, team="payments", channel="hook")
    assert await proofs.proven(pool) == {("payments", "hook")}
