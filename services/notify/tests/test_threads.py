"""Slack by a bot: one thread a case, kept as rows, and what Slack's own words come to."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from tocsin.chassis.health import Health
from tocsin.contracts import AlertRaised, NoticeClassified, Severity, StepKind
from tocsin.contracts.channels import Slack
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Answer, Message, Outcome, Purpose, attempt
from tocsin.notify.channels.bot import CURES, FINAL, GONE, concerns_all
from tocsin.notify.channels.slack import SlackChannel
from tocsin.notify.sender import Sender

Tell = Callable[..., NoticeClassified]
AnAlert = Callable[..., AlertRaised]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Receiver = Any  # of conftest

DOCUMENT = Path(__file__).parents[3] / "docs" / "channels.md"
WAITING = "select exists (select from deliveries where state = 'pending')"
SECRETS = {"A_TOKEN": "xoxb-hush"}


def room(address: str, channel: str = "C0PS") -> Slack:
    return Slack(kind="slack", name="room", url=address, token_env="A_TOKEN", channel=channel)


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(severity=Severity.HIGH), "Payments", new_traceparent())


@pytest.fixture
def workspace(receiver: Receiver) -> Receiver:
    """Takes every message, and numbers them."""

    async def take(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "channel": "C0PS", "ts": f"1718.{len(receiver.bodies):04}"})

    receiver.answer = take
    return receiver


def says(receiver: Receiver, *errors: str, **headers: str) -> None:
    """Slack refuses with these words, one a call, then takes what comes."""
    left = list(errors)

    async def say(_: web.Request) -> web.StreamResponse:
        if left:
            return web.json_response({"ok": False, "error": left.pop(0)}, headers=headers)
        return web.json_response({"ok": True, "ts": "1718.9999"})

    receiver.answer = say


async def send(session: aiohttp.ClientSession, message: Message, target: Slack) -> Answer:
    return await attempt(SlackChannel(session, SECRETS), message, target, 5)


async def test_the_first_of_a_case_begins_a_thread_and_what_follows_goes_into_it(
    workspace: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    target = room(workspace.address)
    first = await send(session, message, target)
    assert (first.outcome, first.thread) == (Outcome.DELIVERED, "C0PS/1718.0001")
    second = await send(session, replace(message, thread=first.thread), target)
    assert (second.outcome, second.thread) == (Outcome.DELIVERED, None), "it begins none"
    one, two = (json.loads(body) for body in workspace.bodies)
    assert one["channel"] == two["channel"] == "C0PS"
    assert "thread_ts" not in one
    assert (two["thread_ts"], two["reply_broadcast"]) == ("1718.0001", False)
    assert workspace.headers[0]["authorization"] == "Bearer xoxb-hush"


@pytest.mark.parametrize(
    ("purpose", "shown", "alert"),
    [
        (Purpose.ALERT, False, {"severity": Severity.HIGH}),
        (Purpose.ALERT, True, {"severity": Severity.CRITICAL}),
        (Purpose.ALERT, True, {"severity": Severity.LOW, "kind": StepKind.LIFTED}),
        (Purpose.REMINDER, True, {"severity": Severity.HIGH}),
        (Purpose.FALLBACK, True, {"severity": Severity.HIGH}),
    ],
)
def test_a_reply_that_concerns_all_is_shown_in_the_channel_too(
    message: Message, purpose: Purpose, alert: dict[str, Any], *, shown: bool
) -> None:
    told = message.alert.model_copy(update=alert)
    assert concerns_all(replace(message, alert=told, purpose=purpose)) is shown


async def test_a_thread_of_another_channel_is_not_followed(
    workspace: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    told = replace(message, thread="C0LD/1718.5")
    answer = await send(session, told, room(workspace.address))
    assert answer.thread == "C0PS/1718.0001"
    assert "thread_ts" not in json.loads(workspace.bodies[0])


@pytest.mark.parametrize("error", sorted(GONE))
async def test_a_thread_that_is_gone_is_begun_anew_within_the_attempt(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, error: str
) -> None:
    says(receiver, error)
    answer = await send(session, replace(message, thread="C0PS/1718.5"), room(receiver.address))
    assert (answer.outcome, answer.thread) == (Outcome.DELIVERED, "C0PS/1718.9999")
    assert ["thread_ts" in json.loads(body) for body in receiver.bodies] == [True, False]


@pytest.mark.parametrize(
    "error", sorted({*CURES, *FINAL, *GONE, "ratelimited", "internal_error", "a_new_one"})
)
async def test_what_slack_says_comes_to(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, error: str
) -> None:
    says(receiver, error)
    answer = await send(session, message, room(receiver.address))
    assert answer.outcome is (Outcome.REFUSED if error in FINAL else Outcome.RETRY)
    assert answer.detail.startswith(f"HTTP 200 Slack says {error}")
    assert CURES.get(error, "") in answer.detail
    assert answer.thread is None


async def test_time_that_slack_asks_for_with_a_200_is_given(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    says(receiver, "ratelimited", **{"Retry-After": "30"})
    answer = await send(session, message, room(receiver.address))
    assert answer.wish is not None
    assert answer.wish.total_seconds() == 30


@pytest.mark.parametrize(
    "body",
    ["", "ok", "null", "[]", "{}", '{"ok": 1, "ts": "1.2"}', '{"ok": false}', '{"ok": true', "[" * 200_000],
)
async def test_what_is_no_answer_of_slack_is_tried_again(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, body: str
) -> None:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    receiver.answer = say
    assert (await send(session, message, room(receiver.address))).outcome is Outcome.RETRY


@pytest.mark.parametrize("ts", [None, 5, "", "1718", "1718.1\n", "1" * 500 + ".1", {"x": 1}])
async def test_a_timestamp_that_is_none_begins_no_thread(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, ts: object
) -> None:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "ts": ts})

    receiver.answer = say
    answer = await send(session, message, room(receiver.address))
    assert (answer.outcome, answer.thread) == (Outcome.DELIVERED, None)


@dataclass
class Office:
    """Rows, teams that have a bot in their channel, and senders to run."""

    pool: asyncpg.Pool
    start: Start
    session: aiohttp.ClientSession

    async def hear(self, fact: NoticeClassified) -> None:
        """Make a notice known, and let a sender that has never run before tell all that it raises."""
        sender = Sender(
            pool=self.pool,
            directory=self.start(self.pool).directory,
            channels={"slack": SlackChannel(self.session, SECRETS)},
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=5,
        )
        await self.start(self.pool).hear(fact)
        task = asyncio.create_task(sender.run())
        async with asyncio.timeout(10):
            while await self.pool.fetchval(WAITING):  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def office(
    pool: asyncpg.Pool, start: Start, declare: Declare, session: aiohttp.ClientSession, receiver: Receiver
) -> Office:
    bot = room(receiver.address).model_dump(mode="json", exclude_defaults=True)
    await declare(payments={"channels": [bot]}, research={"channels": [bot]})
    return Office(pool, start, session)


async def test_threads_are_kept_as_rows_so_that_every_replica_follows_them(
    office: Office, workspace: Receiver, tell: Tell
) -> None:
    await office.hear(tell("one", tier="party"))
    roots = dict(await office.pool.fetch("select team_id, root from threads"))
    assert sorted(roots) == ["payments", "research"]
    assert sorted(roots.values()) == ["C0PS/1718.0001", "C0PS/1718.0002"]
    await office.hear(tell("two", tier="party", hours=24, action="lifted"))
    replies = [json.loads(body) for body in workspace.bodies[2:]]
    assert sorted(reply["thread_ts"] for reply in replies) == ["1718.0001", "1718.0002"]
    assert all(reply["reply_broadcast"] for reply in replies)
    assert dict(await office.pool.fetch("select team_id, root from threads")) == roots


async def test_a_thread_that_is_gone_is_begun_anew_on_record_too(
    office: Office, workspace: Receiver, tell: Tell
) -> None:
    await office.hear(tell("one", tier="party"))
    says(workspace, "thread_not_found", "thread_not_found")
    await office.hear(tell("two", tier="party", hours=24, action="lifted"))
    roots = await office.pool.fetch("select root from threads")
    assert [row["root"] for row in roots] == ["C0PS/1718.9999"] * 2


async def test_what_is_refused_begins_no_thread(office: Office, receiver: Receiver, tell: Tell) -> None:
    says(receiver, "msg_too_long", "msg_too_long")
    await office.hear(tell())
    assert await office.pool.fetchval("select count(*) from threads") == 0
    errors = await office.pool.fetch("select last_error from deliveries where state = 'failed'")
    assert [row["last_error"] for row in errors] == ["HTTP 200 Slack says msg_too_long"] * 2


def test_the_document_has_every_word_of_slacks() -> None:
    text = DOCUMENT.read_text("utf-8")
    said = {word: line for line in text.splitlines() for word in re.findall(r"`([a-z_]+)`", line)}
    for error in CURES:
        assert said[error].endswith("| tried again |")
    for error in GONE:
        assert said[error].endswith("| begun anew, in the same attempt |")
    for error in FINAL:
        assert said[error].endswith("| given up at once |")
