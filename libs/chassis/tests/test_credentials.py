"""A cluster that asks who we are: SASL over TLS on a real broker, with the rights of docs/topics.md."""

import asyncio
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from tocsin.chassis import credentials, producer, topics
from tocsin.chassis.consumer import Consumer, Incoming
from tocsin.chassis.credentials import KafkaCredentials
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.health import Health
from tocsin.chassis.subscription import Group, subscribe
from tocsin.contracts import ALERTS, NOTICES_PUBLISHED, TOPICS, NoticePublished, SourceRef, Tier
from tocsin.contracts.cloudevents import to_record
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Kafka

PAGE = Path(__file__).parents[3] / "docs" / "topics.md"
NOW = datetime(2026, 6, 13, tzinfo=UTC)
USERS = {"tocsin": "a bell", "payments": "a till", "stranger": "a hat"}
KINDS = {"--topic": 2, "--group": 3}  # of resources, operations and patterns: KIP-140, KIP-290
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5}
PATTERNS = {"literal": 3, "prefixed": 4}
ALLOW = 3


class Guarded(Kafka):
    """A broker whose second door takes only those who log in, over TLS, and lets them do what is granted."""

    port_count: ClassVar[int] = 3

    @property
    def door(self) -> str:
        return f"127.0.0.1:{self.ports[2]}"

    def _write_settings(self, path: Path) -> None:
        super()._write_settings(path)
        plain, controller, guarded = self.ports
        _certify(path.parent)
        users = " ".join(f'user_{name}="{word}"' for name, word in USERS.items())
        login = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        settings = {
            "listeners": f"PLAINTEXT://127.0.0.1:{plain},GUARDED://127.0.0.1:{guarded},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,GUARDED:SASL_SSL,CONTROLLER:PLAINTEXT",
            "listener.name.guarded.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.guarded.plain.sasl.jaas.config": login,
            "listener.name.guarded.ssl.keystore.type": "PEM",
            "listener.name.guarded.ssl.keystore.location": "broker.pem",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",  # who comes by the first door: this test, and the broker itself
        }
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())


def _certify(folder: Path) -> None:
    """An authority of the test's own, and what it has signed for the broker."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    unlocked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "broker.pem").write_bytes(unlocked + b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(folder / "authority.pem")


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    broker = Guarded(folder)
    broker.start()
    try:
        asyncio.run(_grant(broker))
        yield broker
    finally:
        broker.close()


async def _grant(broker: Guarded) -> None:
    """Set the rights that the page lists."""
    client = AIOKafkaClient(bootstrap_servers=broker.bootstrap)
    await client.bootstrap()
    try:
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            if line.startswith("kafka-acls"):
                answer = await client.send(client.get_random_node(), _right(line))
                assert [code for code, _ in answer.creation_responses] == [0]
    finally:
        await client.close()


def _right(line: str) -> CreateAclsRequest:
    words = shlex.split(line)
    said = dict(zip(words[2::2], words[3::2], strict=True))
    kind = next(kind for kind in KINDS if kind in said)
    pattern = PATTERNS[said.get("--resource-pattern-type", "literal")]
    operation = OPERATIONS[said["--operation"]]
    return CreateAclsRequest(
        KINDS[kind], said[kind], pattern, said["--allow-principal"], "*", operation, ALLOW
    )


@pytest.fixture
def login(kafka: Guarded, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TOCSIN_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("TOCSIN_KAFKA_SASL_MECHANISM", "PLAIN")
    monkeypatch.setenv("TOCSIN_KAFKA_CA_FILE", str(kafka.log.parent / "authority.pem"))
    _as("tocsin", monkeypatch)
    return monkeypatch


def _as(user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_KAFKA_SASL_USERNAME", user)
    monkeypatch.setenv("TOCSIN_KAFKA_SASL_PASSWORD", USERS.get(user, "a guess"))


def _notice() -> NoticePublished:
    return NoticePublished(
        id="n-1",
        document_id="doc-1",
        source=SourceRef(id="desk", name="Desk", tier=Tier.PRESS, kind="push"),
        title="A title",
        text="A text.",
        revision=1,
        content_sha256="0" * 64,
        first_seen_at=NOW,
    )


@pytest.mark.usefixtures("login")
async def test_the_services_do_all_their_work_with_the_rights_of_the_page(kafka: Guarded) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(incoming: Sequence[Incoming[NoticePublished]]) -> None:
        for one in incoming:
            heard.put_nowait(one.event.id)

    def fail(error: BaseException) -> None:
        raise AssertionError from error

    assert "created" in (await topics.apply(kafka.door, TOPICS)).values()
    async with producer.connect(kafka.door, fail) as writer:
        graveyard = Graveyard("test", NOTICES_PUBLISHED, writer, fail)
        consumer = Consumer(NOTICES_PUBLISHED, NoticePublished, hear, graveyard)
        group = Group("tocsin-test")
        async with subscribe(kafka.door, group, consumer, NOTICES_PUBLISHED, Health()):
            notice = to_record(_notice(), source="test", time=NOW, traceparent=new_traceparent())
            await writer.publish(NOTICES_PUBLISHED, [notice])
            assert await asyncio.wait_for(heard.get(), 30) == "n-1"


async def test_a_team_may_read_alerts_and_write_nothing(kafka: Guarded, login: pytest.MonkeyPatch) -> None:
    await topics.apply(kafka.door, TOPICS)
    _as("payments", login)
    reader = AIOKafkaConsumer(
        ALERTS.name, bootstrap_servers=kafka.door, group_id="payments-bot", **credentials.options()
    )
    await reader.start()
    await reader.stop()
    writer = AIOKafkaProducer(bootstrap_servers=kafka.door, **credentials.options())
    await writer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await writer.send_and_wait(ALERTS.name, b"{}")
    finally:
        await writer.stop()


@pytest.mark.parametrize("user", ["stranger", "nobody"])
async def test_others_read_nothing(kafka: Guarded, login: pytest.MonkeyPatch, user: str) -> None:
    _as(user, login)
    reader = AIOKafkaConsumer(
        ALERTS.name, bootstrap_servers=kafka.door, group_id="payments-bot", **credentials.options()
    )

    async def read() -> None:
        await reader.start()
        await asyncio.wait_for(reader.getone(), 30)

    try:
        with pytest.raises(KafkaError):
            await read()
    finally:
        await reader.stop()


def test_a_login_without_a_name_is_refused_with_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(ValidationError, match="TOCSIN_KAFKA_SASL_USERNAME"):
        KafkaCredentials()


def test_without_a_word_nothing_is_asked() -> None:
    assert credentials.options() == {"security_protocol": "PLAINTEXT", "ssl_context": None}
