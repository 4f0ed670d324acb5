"""Mailboxes, against a real IMAP server (pymap) behind TLS."""

import asyncio
import contextlib
import imaplib
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from tocsin.contracts import Tier
from tocsin.ingest.entry import Entry
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Mailbox, Source
from tocsin.ingest.sources import mailbox

OFFICE = "News@Office.example"
PASSWORD = "a pass phrase"


@dataclass
class Post:
    """The server's ports, and a client of it that trusts its certificate."""

    plain_port: int
    tls_port: int
    trust: ssl.SSLContext

    def deliver(self, message: EmailMessage, folder: str = "INBOX") -> None:
        with self.client() as client:
            assert client.append(folder, "", None, message.as_bytes())[0] == "OK"

    @contextlib.contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.plain_port, timeout=10) as client:
            client.login("reader", PASSWORD)
            yield client

    def source(self, **more: object) -> Source:
        fields: dict[str, object] = {
            "host": "localhost",
            "port": self.tls_port,
            "user": "reader",
            "password_env": "TOCSIN_TEST_MAILBOX",
            "senders": [OFFICE.lower()],
        }
        box = Mailbox.model_validate(fields | more)
        return Source(id="office", name="Office", tier=Tier.OFFICIAL, kind=Kind.MAILBOX, mailbox=box)


def free_port() -> int:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


@pytest.fixture
async def post(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    monkeypatch.setenv("TOCSIN_TEST_MAILBOX", PASSWORD)
    authority, plain_port = trustme.CA(), free_port()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    server = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("pymap")),
        *("--host", "127.0.0.1", "--port", str(plain_port), "--no-tls"),
        *("dict", "--demo-data", "--demo-user", "reader", "--demo-password", PASSWORD),
    )
    front = await asyncio.start_server(
        lambda reader, writer: _forward(reader, writer, plain_port), "localhost", 0, ssl=serving
    )
    there = Post(plain_port, front.sockets[0].getsockname()[1], trusting)
    await _answers(plain_port)
    with there.client() as client:
        client.create("Empty")
    yield there
    front.close()
    server.kill()
    await server.wait()


