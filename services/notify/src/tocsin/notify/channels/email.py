"""E-mail: text and HTML over SMTP, one thread a case."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import Policy
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib
from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.contracts import Severity
from tocsin.contracts.channels import Channel, Email
from tocsin.notify.channels import Answer, Message, Outcome, Sendable, unset
from tocsin.notify.letter import ACKNOWLEDGE, as_text, letter_of
from tocsin.notify.line import line
from tocsin.notify.links import Reader

PERMANENT = 500  # SMTP reply codes from here on: RFC 5321, 4.2.1
LONGEST_SUBJECT = 200
SHARE = 0.9  # of the time of an attempt: what was taken by then must still be told

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


@dataclass(frozen=True)
class WaysOut:
    """How a reader of mails can leave."""

    one_click: Callable[[Reader], str | None] = lambda _: None  # the signed page of an address
    person: str | None = None  # mailto: of somebody who can take an address out

    def of(self, reader: Reader) -> list[str]:
        """The addresses for a mail's List-Unsubscribe, best first."""
        return [way for way in (self.one_click(reader), self.person) if way is not None]


class EmailChannel:
    """Sends one mail to each address of a channel, and tells which took it.

    The Message-ID is made of the delivery's id, so a repeat after a crash is recognised by mail programs;
    every mail of a case refers to one root, so that they stand in one thread.
    """

    def __init__(
        self, server: str | None, sender: str, seconds: float, ways_out: WaysOut | None = None
    ) -> None:
        self._server = server
        self._sender = sender
        self._seconds = seconds
        self._ways_out = ways_out or WaysOut()

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt, at those who have not taken it yet; to be repeated for those who may take it later."""
        assert isinstance(target, Email)  # noqa: S101 - the sender picks the channel by the target's kind
        if self._server is None:
            return unset("TOCSIN_NOTIFY_SMTP_URL")
        left = [one for one in target.to if one.lower() in message.unsubscribed]
        due = [one for one in dict.fromkeys(target.to) if one not in message.taken and one not in left]
        team = _head(message).team
        mails = {
            to: compose(message, self._sender, to, self._ways_out.of(Reader(team, target.name, to)))
            for to in due
        }
        told = await self._hand_over(self._server, mails) if mails else {}
        return _together(told, left, taken_before=bool(message.taken))

    async def _hand_over(self, url: str, mails: Mapping[str, EmailMessage]) -> dict[str, Answer]:
        """What the server says for each address; where it breaks off, that for those not reached."""
        told: dict[str, Answer] = {}
        server, seconds = _server(url, self._seconds), self._seconds * SHARE
        try:
            async with asyncio.timeout(seconds):
                await server.connect()
                for to, mail in mails.items():
                    told[to] = await _hand(server, to, mail)
                await server.quit()
        except TimeoutError as error:
            broke_off = Answer(Outcome.RETRY, str(error) or f"no answer within {seconds:g} s")
        except (aiosmtplib.SMTPException, OSError) as error:
            broke_off = _read(error)
        else:
            return told
        finally:
            server.close()
        return {to: told.get(to, broke_off) for to in mails}


async def _hand(server: aiosmtplib.SMTP, to: str, mail: EmailMessage) -> Answer:
    try:
        _, said = await server.send_message(mail, recipients=[to])
    except Exception as error:  # noqa: BLE001 - an address must not keep from the record that others took it
        return _read(error)
    return Answer(Outcome.DELIVERED, said)


def _read(error: Exception) -> Answer:
    """What it comes to that a server refuses, or breaks off."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]  # each mail has one
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return Answer(Outcome.RETRY, str(error) or type(error).__name__)
    final = error.code >= PERMANENT and not isinstance(error, aiosmtplib.SMTPAuthenticationError)
    return Answer(Outcome.REFUSED if final else Outcome.RETRY, f"{error.code} {error.message}")


def _together(told: Mapping[str, Answer], left: Sequence[str], *, taken_before: bool) -> Answer:
    """One answer of those for each address: whom the mail missed and why, then the words of who took it."""
    taken = tuple(to for to, answer in told.items() if answer.outcome is Outcome.DELIVERED)
    missed: dict[str, list[str]] = {}
    for to, answer in told.items():
        if to not in taken:
            missed.setdefault(answer.detail, []).append(to)
    words = [f"{why} for {', '.join(whom)}" for why, whom in missed.items()]
    words += [f"unsubscribed: {', '.join(left)}"] if left else []
    words += dict.fromkeys(told[to].detail for to in taken)
    if any(answer.outcome is Outcome.RETRY for answer in told.values()):
        return Answer(Outcome.RETRY, "; ".join(words), taken=taken)
    if taken or taken_before:
        return Answer(Outcome.DELIVERED, "; ".join(words) or "all have taken it before", taken=taken)
    if not told:
        return Answer(Outcome.REFUSED, f"every address has {words[0]} (tocsin channels addresses)")
    return Answer(Outcome.REFUSED, "; ".join(words))


class _Addresses(str):
    """List-Unsubscribe as it is: the standard library would encode what fills a line (RFC 2047)."""

    __slots__ = ()
    name = "List-Unsubscribe"

    def fold(self, *, policy: Policy) -> str:
        """The header as it is written, an address a line."""
        return f"{self.name}: {self.replace(' ', f'{policy.linesep} ')}{policy.linesep}"


def compose(message: Sendable, sender: str, to: str, ways_out: Sequence[str] = ()) -> EmailMessage:
    """The mail. Headers are built by the standard library, which encodes whatever an alert holds."""
    letter, head = letter_of(message), _head(message)
    domain = Address(addr_spec=sender).domain
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = line(f"[{head.tag}] {letter.subject}", LONGEST_SUBJECT)
    mail["Date"] = formatdate(head.at.timestamp())
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["References"] = mail["In-Reply-To"] = f"<{head.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail["List-Id"] = f"<{head.team}.tocsin.{domain}>"  # RFC 2919: what people filter by
    if ways_out:
        mail["List-Unsubscribe"] = _Addresses(", ".join(f"<{way}>" for way in ways_out))  # RFC 2369
    if any(way.startswith("https:") for way in ways_out):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058: of an HTTPS address only
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
