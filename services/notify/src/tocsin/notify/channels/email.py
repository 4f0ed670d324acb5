"""E-mail: text and HTML over SMTP, one thread a case."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib
from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.contracts import Severity
from tocsin.contracts.subscriptions import Channel, Email
from tocsin.notify.channels import Answer, Message, Outcome, Sendable, unset
from tocsin.notify.letter import ACKNOWLEDGE, as_text, letter_of
from tocsin.notify.line import line

PERMANENT = 500  # SMTP reply codes from here on: RFC 5321, 4.2.1
LONGEST_SUBJECT = 200

# Of the bar beside the title, seen on white and on black alike; the word is in the title.
COLOURS = {
    Severity.CRITICAL: "#d93025",
    Severity.HIGH: "#c26401",
    Severity.MEDIUM: "#8a7300",
    Severity.LOW: "#1a73e8",
    Severity.INFO: "#767676",
}

_pages = Environment(
    loader=PackageLoader("tocsin.notify", "channels"), autoescape=True, undefined=StrictUndefined
)


class EmailChannel:
    """Sends one mail a delivery to all addresses of a channel.

    The Message-ID is made of the delivery's id, so a repeat after a crash is recognised by mail programs;
    every mail of a case refers to one root, so that they stand in one thread.
    """

    def __init__(
        self, server: str | None, sender: str, seconds: float, unsubscribe: str | None = None
    ) -> None:
        self._server = server
        self._sender = sender
        self._seconds = seconds
        self._unsubscribe = unsubscribe  # mailto: of a person who can take an address out

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt; delivered when the server took it for at least one address."""
        assert isinstance(target, Email)  # noqa: S101 - the sender picks the channel by the target's kind
        if self._server is None:
            return unset("TOCSIN_NOTIFY_SMTP_URL")
        mail = compose(message, self._sender, target.to, self._unsubscribe)
        try:
            async with _server(self._server, self._seconds) as server:
                refused, said = await server.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(one.code >= PERMANENT for one in error.recipients)
            return Answer(Outcome.REFUSED if final else Outcome.RETRY, str(error))
        except aiosmtplib.SMTPResponseException as error:
            final = error.code >= PERMANENT and not isinstance(error, aiosmtplib.SMTPAuthenticationError)
            return Answer(Outcome.REFUSED if final else Outcome.RETRY, f"{error.code} {error.message}")
        except aiosmtplib.SMTPException as error:
            return Answer(Outcome.RETRY, str(error))
        missed = f"; refused for {', '.join(refused)}" if refused else ""
        return Answer(Outcome.DELIVERED, said + missed)


def compose(
    message: Sendable, sender: str, to: Sequence[str], unsubscribe: str | None = None
) -> EmailMessage:
    """The mail. Headers are built by the standard library, which encodes whatever an alert holds."""
    letter, head = letter_of(message), _head(message)
    domain = Address(addr_spec=sender).domain
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = line(f"[{head.tag}] {letter.subject}", LONGEST_SUBJECT)
    mail["Date"] = formatdate(head.at.timestamp())
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["References"] = mail["In-Reply-To"] = f"<{head.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail["List-Id"] = f"<{head.team}.tocsin.{domain}>"  # RFC 2919: what people filter by
    if unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"  # RFC 2369
    if head.severity is Severity.CRITICAL:
        mail["X-Priority"] = "1"
    mail.set_content(as_text(letter))
    page = _pages.get_template("email.html.j2").render(
        letter=letter, colour=COLOURS[head.severity], open=letter.link_text, acknowledge=ACKNOWLEDGE
    )
    mail.add_alternative(page, subtype="html")
    return mail


@dataclass(frozen=True)
class _Head:
    """What the headers of a mail are made of, be it of an alert or of a summary."""

    team: str
    tag: str
    thread: str
    at: datetime
    severity: Severity


def _head(message: Sendable) -> _Head:
    if isinstance(message, Message):
        one = message.alert
        return _Head(one.team, one.case_ref, f"{one.case_id}.{one.team}", one.raised_at, one.severity)
    told = message.told
    return _Head(told.team, "Tocsin", f"{told.sort}.{told.channel}.{told.team}", told.until, told.severity)


def _server(url: str, seconds: float) -> aiosmtplib.SMTP:
    """A connection to be opened, from `smtp://`, `smtp+starttls://` or `smtps://`."""
    parts = urlsplit(url)
    secure, upgraded = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=secure,
        start_tls=upgraded,
        tls_context=ssl.create_default_context() if secure or upgraded else None,
        timeout=seconds,
    )
