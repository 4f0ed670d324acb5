"""Mail to each address of a channel: none misses it for the sake of another, and none gets it twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.contracts.channels import Email
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Message, Outcome, attempt
from tocsin.notify.channels.email import EmailChannel, WaysOut
from tocsin.notify.links import Links, Reader
from tocsin.notify.pacing import retry as pacing
from tocsin.notify.sender import Sender
from tocsin.notify.store import again, ledger, unsubscribed

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
AnAlert = Callable[..., AlertRaised]

A, B, C = "a@x.example", "b@x.example", "c@x.example"
ATTEMPTS = "select number, outcome, detail from attempts order by number"
LINKS = Links("https://tocsin.example", [SecretStr("a secret for signing links")])


@dataclass
class Relay:
    """A mail server that says to each address what the test decides, and keeps whom it took mail for."""

    port: int = 0
    says: dict[str, list[str]] = field(default_factory=dict)  # in turn; "250 fine" after that
    took: list[tuple[str, str]] = field(default_factory=list)  # address and Message-ID
    raw: list[bytes] = field(default_factory=list)
    hangs_for: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self.hangs_for:
            await asyncio.sleep(3)
        said = self.says[address].pop(0) if self.says.get(address) else "250 fine"
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.raw.append(envelope.original_content or b"")
        mail = message_from_bytes(self.raw[-1])
        assert [mail["To"]] == envelope.rcpt_tos, "nobody reads who else was told"
        self.took.append((mail["To"], mail["Message-ID"]))
        return "250 taken"

    @property
    def readers(self) -> list[str]:
        """Who got a copy, in order."""
        return [address for address, _ in self.took]


class _OnAFreePort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd types it not


@pytest.fixture
def relay() -> Iterator[Relay]:
    made = Relay()
    server = _OnAFreePort(made, hostname="127.0.0.1", port=0)
    server.start()
    made.port = server.port
    yield made
    server.stop(no_assert=True)


@dataclass
class Office:
    """Rows of a team that reads mail at some addresses, and a sender to run."""

    pool: asyncpg.Pool
    start: Start
    channel: EmailChannel

    @contextlib.asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Run a sender that knows nothing but the rows."""
        sender = Sender(
            pool=self.pool,
            directory=self.start(self.pool).directory,
            channels={"email": self.channel},
            wake=asyncio.Event(),
            pulse=Health().pulse("sender", limit=60),
            send_seconds=5,
        )
        task = asyncio.create_task(sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def send(self, until: str = "not exists (select from deliveries where state = 'pending')") -> None:
        """Run a sender until this is so of the rows."""
        async with self.sending(), asyncio.timeout(10):
            while not await self.pool.fetchval(f"select {until}"):  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.01)

    async def came_to(self) -> list[tuple[str, str]]:
        """The state of each delivery and its last error."""
        rows = await self.pool.fetch("select state, coalesce(last_error, '') from deliveries order by seq")
        return [tuple(row) for row in rows]


@pytest.fixture
async def office(
    pool: asyncpg.Pool, start: Start, declare: Declare, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> Office:
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(milliseconds=30),) * 3)
    await declare(payments={"channels": [{"kind": "email", "name": "mail", "to": [A, B, C]}]})
    channel = EmailChannel(
        f"smtp://127.0.0.1:{relay.port}", "tocsin@x.example", 5, WaysOut(LINKS.unsubscribe)
    )
    return Office(pool, start, channel)


async def test_who_was_put_off_gets_it_later_and_the_others_no_second_copy(
    office: Office, relay: Relay, tell: Tell
) -> None:
    relay.says = {A: ["450 greylisted", "451 still"], C: ["550 unknown"] * 3}
    await office.start(office.pool).hear(tell())
    await office.send()
    assert relay.readers == [B, A]
    assert len({identity for _, identity in relay.took}) == 1, "a repeat is known by its Message-ID"
    rows = await office.pool.fetch(ATTEMPTS)
    assert [row["outcome"] for row in rows] == ["retry", "retry", "delivered"]
    assert rows[0]["detail"] == f"450 greylisted for {A}; 550 unknown for {C}; taken"
    assert rows[2]["detail"] == f"550 unknown for {C}; taken"
    taken = await office.pool.fetch("select address from taken order by address")
    assert [row["address"] for row in taken] == [A, B]