async def _answers(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_pipe(reader, other_writer), _pipe(other_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def message(number: int, sender: str = OFFICE, **headers: str) -> EmailMessage:
    there = EmailMessage()
    there["From"] = f"The Office <{sender}>"
    there["Subject"] = f"Act {number}"
    there["Message-ID"] = f"<{number}@office.example>"
    there["Date"] = "Sat, 13 Jun 2026 02:50:00 +0200"
    for name, value in headers.items():
        there[name.replace("_", "-")] = value
    there.set_content(f"Text of act {number}.")
    return there


def entries(fetched: Fetched | None) -> list[Entry]:
    documents = (fetched, *fetched.more) if fetched else ()
    return [entry for one in documents for entry in mailbox.parse(one).entries]


async def test_new_messages_of_the_senders_allowed_are_read_once_and_nothing_is_changed(post: Post) -> None:
    box, source = mailbox.Mailboxes(100_000, post.trust), post.source(folder="Empty")
    assert await box.fetch(source, Validators()) is None
    for number, sender in ((1, OFFICE), (2, "stranger@elsewhere.example"), (3, OFFICE)):
        await asyncio.to_thread(post.deliver, message(number, sender), "Empty")
    first = await box.fetch(source, Validators())
    assert first is not None
    assert [entry.title for entry in entries(first)] == ["Act 1", "Act 3"]
    assert await box.fetch(source, first.validators) is None
    await asyncio.to_thread(post.deliver, message(4), "Empty")
    assert [entry.title for entry in entries(await box.fetch(source, first.validators))] == ["Act 4"]
    with post.client() as client:
        client.select("Empty", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1 2 3 4"]


async def test_a_mailbox_made_anew_is_read_again_and_its_messages_keep_their_ids(post: Post) -> None:
    box, source = mailbox.Mailboxes(100_000, post.trust), post.source(folder="Empty")
    for number in (1, 2):
        await asyncio.to_thread(post.deliver, message(number), "Empty")
    first = await box.fetch(source, Validators())
    assert first is not None
    with post.client() as client:
        client.delete("Empty")
        client.create("Empty")
    await asyncio.to_thread(post.deliver, message(1), "Empty")
    again = await box.fetch(source, first.validators)
    assert again is not None
    assert entries(again)[0].native_id == entries(first)[0].native_id == "<1@office.example>"
    assert again.validators != first.validators


async def test_more_messages_than_a_poll_takes_come_in_the_next_ones(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_MESSAGES", 2)
    box, source = mailbox.Mailboxes(100_000, post.trust), post.source(folder="Empty")
    for number in range(1, 4):
        await asyncio.to_thread(post.deliver, message(number), "Empty")
    newest = await box.fetch(source, Validators())
    assert newest is not None
    assert [entry.title for entry in entries(newest)] == ["Act 2", "Act 3"]
    for number in range(4, 8):
        await asyncio.to_thread(post.deliver, message(number), "Empty")
    known, told = newest.validators, []
    while (fetched := await box.fetch(source, known)) is not None:
        told += [entry.title for entry in entries(fetched)]
        known = fetched.validators
    assert told == ["Act 4", "Act 5", "Act 6", "Act 7"]


async def test_a_message_that_is_too_large_costs_only_itself(post: Post) -> None:
    box, source = mailbox.Mailboxes(2_000, post.trust), post.source(folder="Empty")
    large = message(1)
    large.set_content("x" * 70 + "\n" * 5_000)
    for one in (large, message(2)):
        await asyncio.to_thread(post.deliver, one, "Empty")
    fetched = await box.fetch(source, Validators())
    assert fetched is not None
    assert [entry.title for entry in entries(fetched)] == ["Act 2"]
    assert [bad.error for bad in fetched.bad] == ["a message over 2000 bytes"]


async def test_what_goes_wrong_says_what_to_do_and_never_the_password(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox.Mailboxes(2_000, post.trust)
    for source, trust, outcome in (
        (post.source(folder="No such folder"), box, Outcome.REFUSED),
        (post.source(user="nobody"), box, Outcome.REFUSED),
        (post.source(port=free_port()), box, Outcome.UNREACHABLE),
        (
            post.source(),
            mailbox.Mailboxes(2_000),
            Outcome.UNREACHABLE,
        ),  # a certificate that nobody vouches for
    ):
        with pytest.raises(PollFailed) as failed:
            await trust.fetch(source, Validators())
        assert failed.value.outcome is outcome
        assert PASSWORD not in str(failed.value)
    monkeypatch.delenv("TOCSIN_TEST_MAILBOX")
    with pytest.raises(PollFailed, match="set TOCSIN_TEST_MAILBOX"):
        await box.fetch(post.source(), Validators())
    assert "TOCSIN_TEST_MAILBOX" not in os.environ


def parsed(there: EmailMessage | bytes) -> Entry:
    body = there if isinstance(there, bytes) else there.as_bytes()
    (entry,) = mailbox.parse(Fetched(body, "imaps://x", "message/rfc822", Validators())).entries
    return entry


def test_a_message_is_read_whole_with_what_its_server_says_of_its_origin() -> None:
    checks = "mx.example; dkim=pass header.d=office.example; spf=fail smtp.mailfrom=x"
    there = message(7, Authentication_Results=checks)
    there.add_alternative(
        "<p>Text of act 7, <a href='https://office.example/7'>here</a>.</p>", subtype="html"
    )
    there["Content-Language"] = "en"
    entry = parsed(there)
    assert entry == Entry(
        native_id="<7@office.example>",
        title="Act 7",
        text="Text of act 7.\nIts mail server says: dkim pass, spf fail",
        links=("https://office.example/7",),
        language="en",
        published_at=datetime(2026, 6, 13, 0, 50, tzinfo=UTC),
    )


def test_a_message_of_html_alone_is_made_plain() -> None:
    there = message(1)
    there.set_content("<p>Act</p><script>alert(1)</script><p>one</p>", subtype="html")
    assert parsed(there).text == "Act\none"


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\xff",
        b"Subject: =?utf-8?q?=ff?=\nContent-Type: text/plain; charset=no-such\n\n\xff",
        b"From: x\nMessage-ID: <" + b"a" * 5_000 + b"\nSubject: a\n\nb",
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3_000,
        b"Subject: a\nDate: Thu, 99 Foo 99999 99:99\nContent-Type: multipart/alternative\n\nb",
    ],
    ids=["binary", "charset", "endless id", "nested", "no boundary"],
)
def test_a_hostile_message_costs_only_itself(body: bytes) -> None:
    told = mailbox.parse(Fetched(body, "imaps://x", "message/rfc822", Validators()))
    assert len(told.entries) + len(told.bad) == 1
