"""Channels: one contract for all of them, against real receivers on loopback."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier
from structlog.testing import capture_logs

from tocsin.chassis.outbound import ForbiddenAddress, connector
from tocsin.contracts import AlertRaised, EntityRef, Kind, Reason
from tocsin.contracts.subscriptions import Email, Log, Slack, Webhook
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Answer, Channel, Message, Outcome
from tocsin.notify.channels.email import EmailChannel
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.post import MOST_OF_AN_ANSWER, judge
from tocsin.notify.channels.slack import SlackChannel
from tocsin.notify.channels.webhook import WebhookChannel

AnAlert = Callable[..., AlertRaised]
Receiver = Any  # of conftest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
NOW = datetime(2026, 6, 13, 1, 0, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> & <!channel> *bold*"


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(), "Payments", new_traceparent())


@dataclass(frozen=True)
class Post:
    """A channel that posts, and what it has to send where."""

    channel: Channel
    target: Webhook | Slack
    message: Message
    receiver: Receiver

    async def send(self) -> Answer:
        return await self.channel.send(self.message, self.target)


def webhook(receiver: Receiver, session: aiohttp.ClientSession, message: Message) -> Post:
    target = Webhook(kind="webhook", name="hook", url=receiver.address, secret_env="A_SECRET")
    return Post(WebhookChannel(session, {"A_SECRET": SECRET}), target, message, receiver)


def slack(receiver: Receiver, session: aiohttp.ClientSession, message: Message) -> Post:
    target = Slack(kind="slack", name="room", url_env="AN_URL")
    return Post(SlackChannel(session, {"AN_URL": receiver.address}), target, message, receiver)


EACH = {"webhook": webhook, "slack": slack}


@pytest.fixture(params=EACH)
def post(
    request: pytest.FixtureRequest, receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> Post:
    return EACH[request.param](receiver, session, message)


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wish"),
    [
        (200, {}, Outcome.DELIVERED, None),
        (202, {}, Outcome.DELIVERED, None),
        (204, {}, Outcome.DELIVERED, None),
        (301, {}, Outcome.RETRY, None),
        (307, {}, Outcome.RETRY, None),
        (400, {}, Outcome.RETRY, None),
        (401, {}, Outcome.RETRY, None),
        (404, {}, Outcome.RETRY, None),
        (410, {}, Outcome.REFUSED, None),
        (413, {}, Outcome.REFUSED, None),
        (429, {"Retry-After": "120"}, Outcome.RETRY, timedelta(minutes=2)),
        (500, {}, Outcome.RETRY, None),
        (503, {"Retry-After": "5"}, Outcome.RETRY, timedelta(seconds=5)),
        (503, {"Retry-After": "soon"}, Outcome.RETRY, None),
    ],
)
async def test_what_each_status_comes_to(
    post: Post, status: int, headers: dict[str, str], outcome: Outcome, wish: timedelta | None
) -> None:
    async def say(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers | {"Location": str(request.url / "elsewhere")})

    post.receiver.answer = say
    answer = await post.send()
    assert (answer.outcome, answer.wish) == (outcome, wish)
    assert answer.detail.startswith(f"HTTP {status}")
    assert len(post.receiver.bodies) == 1, "a redirect was followed"


def test_a_date_is_a_wish_too() -> None:
    at = format_datetime(NOW + timedelta(minutes=3), usegmt=True)
    assert judge(503, {"Retry-After": at}, b"", NOW).wish == timedelta(minutes=3)


async def test_a_huge_answer_is_not_read(post: Post) -> None:
    written = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(500):
                await response.write(b"x" * 1_000_000)
                written += 1
        return response

    post.receiver.answer = pour
    answer = await post.send()
    assert answer.outcome is Outcome.RETRY
    assert len(answer.detail) <= MOST_OF_AN_ANSWER + len("HTTP 500 ")
    assert written < 100


async def test_a_receiver_that_took_it_need_not_finish_its_answer(post: Post) -> None:
    let_go = asyncio.Event()

    async def dawdle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        await let_go.wait()
        return response

    post.receiver.answer = dawdle
    async with asyncio.timeout(5):
        assert (await post.send()).outcome is Outcome.DELIVERED
    let_go.set()


async def test_a_receiver_that_hangs_can_be_left(post: Post) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    post.receiver.answer = hang
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await post.send()


@pytest.mark.parametrize("kind", EACH)
async def test_a_private_address_is_not_reached_unless_allowed(
    kind: str, receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    async with aiohttp.ClientSession(connector=connector([])) as guarded:
        with pytest.raises(ForbiddenAddress):
            await EACH[kind](receiver, guarded, message).send()
    assert receiver.bodies == []
    assert (await EACH[kind](receiver, session, message).send()).outcome is Outcome.DELIVERED


async def test_a_webhook_is_signed_and_says_who_it_is(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    post = webhook(receiver, session, message)
    for _ in range(2):
        assert (await post.send()).outcome is Outcome.DELIVERED
    for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
        said = Verifier(SECRET).verify(body, headers)
        assert said["type"] == "alert.raised"
        assert AlertRaised.model_validate(said["data"]) == message.alert
        assert headers["webhook-id"] == "msg-1"
        assert headers["traceparent"] == message.traceparent
        assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["webhook", "slack", "email"])
async def test_what_is_not_set_up_yet_waits_and_says_the_cure(
    session: aiohttp.ClientSession, message: Message, kind: str
) -> None:
    hook = Webhook(kind="webhook", name="hook", url="http://127.0.0.1:1/", secret_env="A_SECRET")
    room = Slack(kind="slack", name="room", url_env="AN_URL")
    mail = Email(kind="email", name="mail", to=("a@x.example",))
    sends: dict[str, tuple[Channel, Webhook | Slack | Email, str]] = {
        "webhook": (WebhookChannel(session, {}), hook, "set A_SECRET in notify's environment"),
        "slack": (SlackChannel(session, {}), room, "set AN_URL in notify's environment"),
        "email": (EmailChannel(None, "tocsin@x.example", 5), mail, "set TOCSIN_NOTIFY_SMTP_URL"),
    }
    channel, target, cure = sends[kind]
    answer = await channel.send(message, target)
    assert answer.outcome is Outcome.RETRY
    assert cure in answer.detail


@pytest.mark.parametrize("url", ["hooks.example/T0/B0/hush", "ftp://x.example/hush"])
async def test_a_slack_address_that_is_none_is_not_told_to_anyone(
    session: aiohttp.ClientSession, message: Message, url: str
) -> None:
    channel = SlackChannel(session, {"AN_URL": url})
    answer = await channel.send(message, Slack(kind="slack", name="room", url_env="AN_URL"))
    assert answer.outcome is Outcome.RETRY
    assert "AN_URL" in answer.detail
    assert "hush" not in answer.detail


async def test_slack_gets_text_and_blocks_within_its_limits(
    receiver: Receiver, session: aiohttp.ClientSession, an_alert: AnAlert
) -> None:
    refs = tuple(
        EntityRef(id=f"model:m{n}", name=f"Model {n} {'&' * 40}", kind=Kind.MODEL) for n in range(200)
    )
    reasons = (Reason(watch="w", because="You watch it.", entities=refs),)
    alert = an_alert(headline="H" * 400, happened=HOSTILE * 100, reasons=reasons)
    await slack(receiver, session, Message("msg-1", alert, "Payments & Co", new_traceparent())).send()
    said = json.loads(receiver.bodies[0])
    assert set(said) == {"text", "blocks", "unfurl_links"}
    header, *sections = said["blocks"]
    assert len(sections) == 4
    assert header["text"]["type"] == "plain_text"
    assert len(header["text"]["text"]) <= 150
    for section in sections:
        assert section["text"]["type"] == "mrkdwn"
        assert 1 <= len(section["text"]["text"]) <= 3000
        assert "<" not in section["text"]["text"]
    assert "Why it matters to Payments &amp; Co" in sections[2]["text"]["text"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("<!channel>", "&lt;!channel&gt;"), ("A & B", "A &amp; B"), ("<https://x|y>", "&lt;https://x|y&gt;")],
)
async def test_nothing_in_a_slack_message_becomes_a_mention_or_a_link(
    receiver: Receiver, session: aiohttp.ClientSession, an_alert: AnAlert, raw: str, shown: str
) -> None:
    alert = an_alert(headline=raw, happened=raw, provenance=raw)
    await slack(receiver, session, Message("msg-1", alert, raw, new_traceparent())).send()
    said = json.loads(receiver.bodies[0])
    texts = [said["text"], *(block["text"]["text"] for block in said["blocks"][1:])]
    for text in texts[:4]:
        assert shown in text
        assert raw not in text.replace(shown, "")


async def test_the_log_channel_writes_the_alert(message: Message) -> None:
    with capture_logs() as lines:
        answer: Answer = await LogChannel().send(message, Log(kind="log", name="log"))
    assert answer.outcome is Outcome.DELIVERED
    (line,) = lines
    assert (line["team"], line["case"]) == ("payments", "C-7F3K2M")
    assert line["headline"] == message.alert.headline