async def test_a_crash_before_the_record_repeats_only_what_is_not_on_it(
    office: Office, relay: Relay, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.says = {A: ["450 greylisted"], B: ["450 greylisted"] * 2}
    await office.start(office.pool).hear(tell())
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(hours=1),))
    await office.send("exists (select from attempts)")
    assert relay.readers == [C]
    await office.pool.execute("update deliveries set due_at = now()")
    (claimed,) = await ledger.claim(office.pool, 1, [], timedelta(0))
    message = Message(claimed.id, tell_of(claimed), "Payments", new_traceparent(), taken=claimed.taken)
    answer = await office.channel.send(message, mail_to(A, B, C))
    assert (answer.outcome, answer.taken) == (Outcome.RETRY, (A,))  # and here the sender dies
    await office.send()
    assert relay.readers == [C, A, A, B]
    assert len({identity for _, identity in relay.took}) == 1


def tell_of(delivery: ledger.Delivery) -> AlertRaised:
    assert delivery.alert is not None
    return delivery.alert


def mail_to(*to: str) -> Email:
    return Email(kind="email", name="mail", to=to)


async def test_what_was_given_up_goes_to_the_rest_when_it_is_asked_for_anew(
    office: Office, relay: Relay, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.says = {A: ["452 full"]}
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(hours=1),))
    await office.start(office.pool).hear(tell())
    await office.send("exists (select from attempts)")
    await office.pool.execute("update deliveries set state = 'failed'")  # after three days
    await ask_anew(office)
    await office.send()
    assert relay.readers == [B, C, A]
    await ask_anew(office)  # it was delivered: whoever asks for that wants it sent to all
    await office.send()
    assert relay.readers == [B, C, A, A, B, C]


async def ask_anew(office: Office) -> None:
    found = await again.one(office.pool, await office.pool.fetchval("select id from deliveries"))
    assert found is not None
    await again.ask(office.pool, [found.found])


async def test_one_full_mailbox_holds_up_nobody_else(
    office: Office, relay: Relay, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.says = {A: ["452 full"] * 99}
    monkeypatch.setattr(pacing, "SCHEDULE", (timedelta(milliseconds=5),) * 7 + (timedelta(hours=1),))
    replica = office.start(office.pool)
    await replica.hear(tell("one", tier="party"))
    await office.send("count(*) > 6 from attempts")
    await replica.hear(tell("two", tier="party", hours=24, action="lifted"))
    await office.send("count(distinct delivery_id) = 2 from taken")
    assert relay.readers == [B, C] * 2
    assert await office.pool.fetchval("select count(*) from destinations") == 0, "the server is well"


async def test_a_server_that_hangs_for_one_address_has_still_taken_it_for_the_others(
    relay: Relay, an_alert: AnAlert
) -> None:
    relay.hangs_for = B
    channel = EmailChannel(f"smtp://127.0.0.1:{relay.port}", "tocsin@x.example", 0.5)
    message = Message("msg-1", an_alert(), "Payments", new_traceparent())
    answer = await attempt(channel, message, mail_to(A, B, C), 0.5)
    assert (answer.outcome, answer.taken) == (Outcome.RETRY, (A,))
    assert answer.detail == f"no answer within 0.45 s for {B}, {C}; taken"


async def test_who_has_unsubscribed_is_sent_nothing_and_on_restoring_is_again(
    office: Office, relay: Relay, tell: Tell
) -> None:
    await leave(office, "B@x.example")
    replica = office.start(office.pool)
    await replica.hear(tell("one"))
    await office.send()
    assert relay.readers == [A, C]
    details = await office.pool.fetch("select detail from attempts")
    assert [row["detail"] for row in details] == [f"unsubscribed: {B}; taken"]
    await unsubscribed.restore(office.pool, "payments", B)
    await replica.hear(tell("two", hours=24 * 100))
    await office.send()
    assert relay.readers == [A, C, A, B, C]


async def test_a_channel_that_all_have_left_says_so(office: Office, relay: Relay, tell: Tell) -> None:
    await leave(office, A, B, C)
    await office.start(office.pool).hear(tell())
    await office.send()
    ((state, why),) = await office.came_to()
    assert (state, relay.took) == ("failed", [])
    assert why == f"every address has unsubscribed: {A}, {B}, {C} (tocsin channels addresses)"


async def leave(office: Office, *addresses: str) -> None:
    for address in addresses:
        await unsubscribed.enter(office.pool, Reader("payments", "mail", address))


async def test_each_mail_bears_the_link_of_its_own_address(office: Office, relay: Relay, tell: Tell) -> None:
    await office.start(office.pool).hear(tell())
    await office.send()
    assert links(relay.raw) == [LINKS.unsubscribe(Reader("payments", "mail", to)) for to in (A, B, C)]
    assert all(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw for raw in relay.raw)


def links(mails: Sequence[bytes]) -> list[str]:
    return [message_from_bytes(raw)["List-Unsubscribe"].strip("<>") for raw in mails]
