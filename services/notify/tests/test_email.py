"""E-mail: two parts, one thread a case, and no way for an alert to write a header."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import AlertRaised, Severity
from tocsin.contracts.subscriptions import Email
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Message, Outcome
from tocsin.notify.channels.email import EmailChannel, compose

AnAlert = Callable[..., AlertRaised]

HOSTILE = "<script>alert('x')</script> & <!channel> *bold*"


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(), "Payments", new_traceparent())


@dataclass
class Mailbox:
    """A mail server that says to each command what the test decides, and keeps what it took."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipient: str = "250 fine"
    data: str = "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient.startswith("250") or not address.startswith("gone"):
            envelope.rcpt_tos.append(address)
            return "250 fine"
        return self.recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return self.data


class _OnAFreePort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd types it not


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    server = _OnAFreePort(box, hostname="127.0.0.1", port=0)
    server.start()
    box.port = server.port
    yield box
    server.stop(no_assert=True)


def mail_to(*to: str) -> Email:
    return Email(kind="email", name="mail", to=to)


async def test_a_mail_has_two_parts_and_one_thread_a_case(mailbox: Mailbox, an_alert: AnAlert) -> None:
    channel = EmailChannel(mailbox.url, "tocsin@x.example", 5)
    first, second = an_alert(), an_alert(step=2, severity=Severity.HIGH)
    for number, alert in enumerate((first, second)):
        message = Message(f"msg-{number}", alert, "Payments", new_traceparent())
        answer = await channel.send(message, mail_to("a@x.example", "b@x.example"))
        assert answer.outcome is Outcome.DELIVERED
    one, two = mailbox.mails
    assert one["From"] == "tocsin@x.example"
    assert one["To"] == "a@x.example, b@x.example"
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
    mail = compose(message, "tocsin@x.example", ["a@x.example"])
    again = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert again.keys() == mail.keys()
    assert again["Message-ID"] == "<msg-1@x.example>"


@pytest.mark.parametrize("where", ["headline", "happened", "provenance", "quote", "team"])
def test_markup_is_shown_and_not_obeyed_in_mails(an_alert: AnAlert, where: str) -> None:
    quote = an_alert().quotes[0].model_copy(update={"text": HOSTILE})
    changes: dict[str, dict[str, Any]] = {"quote": {"quotes": (quote,)}, "team": {}}
    alert = an_alert(**changes.get(where, {where: HOSTILE}))
    team = HOSTILE if where == "team" else "Payments"
    mail = compose(Message("msg-1", alert, team, new_traceparent()), "tocsin@x.example", ["a@x.example"])
    html = mail.get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert "<script" not in content
    assert "&lt;script&gt;" in content


@pytest.mark.parametrize(
    ("says", "to", "outcome"),
    [
        (("250 fine", "451 later"), ("a@x.example",), Outcome.RETRY),
        (("250 fine", "554 never"), ("a@x.example",), Outcome.REFUSED),
        (("450 busy", "250 taken"), ("gone@x.example",), Outcome.RETRY),
        (("550 unknown", "250 taken"), ("gone@x.example",), Outcome.REFUSED),
        (("550 unknown", "250 taken"), ("gone@x.example", "a@x.example"), Outcome.DELIVERED),
    ],
)
async def test_what_a_mail_server_says(
    mailbox: Mailbox, message: Message, says: tuple[str, str], to: tuple[str, ...], outcome: Outcome
) -> None:
    mailbox.recipient, mailbox.data = says
    answer = await EmailChannel(mailbox.url, "tocsin@x.example", 5).send(message, mail_to(*to))
    assert answer.outcome is outcome
    if outcome is Outcome.DELIVERED:
        assert "refused for gone@x.example" in answer.detail


async def test_a_mail_server_that_is_away_is_tried_again(message: Message) -> None:
    channel = EmailChannel("smtp://127.0.0.1:1", "tocsin@x.example", 5)
    assert (await channel.send(message, mail_to("a@x.example"))).outcome is Outcome.RETRY
