"""Channels: one contract for all that post, against real receivers that do anything, on loopback."""

import asyncio
import base64
import contextlib
import json
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tocsin.chassis.outbound import connector
from tocsin.contracts import AlertRaised, EntityRef, Kind, Reason
from tocsin.contracts.channels import Alertmanager, Matrix, PagerDuty, Slack, Teams, Webhook
from tocsin.contracts.channels import Channel as Declaration
from tocsin.contracts.subscriptions import Team
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import KINDS, Answer, Channel, Message, Outcome, attempt
from tocsin.notify.channels.alertmanager import AlertmanagerChannel
from tocsin.notify.channels.matrix import MatrixChannel
from tocsin.notify.channels.pagerduty import PagerDutyChannel
from tocsin.notify.channels.post import MOST_OF_AN_ANSWER, judge
from tocsin.notify.channels.slack import SlackChannel
from tocsin.notify.channels.teams import TeamsChannel
from tocsin.notify.channels.webhook import WebhookChannel

AnAlert = Callable[..., AlertRaised]
Receiver = Any  # of conftest

NOW = datetime(2026, 6, 13, 1, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes secret").decode()
PATIENCE = 5.0  # seconds; none of these receivers needs them
DOCUMENT = Path(__file__).parents[3] / "docs" / "channels.md"

Session = aiohttp.ClientSession
Secrets = Mapping[str, str]


def webhook(address: str) -> Declaration:
    return Webhook(kind="webhook", name="hook", url=address, secret_env="A_SECRET")


def slack(_: str) -> Declaration:
    return Slack(kind="slack", name="room", url_env="AN_URL")


def slack_bot(address: str) -> Declaration:
    return Slack(kind="slack", name="room", url=address, token_env="A_TOKEN", channel="C0PS")


def teams(_: str) -> Declaration:
    return Teams(kind="teams", name="room", url_env="AN_URL")


def pagerduty(address: str) -> Declaration:
    return PagerDuty(kind="pagerduty", name="pager", url=address, routing_key_env="A_KEY")


def alertmanager(address: str) -> Declaration:
    return Alertmanager(kind="alertmanager", name="am", url=address)


def matrix(address: str) -> Declaration:
    return Matrix(kind="matrix", name="room", url=address, room="!ops:x.example", token_env="A_TOKEN")


@dataclass(frozen=True)
class Kept:
    """A kind of channel: how it is declared, how it is made, and the longest body that its receiver takes."""

    declare: Callable[[str], Declaration]
    make: Callable[[Session, Secrets], Channel]
    most_bytes: int = 1_000_000
    variable: str | None = None
    says: str | None = None  # what its receiver says when it has taken a message, if that is looked at


EACH = {
    "webhook": Kept(webhook, WebhookChannel, variable="A_SECRET"),
    "slack": Kept(slack, SlackChannel, 100_000, "AN_URL"),
    "slack bot": Kept(slack_bot, SlackChannel, 100_000, "A_TOKEN", '{"ok": true, "ts": "1718.0001"}'),
    "pagerduty": Kept(pagerduty, PagerDutyChannel, 512 * 1024, "A_KEY"),
    "alertmanager": Kept(alertmanager, lambda session, _: AlertmanagerChannel(session), 100_000),
    "teams": Kept(teams, TeamsChannel, 28 * 1024, "AN_URL"),
    "matrix": Kept(matrix, MatrixChannel, 65_536 * 3 // 4, "A_TOKEN"),
}
HIDDEN = {
    "slack": "/hook",
    "slack bot": "a-token",
    "teams": "/hook",
    "pagerduty": "a-routing-key",
    "matrix": "a-token",
}


def secrets(address: str) -> dict[str, str]:
    return {"A_SECRET": SECRET, "AN_URL": address, "A_KEY": "a-routing-key", "A_TOKEN": "a-token"}


@dataclass(frozen=True)
class Post:
    """One kind of channel, ready to send to an address."""

    kind: Kept
    session: Session
    message: Message

    async def send(
        self, address: str, message: Message | None = None, seconds: float = PATIENCE, **given: str
    ) -> Answer:
        channel = self.kind.make(self.session, secrets(address) | given)
        return await attempt(channel, message or self.message, self.kind.declare(address), seconds)


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(), "Payments", new_traceparent())


@pytest.fixture(params=EACH)
def post(request: pytest.FixtureRequest, session: Session, message: Message, receiver: Receiver) -> Post:
    kind = EACH[request.param]
    if kind.says is not None:
        receiver.answer = saying(kind.says)
    return Post(kind, session, message)


def saying(text: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    return say


def test_every_kind_is_under_this_contract_or_has_its_own_file() -> None:
    assert set(KINDS) - EACH.keys() == {"email", "log", "canary"}


# Each row: what the receiver does, in words for people; status and headers; what it comes to; what it asks.
STATUSES: tuple[tuple[str, int, dict[str, str], Outcome, timedelta | None], ...] = (
    ("`200`", 200, {}, Outcome.DELIVERED, None),
    ("`202`", 202, {}, Outcome.DELIVERED, None),
    ("`204`", 204, {}, Outcome.DELIVERED, None),
    ("`301`", 301, {}, Outcome.RETRY, None),
    ("`302`", 302, {}, Outcome.RETRY, None),
    ("`307`", 307, {}, Outcome.RETRY, None),
    ("`308`", 308, {}, Outcome.RETRY, None),
    ("`400`", 400, {}, Outcome.RETRY, None),
    ("`401`", 401, {}, Outcome.RETRY, None),
    ("`403`", 403, {}, Outcome.RETRY, None),
    ("`404`", 404, {}, Outcome.RETRY, None),
    ("`405`", 405, {}, Outcome.RETRY, None),
    ("`408`", 408, {}, Outcome.RETRY, None),
    ("`409`", 409, {}, Outcome.RETRY, None),
    ("`410`", 410, {}, Outcome.REFUSED, None),
    ("`413`", 413, {}, Outcome.REFUSED, None),
    ("`421`", 421, {}, Outcome.RETRY, None),
    ("`422`", 422, {}, Outcome.RETRY, None),
    ("`425`", 425, {}, Outcome.RETRY, None),
    ("`429`", 429, {}, Outcome.RETRY, None),
    ("`429`, `Retry-After: 120`", 429, {"Retry-After": "120"}, Outcome.RETRY, timedelta(minutes=2)),
    ("`429`, `Retry-After: soon`", 429, {"Retry-After": "soon"}, Outcome.RETRY, None),
    ("`451`", 451, {}, Outcome.RETRY, None),
    ("`500`", 500, {}, Outcome.RETRY, None),
    ("`501`", 501, {}, Outcome.RETRY, None),
    ("`502`", 502, {}, Outcome.RETRY, None),
    ("`503`", 503, {}, Outcome.RETRY, None),
    ("`503`, `Retry-After: 5`", 503, {"Retry-After": "5"}, Outcome.RETRY, timedelta(seconds=5)),
    ("`504`", 504, {}, Outcome.RETRY, None),
    ("`599`, which nobody knows", 599, {}, Outcome.RETRY, None),
)


@pytest.mark.parametrize("row", STATUSES, ids=lambda row: row[0])
async def test_what_each_status_comes_to(
    post: Post, receiver: Receiver, row: tuple[str, int, dict[str, str], Outcome, timedelta | None]
) -> None:
    _, status, headers, outcome, wish = row

    async def say(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers | {"Location": str(request.url / "elsewhere")})

    receiver.answer = say
    answer = await post.send(receiver.address)
    if post.kind.says is not None and outcome is Outcome.DELIVERED:
        outcome = Outcome.RETRY  # it has not said that it took it
    assert (answer.outcome, answer.wish) == (outcome, wish)
    assert answer.detail.startswith(f"HTTP {status}")
    assert len(receiver.bodies) == 1, "a redirect was followed"


@pytest.mark.parametrize("status", [429, 503])
async def test_a_date_is_a_wish_too(post: Post, receiver: Receiver, status: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=3)

    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": format_datetime(at, usegmt=True)})

    receiver.answer = say
    answer = await post.send(receiver.address)
    assert answer.outcome is Outcome.RETRY
    assert answer.wish is not None
    assert timedelta(minutes=2, seconds=49) < answer.wish <= timedelta(minutes=3)


def test_what_is_gone_or_has_moved_is_said_to_be() -> None:
    assert "gone for good: take this channel out" in judge(410, {}, b"", NOW).detail
    assert "moved: declare the new address" in judge(308, {}, b"", NOW).detail


# What a receiver may do below HTTP, once it has the request.
Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the caller leaves


def says(text: bytes) -> Act:
    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return act


def pours(head: bytes, more: bytes) -> Act:
    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(more)
                await writer.drain()

    return act


def drips(text: bytes) -> Act:
    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for byte in text:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.1)

    return act


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)  # close() sends RST at once
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


