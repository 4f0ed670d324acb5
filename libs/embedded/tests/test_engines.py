"""The engines serve, survive their own death with all data, and leave nothing behind."""

import asyncio
import socket
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tocsin.embedded import EngineError, Engines, Kafka, Postgres, metadata
from tocsin.embedded.errors import FolderInUse, FolderUnusable, Refused


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    """A pair of our own: these tests crash it."""
    with Engines() as both:
        yield both


async def write_records(kafka: Kafka, topic: str, count: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
        for number in range(count):
            await producer.send_and_wait(topic, str(number).encode())


async def read_records(kafka: Kafka, topic: str, count: int) -> list[bytes]:
    partition = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        assert (await consumer.end_offsets([partition]))[partition] == count
        return [(await consumer.getone()).value for _ in range(count)]


async def numbers(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        return [row["number"] for row in await connection.fetch("SELECT number FROM seen ORDER BY number")]
    finally:
        await connection.close()


async def test_the_environment_names_both(engines: Engines) -> None:
    assert engines.environment() == {
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": engines.kafka.bootstrap,
        "TOCSIN_DATABASE_URL": engines.postgres.url,
    }
    assert metadata.ask(engines.kafka.ports[0]) == (1, 1)
    connection = await asyncpg.connect(engines.postgres.url)
    assert await connection.fetchval("SELECT current_database()") == "tocsin"
    await connection.close()


async def test_a_killed_postgres_keeps_every_committed_row(engines: Engines) -> None:
    url = engines.postgres.create_database("crash")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE seen (number int PRIMARY KEY)")
    for number in range(200):
        await connection.execute("INSERT INTO seen VALUES ($1)", number)
    engines.postgres.kill()
    connection.terminate()
    with pytest.raises(EngineError, match=r"postgres has ended: see .*postgres\.log and start again"):
        engines.check()
    engines.postgres.start()
    engines.check()
    assert await numbers(url) == list(range(200))


async def test_a_killed_kafka_keeps_every_acknowledged_record_and_its_address(engines: Engines) -> None:
    await write_records(engines.kafka, "crash", 200)
    before = engines.kafka.bootstrap
    engines.kafka.kill()
    engines.kafka.start()
    assert engines.kafka.bootstrap == before
    assert await read_records(engines.kafka, "crash", 200) == [str(number).encode() for number in range(200)]


def test_a_new_kafka_serves_the_new_group_protocol(engines: Engines) -> None:
    """Only a folder with the checkpoint of `kafka-storage format` has more than metadata.version."""
    request = struct.pack(">hhih", 18, 3, 1, 0) + b"\0" + b"\x02t\x021\0"  # ApiVersions, software t 1
    with socket.create_connection(("127.0.0.1", engines.kafka.ports[0]), 5) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            answer = stream.read(struct.unpack(">i", stream.read(4))[0])
    assert b"\x0egroup.version\0\x01\0\x01" in answer  # finalized: highest level 1, lowest 1


async def test_databases_are_separate_and_named_by_identifiers(engines: Engines) -> None:
    one, two = (engines.postgres.create_database(f"t_{uuid.uuid4().hex}") for _ in range(2))
    connection = await asyncpg.connect(one)
    await connection.execute("CREATE TABLE only_here ()")
    await connection.close()
    connection = await asyncpg.connect(two)
    assert await connection.fetchval("SELECT to_regclass('only_here')") is None
    await connection.close()
    with pytest.raises(Refused, match="already exists"):
        engines.postgres.create_database(one.rsplit("/", 1)[1])
    for name in ('x"; DROP DATABASE tocsin; --', "Capital", "1st", "", "a" * 64):
        with pytest.raises(EngineError, match="is no name for a database"):
            engines.postgres.create_database(name)


async def test_text_sorts_the_same_on_every_machine(engines: Engines) -> None:
    connection = await asyncpg.connect(engines.postgres.url)
    shown = await connection.fetchrow(
        "SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding) AS encoding "
        "FROM pg_database WHERE datname = 'tocsin'"
    )
    await connection.close()
    assert tuple(shown) == ("b", "C.UTF-8", "UTF8")


def test_a_throw_away_is_gone_at_the_end() -> None:
    with Postgres() as postgres:
        folder = postgres.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_throw_away_is_gone_even_after_a_crash() -> None:
    with Postgres() as postgres:
        folder = postgres.folder
        postgres.kill()
    assert not folder.exists()


async def test_a_persistent_folder_keeps_data_and_addresses(tmp_path: Path) -> None:
    data = tmp_path / "new" / "folder"
    with Engines(data) as engines:
        before = engines.environment()
        await write_records(engines.kafka, "kept", 3)
        connection = await asyncpg.connect(engines.postgres.url)
        await connection.execute("CREATE TABLE seen AS SELECT 7 AS number")
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
        with pytest.raises(FolderInUse, match=r"in use by process \d+: stop that one or choose another"):
            Kafka(data / "kafka").start()
    with Engines(data) as engines:
        assert engines.environment() == before
        assert await numbers(engines.postgres.url) == [7]
        assert await read_records(engines.kafka, "kept", 3) == [b"0", b"1", b"2"]


def test_several_run_side_by_side(engines: Engines) -> None:
    with Engines() as others:
        assert not {*engines.kafka.ports, *engines.postgres.ports} & {
            *others.kafka.ports,
            *others.postgres.ports,
        }
        assert others.kafka.folder != engines.kafka.folder
        assert metadata.ask(engines.kafka.ports[0]) == metadata.ask(others.kafka.ports[0]) == (1, 1)


def test_a_failed_start_quotes_the_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("9.6\n")
    said = r"ended with exit code \d; its log .*postgres\.log ends with:\n.*postgresql\.conf"
    with pytest.raises(EngineError, match=said), Postgres(tmp_path):
        pass


def test_half_made_data_is_made_anew(tmp_path: Path) -> None:
    """As a crash in the middle of initdb leaves it."""
    (tmp_path / "data.part").mkdir()
    (tmp_path / "data.part" / "PG_VERSION").write_text("18\n")
    with Postgres(tmp_path) as postgres:
        assert postgres.create_database("whole").endswith("/whole")


@pytest.mark.parametrize("kind", [Kafka, Postgres])
def test_an_unusable_folder_is_told(kind: type[Kafka | Postgres], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match=r"the folder cannot be used .*/file.*: choose another one"):
        kind(tmp_path / "file").start()


async def test_it_can_be_waited_for_beside_an_event_loop(engines: Engines) -> None:
    engines.postgres.stop()
    engines.postgres.launch()
    await asyncio.to_thread(engines.postgres.wait)
    engines.check()


def test_a_taken_or_damaged_port_is_replaced(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        (tmp_path / "ports").write_text(f"99999 {taken} -1 \xff", encoding="latin-1")
        with Postgres(tmp_path) as postgres:
            assert postgres.ports[0] not in {99_999, taken}
            assert (tmp_path / "ports").read_text() == str(postgres.ports[0])
