"""E-mail: two parts, one thread a case, and no way for an alert to write a header."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import AlertRaised, Severity
from tocsin.contracts.channels import Email
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Answer, Message, Outcome, attempt
from tocsin.notify.channels.email import COLOURS, EmailChannel, WaysOut, compose

AnAlert = Callable[..., AlertRaised]

HOSTILE = "<script>alert('x')</script> & <!channel> *bold*"


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(), "Payments", new_traceparent())


@dataclass
class Mailbox:
    """A mail server that says to each command what the test decides, and keeps what it took."""

    port: int = 0
    scheme: str = "smtp"
    raw: list[bytes] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    greeting: str = ""
    recipient: str = "250 fine"  # to addresses that begin with "gone"
    busy: str = "450 busy"  # to those that begin with "full"
    data: str = "250 taken"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [self.greeting] if self.greeting else replies

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("full"):
            return self.busy
        if self.recipient.startswith("250") or not address.startswith("gone"):
            envelope.rcpt_tos.append(address)
            return "250 fine"
        return self.recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.raw.append(envelope.original_content or b"")
        mail = message_from_bytes(self.raw[-1], policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return self.data


class _OnAFreePort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd types it not


@contextlib.contextmanager
def serving(box: Mailbox, **options: Any) -> Iterator[None]:
    server = _OnAFreePort(box, hostname="127.0.0.1", port=0, **options)
    server.start()
    box.port = server.port
    try:
        yield
    finally:
        server.stop(no_assert=True)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with serving(box):
        yield box


def mail_to(*to: str) -> Email:
    return Email(kind="email", name="mail", to=to)


async def test_a_mail_has_two_parts_and_one_thread_a_case(mailbox: Mailbox, an_alert: AnAlert) -> None:
    channel = EmailChannel(mailbox.url, "tocsin@x.example", 5)
    first, second = an_alert(), an_alert(step=2, severity=Severity.HIGH)
    for number, alert in enumerate((first, second)):
        message = Message(f"msg-{number}", alert, "Payments", new_traceparent())
        answer = await channel.send(message, mail_to("a@x.example", "b@x.example"))
        assert answer.outcome is Outcome.DELIVERED
    one, for_b, two, _ = mailbox.mails
    assert one["From"] == "tocsin@x.example"
    assert (one["To"], for_b["To"]) == ("a@x.example", "b@x.example")
    assert for_b["Message-ID"] == one["Message-ID"], "each has a copy of the same mail"
    assert one["Subject"] == "[C-7F3K2M] CRITICAL · Claude Fable 5: restriction of access in force"
    assert [mail["Message-ID"] for mail in (one, two)] == ["<msg-0@x.example>", "<msg-1@x.example>"]
    assert (
        one["References"]
        == two["References"]
        == one["In-Reply-To"]
        == f"<{first.case_id}.payments@x.example>"
    )
    assert (one["X-Priority"], two["X-Priority"]) == ("1", None)
    assert one["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in one.iter_parts()] == ["text/plain", "text/html"]
    for part in one.iter_parts():
        content = part.get_content()
        headings = ["What happened", "Why it matters to Payments", "What to watch next"]
        positions = [content.index(heading) for heading in headings]
        assert positions == sorted(positions)
        assert first.quotes[0].text in content


def test_a_mail_says_which_list_it_is_of_and_whom_to_ask_to_leave_it(message: Message) -> None:
    mail = compose(message, "tocsin@x.example", "a@x.example")
    assert (mail["List-Id"], mail["List-Unsubscribe"]) == ("<payments.tocsin.x.example>", None)
    mail = compose(message, "tocsin@x.example", "a@x.example", ["mailto:desk@x.example"])
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == ("<mailto:desk@x.example>", None)
    mail = compose(message, "tocsin@x.example", "a@x.example", ["http://x.example/unsubscribe/t"])
    assert mail["List-Unsubscribe-Post"] is None, "RFC 8058 has it of an HTTPS address only"


async def test_a_long_address_to_unsubscribe_arrives_as_it_is(mailbox: Mailbox, message: Message) -> None:
    page = f"https://x.example/unsubscribe/{'Ab_-3.' * 90}"
    ways_out = WaysOut(lambda reader: f"{page}{reader.channel}", "mailto:desk@x.example")
    channel = EmailChannel(mailbox.url, "tocsin@x.example", 5, ways_out)
    await channel.send(message, mail_to("a@x.example"))
    (raw,) = mailbox.raw
    assert f"\r\nList-Unsubscribe: <{page}mail>,\r\n <mailto:desk@x.example>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


async def test_no_alert_can_write_a_header_of_a_mail(mailbox: Mailbox, an_alert: AnAlert) -> None:
    evil = "Hi\r\nBcc: victim@x.example\n\n<h1>body</h1>\x00\x1b[2J\u2028X: y\x85Z: y"
    alert = an_alert(headline=evil, provenance=evil, happened=evil)
    channel = EmailChannel(mailbox.url, "tocsin@x.example", 5)
    answer = await channel.send(Message("msg-1", alert, evil, new_traceparent()), mail_to("a@x.example"))
    assert answer.outcome is Outcome.DELIVERED
    (mail,) = mailbox.mails
    assert {"Bcc", "X", "Z"}.isdisjoint(mail.keys())
    assert str(mail["Subject"]).isprintable()


@given(headline=st.text(max_size=300), team=st.text(max_size=50))
def test_any_text_makes_a_mail_that_can_be_sent(an_alert: AnAlert, headline: str, team: str) -> None:
    message = Message("msg-1", an_alert(headline=headline), team, new_traceparent())
    mail = compose(message, "tocsin@x.example", "a@x.example")
    again = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert again.keys() == mail.keys()
    assert again["Message-ID"] == "<msg-1@x.example>"


@pytest.mark.parametrize("where", ["headline", "happened", "provenance", "quote", "team"])
def test_markup_is_shown_and_not_obeyed_in_mails(an_alert: AnAlert, where: str) -> None:
    quote = an_alert().quotes[0].model_copy(update={"text": HOSTILE})
    changes: dict[str, dict[str, Any]] = {"quote": {"quotes": (quote,)}, "team": {}}
    alert = an_alert(**changes.get(where, {where: HOSTILE}))
    team = HOSTILE if where == "team" else "Payments"
    mail = compose(Message("msg-1", alert, team, new_traceparent()), "tocsin@x.example", "a@x.example")
    html = mail.get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert "<script" not in content
    assert "&lt;script&gt;" in content


def test_the_page_is_one_that_anybody_can_read(message: Message) -> None:
    html = compose(message, "tocsin@x.example", "a@x.example").get_body(("html",))
    assert html is not None
    page = html.get_content()
    assert '<html lang="en">' in page
    assert page.count("<h1>") == 1
    assert page.count("<h2>") == 3
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"<(img|link|script|iframe|form|table)\b|url\(|@import|src=", page)


@pytest.mark.parametrize("colours", [("#ffffff", "#1b1b1b"), ("#ffffff", "#555555"), ("#ffffff", "#0b57d0")])
def test_light_text_has_contrast(colours: tuple[str, str]) -> None:
    assert contrast(*colours) >= 4.5


@pytest.mark.parametrize("colours", [("#161616", "#ececec"), ("#161616", "#b4b4b4"), ("#161616", "#a8c7fa")])
def test_dark_text_has_contrast(colours: tuple[str, str]) -> None:
    assert contrast(*colours) >= 4.5


@pytest.mark.parametrize("colour", COLOURS.values())
def test_the_bar_is_seen_in_the_light_and_in_the_dark(colour: str) -> None:
    assert min(contrast("#ffffff", colour), contrast("#161616", colour)) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio": 4.5 is asked of text, 3 of graphics."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Each row: what the server does, in words for people; what it says; to whom; what it comes to.
REPLIES: tuple[tuple[str, dict[str, str], tuple[str, ...], Outcome], ...] = (
    ("`250`", {}, ("a@x.example",), Outcome.DELIVERED),
    ("`421` at the start", {"greeting": "421 busy"}, ("a@x.example",), Outcome.RETRY),
    ("`450` to every address", {"recipient": "450 busy"}, ("gone@x.example",), Outcome.RETRY),
    ("`550` to every address", {"recipient": "550 unknown"}, ("gone@x.example",), Outcome.REFUSED),
    (
        "`550` to one address of two",
        {"recipient": "550 unknown"},
        ("gone@x.example", "a@x.example"),
        Outcome.DELIVERED,
    ),
    ("`450` to one address of two", {}, ("full@x.example", "a@x.example"), Outcome.RETRY),
    (
        "`550` to one address, `450` to the other",
        {"recipient": "550 unknown"},
        ("gone@x.example", "full@x.example"),
        Outcome.RETRY,
    ),
    ("`451` to the mail", {"data": "451 later"}, ("a@x.example",), Outcome.RETRY),
    ("`452` to the mail", {"data": "452 full"}, ("a@x.example",), Outcome.RETRY),
    ("`552` to the mail", {"data": "552 too long"}, ("a@x.example",), Outcome.REFUSED),
    ("`554` to the mail", {"data": "554 never"}, ("a@x.example",), Outcome.REFUSED),
)


@pytest.mark.parametrize("row", REPLIES, ids=lambda row: row[0])
async def test_what_a_mail_server_says(
    mailbox: Mailbox, message: Message, row: tuple[str, dict[str, str], tuple[str, ...], Outcome]
) -> None:
    _, replies, to, outcome = row
    for step, reply in replies.items():
        setattr(mailbox, step, reply)
    answer = await send(mailbox.url, message, *to)
    assert answer.outcome is outcome, answer.detail
    if len(to) > 1:
        assert to[0] in answer.detail, "who was missed"


async def send(url: str, message: Message, *to: str, seconds: float = 5) -> Answer:
    channel = EmailChannel(url, "tocsin@x.example", seconds)
    return await attempt(channel, message, mail_to(*(to or ("a@x.example",))), seconds)


async def test_a_mail_server_that_is_away_is_tried_again(message: Message) -> None:
    assert (await send("smtp://127.0.0.1:1", message)).outcome is Outcome.RETRY


async def test_a_wrong_password_can_be_mended_so_it_is_tried_again(message: Message) -> None:
    box = Mailbox()

    def never(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with serving(box, authenticator=never, auth_require_tls=False):
        answer = await send(box.url.replace("//", "//me:hush@"), message)
    assert answer.outcome is Outcome.RETRY
    assert answer.detail.startswith("535")
    assert "hush" not in answer.detail


async def test_without_a_mail_server_the_cure_is_said(message: Message) -> None:
    answer = await EmailChannel(None, "tocsin@x.example", 5).send(message, mail_to("a@x.example"))
    assert answer == Answer(Outcome.RETRY, "set TOCSIN_NOTIFY_SMTP_URL in notify's environment")


@pytest.mark.parametrize("greeting", [b"", b"220 x.exam", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@pytest.mark.parametrize("stays", [True, False])
async def test_a_mail_server_that_hangs_breaks_off_or_is_none_is_tried_again(
    message: Message, greeting: bytes, stays: bool
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        if stays:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await send(url, message, seconds=0.5)).outcome is Outcome.RETRY


@pytest.fixture(params=["smtps", "smtp+starttls"])
def locked(request: pytest.FixtureRequest, self_signed: tuple[ssl.SSLContext, Path]) -> Iterator[Mailbox]:
    """A mail server that speaks TLS: from the first byte, or after STARTTLS and then only."""
    box, context = Mailbox(scheme=request.param), self_signed[0]
    tls = {"ssl_context": context} if box.scheme == "smtps" else {"tls_context": context}
    with serving(box, require_starttls=box.scheme != "smtps", **tls):
        yield box


async def test_mail_goes_over_tls_to_a_server_whose_certificate_is_trusted(
    locked: Mailbox,
    message: Message,
    self_signed: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed[1]))  # as an operator adds an authority of the house
    answer = await send(locked.url, message)
    assert (answer.outcome, len(locked.mails)) == (Outcome.DELIVERED, 1), answer.detail


async def test_a_certificate_of_nobody_gets_no_mail(locked: Mailbox, message: Message) -> None:
    answer = await send(locked.url, message)
    assert (answer.outcome, locked.mails) == (Outcome.RETRY, [])
    assert "certificate verify failed" in answer.detail.lower()


async def test_a_server_that_offers_no_starttls_gets_no_mail_in_the_clear(
    mailbox: Mailbox, message: Message
) -> None:
    mailbox.scheme = "smtp+starttls"
    answer = await send(mailbox.url, message)
    assert (answer.outcome, mailbox.mails) == (Outcome.RETRY, [])


def test_the_document_has_this_table() -> None:
    text = (Path(__file__).parents[3] / "docs" / "channels.md").read_text("utf-8")
    words = {
        Outcome.DELIVERED: "delivered",
        Outcome.RETRY: "tried again",
        Outcome.REFUSED: "given up at once",
    }
    for does, _, _, outcome in REPLIES:
        assert f"| {does} | {words[outcome]} |" in text