SLOW = {"no answer in time", "a status line, a byte at a time"}
FAULTS: dict[str, tuple[Act, Outcome]] = {
    "no answer in time": (silence, Outcome.RETRY),
    "a status line, a byte at a time": (drips(b"HTTP/1.1 200 OK\r\n"), Outcome.RETRY),
    "half a status line": (says(b"HTTP/1.1 2"), Outcome.RETRY),
    "no HTTP at all": (says(b"SSH-2.0-OpenSSH_9.9\r\n"), Outcome.RETRY),
    "`200`, then half an answer": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"),
        Outcome.DELIVERED,
    ),
    "`200`, then an answer without end": (pours(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096), Outcome.DELIVERED),
    "`500`, then half an answer": (
        says(b"HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\nhalf"),
        Outcome.RETRY,
    ),
    "`500`, then an answer without end": (pours(b"HTTP/1.1 500 Oh\r\n\r\n", b"x" * 4096), Outcome.RETRY),
    "a header without end": (pours(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096), Outcome.RETRY),
    "headers without end": (pours(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 512), Outcome.RETRY),
    "a reset connection": (reset, Outcome.RETRY),
}


@contextlib.asynccontextmanager
async def acting(act: Act, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that reads a request's head, then acts, then closes; gives its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await act(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook"
    finally:
        server.close()


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_each_fault_comes_to(post: Post, fault: str) -> None:
    act, outcome = FAULTS[fault]
    if post.kind.says is not None and outcome is Outcome.DELIVERED:
        outcome = Outcome.RETRY
    async with acting(act) as address:
        answer = await post.send(address, seconds=0.3 if fault in SLOW else PATIENCE)
    assert answer.outcome is outcome, answer.detail
    assert len(answer.detail) < 1000
    if act is silence:
        assert answer.detail == "no answer within 0.3 s"


async def test_a_certificate_of_nobody_is_not_trusted(
    post: Post, self_signed: tuple[ssl.SSLContext, Path]
) -> None:
    async with acting(says(b"HTTP/1.1 200 OK\r\n\r\n"), self_signed[0]) as address:
        answer = await post.send(address)
    assert answer.outcome is Outcome.RETRY
    assert "CERTIFICATE_VERIFY_FAILED" in answer.detail


async def test_nobody_listens(post: Post) -> None:
    assert (await post.send("http://127.0.0.1:1/hook")).outcome is Outcome.RETRY


class Unknown(AbstractResolver):
    """A name service that has no address for any name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(socket.EAI_NONAME, f"no address for {host}:{port} ({family.name})")

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_nobody_knows_is_tried_again_and_named(post: Post, receiver: Receiver) -> None:
    port = receiver.address.rpartition(":")[2]
    async with aiohttp.ClientSession(connector=connector([], names=Unknown())) as lost:
        answer = await Post(post.kind, lost, post.message).send(f"http://hooks.team.example:{port}")
    assert (answer.outcome, answer.wish, receiver.bodies) == (Outcome.RETRY, None, [])
    assert "hooks.team.example" in answer.detail


async def test_a_private_address_is_not_reached_unless_allowed(post: Post, receiver: Receiver) -> None:
    async with aiohttp.ClientSession(connector=connector([])) as guarded:
        answer = await Post(post.kind, guarded, post.message).send(receiver.address)
    assert (answer.outcome, receiver.bodies) == (Outcome.RETRY, [])
    assert answer.detail.startswith("ForbiddenAddress: 127.0.0.1 is not a public address")
    assert (await post.send(receiver.address)).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "127。0。0。1",
        "x@127.0.0.1",
        "[::ffff:127.0.0.1]",
    ],
)
async def test_no_kind_reaches_loopback_by_any_spelling(post: Post, receiver: Receiver, host: str) -> None:
    """All of the attacks are in libs/chassis/tests/test_outbound.py; here each kind is behind it."""
    port = receiver.address.rpartition(":")[2]
    async with aiohttp.ClientSession(connector=connector([])) as guarded:
        answer = await Post(post.kind, guarded, post.message).send(f"http://{host}:{port}")
    assert (answer.outcome, receiver.bodies) == (Outcome.RETRY, [])


async def test_a_huge_answer_is_not_read(post: Post, receiver: Receiver) -> None:
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

    receiver.answer = pour
    answer = await post.send(receiver.address)
    assert answer.outcome is Outcome.RETRY
    assert len(answer.detail) <= MOST_OF_AN_ANSWER + len("HTTP 500 ")
    assert written < 100


async def test_a_repeat_is_the_same_message(post: Post, receiver: Receiver) -> None:
    for _ in range(2):
        assert (await post.send(receiver.address)).outcome is Outcome.DELIVERED
    first, second = (json.loads(body) for body in receiver.bodies)
    for said in (first, second):
        if isinstance(said, dict) and said.get("type") == "alert.raised":
            del said["timestamp"]  # of the attempt: Standard Webhooks signs when it was sent
    assert first == second
    ids = [headers.get("webhook-id") for headers in receiver.headers]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("kind", [kind for kind, kept in EACH.items() if kept.variable])
async def test_what_is_not_set_up_yet_waits_and_says_the_cure(
    session: Session, message: Message, kind: str
) -> None:
    kept = EACH[kind]
    channel = kept.make(session, {})
    answer = await channel.send(message, kept.declare("http://127.0.0.1:1/"))
    assert answer == Answer(Outcome.RETRY, f"set {kept.variable} in notify's environment")


@pytest.mark.parametrize("kind", HIDDEN)
async def test_a_receiver_that_repeats_a_secret_does_not_get_it_into_the_ledger(
    session: Session, message: Message, receiver: Receiver, kind: str
) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        key = "a-routing-key" if kind == "pagerduty" else ""
        said = f"no {request.path}, {request.headers.get('authorization')} {key}"
        return web.Response(status=404, text=said)

    receiver.answer = echo
    answer = await Post(EACH[kind], session, message).send(receiver.address)
    assert answer.detail.startswith("HTTP 404 no ")
    assert HIDDEN[kind] not in answer.detail


@pytest.mark.parametrize("kind", ["slack", "teams"])
@pytest.mark.parametrize("url", ["hooks.example/T0/B0/hush", "ftp://x.example/hush", "http://["])
async def test_an_address_that_is_none_is_not_told_to_anyone(
    session: Session, message: Message, kind: str, url: str
) -> None:
    answer = await Post(EACH[kind], session, message).send("http://127.0.0.1:1/", AN_URL=url)
    assert answer.outcome is Outcome.RETRY
    assert "AN_URL" in answer.detail
    assert "hush" not in answer.detail


def swollen(an_alert: AnAlert) -> Message:
    """An alert that is too long in every part, in characters that take the most room."""
    wide = "\x01😀&<\n" * 300
    refs = tuple(EntityRef(id=f"model:m{n}", name=f"M{n} {wide}", kind=Kind.MODEL) for n in range(40))
    quote = an_alert().quotes[0]
    alert = an_alert(
        headline=wide * 4,
        provenance=wide * 10,
        happened=wide * 30,
        quotes=(quote.model_copy(update={"text": wide, "source": wide}),) * 3,
        reasons=(Reason(watch="w", because=wide, entities=refs),),
        watch_next=(wide,) * 20,
        case_url="https://tocsin.example/v1/cases/C-7F3K2M",
    )
    return Message("msg-1", alert, "&" * 200, new_traceparent())


async def test_the_longest_alert_is_within_what_the_receiver_takes(
    post: Post, receiver: Receiver, an_alert: AnAlert
) -> None:
    answer = await post.send(receiver.address, swollen(an_alert))
    assert answer.outcome is Outcome.DELIVERED
    assert len(receiver.bodies[0]) <= post.kind.most_bytes
    json.loads(receiver.bodies[0])


def test_the_documents_examples_can_be_applied() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    team = {"id": "t", "name": "T", "watches": [{"name": "w", "models": ["m"]}]}
    declared = [Team.model_validate(team | yaml.safe_load(example)) for example in examples]
    shown = {channel.kind for team in declared for channel in team.channels}
    assert shown == set(KINDS) - {"canary"}


def test_the_document_has_this_table() -> None:
    text = DOCUMENT.read_text("utf-8")
    words = {
        Outcome.DELIVERED: "delivered",
        Outcome.RETRY: "tried again",
        Outcome.REFUSED: "given up at once",
    }
    for does, _, _, outcome, wish in STATUSES:
        after = f", not before {wish.total_seconds():g} s have passed" if wish else ""
        assert f"| {does} | {words[outcome]}{after} |" in text
    for does, (_, outcome) in FAULTS.items():
        assert f"| {does} | {words[outcome]} |" in text
