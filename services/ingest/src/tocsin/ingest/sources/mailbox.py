"""A mailbox, over IMAP4rev1 (RFC 3501) and TLS: for authorities that only mail. Nothing in it is changed."""

import asyncio
import email
import email.policy
import imaplib
import os
import re
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Mailbox, Source

SECONDS = 30.0
MAX_MESSAGES = 50  # at one poll

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_CHECKED = re.compile(r"\b(dkim|spf|dmarc)=(\w{1,20})", re.IGNORECASE)


class Mailboxes:
    """Reads the messages that came since the last poll, by their UID (RFC 3501, section 2.3.1.1)."""

    def __init__(self, max_bytes: int, context: ssl.SSLContext | None = None) -> None:
        self._max_bytes = max_bytes
        self._context = context or ssl.create_default_context()

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """New messages, the oldest first, or None. Of a mailbox never seen before, the newest ones.

        Raises ``PollFailed``. A message that is too large costs only itself.
        """
        if source.mailbox is None:
            raise TypeError("a mailbox source has a mailbox: Source sees to it")
        password = os.environ.get(source.mailbox.password_env)
        if password is None:
            raise PollFailed(Outcome.REFUSED, f"set {source.mailbox.password_env} to the mailbox's password")
        try:
            return await asyncio.to_thread(self._read, source, source.mailbox, password, known)
        except imaplib.IMAP4.abort as error:
            raise PollFailed(Outcome.UNREACHABLE, _words(error, password)) from None
        except imaplib.IMAP4.error as error:
            raise PollFailed(Outcome.REFUSED, _words(error, password)) from None
        except (OSError, ValueError) as error:
            raise PollFailed(Outcome.UNREACHABLE, _words(error, password)) from None

    def _read(self, source: Source, mailbox: Mailbox, password: str, known: Validators) -> Fetched | None:
        with imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=self._context, timeout=SECONDS
        ) as server:
            server.login(mailbox.user, password)
            _ok(server.select(_quoted(mailbox.folder), readonly=True))
            validity = int((server.response("UIDVALIDITY")[1] or [None])[0] or 0)
            new = _new(server, validity, known.memory)
            if not new:
                return None
            messages: list[Fetched] = []
            bad: list[BadEntry] = []
            for uid in new:
                self._take(server, uid, source, messages, bad)
        memory = Validators(memory=b"%d %d" % (validity, new[-1]))
        return Fetched(b"", source.location, "", memory, more=tuple(messages), bad=tuple(bad))

    def _take(
        self, server: imaplib.IMAP4, uid: int, source: Source, messages: list[Fetched], bad: list[BadEntry]
    ) -> None:
        about, head = _fetched(server, uid, "(RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM)])")
        if source.mailbox is None or _sender(head) not in map(str.lower, source.mailbox.senders):
            return
        size = int(found[1]) if (found := _SIZE.search(about)) else 0
        _, body = _fetched(server, uid, f"(BODY.PEEK[]<0.{self._max_bytes + 1}>)")  # sizes may lie
        if max(size, len(body)) > self._max_bytes:
            bad.append(BadEntry(f"uid {uid}", f"a message over {self._max_bytes} bytes"))
        elif body:
            messages.append(Fetched(body, source.location, "message/rfc822", Validators()))


def _new(server: imaplib.IMAP4, validity: int, memory: bytes | None) -> list[int]:
    """UIDs that are new, as many as one poll takes.

    Under another UIDVALIDITY the old ones mean nothing (section 2.3.1.1): the newest messages are read
    again, and those that were told are known by their Message-ID.
    """
    before, last = (int(number) for number in (memory or b"0 0").split())
    since = last if memory is not None and before == validity else 0
    data = _ok(server.uid("SEARCH", f"UID {since + 1}:*"))
    uids = sorted(uid for uid in map(int, (data[0] or b"").split()) if uid > since)  # * names the last one
    return uids[:MAX_MESSAGES] if since else uids[-MAX_MESSAGES:]


def _fetched(server: imaplib.IMAP4, uid: int, parts: str) -> tuple[bytes, bytes]:
    """What the server says about a message, and the bytes asked for; both empty when it is gone."""
    data = _ok(server.uid("FETCH", str(uid), parts))
    pairs = [item for item in data if isinstance(item, tuple)]
    about = b" ".join(item if isinstance(item, bytes) else item[0] for item in data if item)
    return about, pairs[0][1] if pairs else b""


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status}: {data!r}")
    return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: Exception, password: str) -> str:
    return plain.failure(f"{type(error).__name__}: {error}".replace(password, "***"))


def _sender(head: bytes) -> str:
    message = email.message_from_bytes(head, policy=email.policy.compat32)
    return parseaddr(str(message.get("From", "")))[1].lower()


def parse(fetched: Fetched) -> Parsed:
    """The entry that a message is, called by its Message-ID (RFC 5322, section 3.6.4)."""
    if not fetched.body:
        return Parsed()
    try:
        return Parsed((_entry(fetched.body),))
    except Exception as error:  # noqa: BLE001 - whatever the message does to the parser costs only itself
        return Parsed(bad=(BadEntry("message", plain.failure(f"{type(error).__name__}: {error}")),))


def _entry(body: bytes) -> Entry:
    message = email.message_from_bytes(body, policy=email.policy.default)
    title = plain.plain(str(message.get("Subject", "")), is_html=False)
    text, links = _content(message)
    if not (title or text):
        raise ValueError("it has neither subject nor text")
    checks = _CHECKED.findall(str(message.get("Authentication-Results", "")))  # RFC 8601
    seen = f"Its mail server says: {', '.join(f'{name.lower()} {how.lower()}' for name, how in checks)}"
    return plain.within_limits(
        Entry(
            native_id=plain.identity(message.get("Message-ID"), None, title, text),
            title=title,
            text="\n".join(filter(None, [text, seen if checks else ""])),
            links=links,
            language=plain.language(message.get("Content-Language")),
            published_at=_date(message.get("Date")),
        )
    )


def _content(message: EmailMessage) -> tuple[str, tuple[str, ...]]:
    """Text and links of the body: the plain form if it says anything, else the HTML one."""
    parts = (message.get_body((form,)) for form in ("plain", "html"))
    told = [(part.get_content_subtype(), str(part.get_content())) for part in parts if part is not None]
    text = next((words for form, raw in told if (words := plain.plain(raw, is_html=form == "html"))), "")
    links = next((found for form, raw in told if form == "html" and (found := plain.links(raw, ""))), ())
    return text, links


def _date(value: object) -> datetime | None:
    try:
        when = parsedate_to_datetime(str(value))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
