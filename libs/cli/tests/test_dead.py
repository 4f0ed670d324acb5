"""`tocsin dead` as an SRE meets it, on real Kafka: found, understood, retried once, dropped with a reason."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import producer, topics
from tocsin.contracts import NOTICES_CLASSIFIED, TOPICS
from tocsin.contracts.cloudevents import Record
from tocsin.embedded import Engines

TOPIC = NOTICES_CLASSIFIED

Tocsin = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def service() -> str:
    """Who buried the letters of this test: the topics are shared by all."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def tocsin(engines: Engines, tmp_path: Path) -> Tocsin:
    asyncio.run(topics.apply(engines.kafka.bootstrap, TOPICS))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            _words(*words), env=_environment(engines), cwd=tmp_path, **_CAPTURED, timeout=60, check=False
        )

    return run


_CAPTURED: dict[str, Any] = {"capture_output": True, "text": True}


def _words(*words: str) -> list[str]:
    return [sys.executable, "-m", "tocsin.cli", "dead", *words]


def _environment(engines: Engines) -> dict[str, str]:
    return dict(os.environ) | {
        "COLUMNS": "250",
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": engines.kafka.bootstrap,
    }


def bury(engines: Engines, service: str, *values: bytes | None, key: bytes = b"doc") -> None:
    """Put letters on the twin, as ``Graveyard`` writes them."""

    async def write() -> None:
        async with producer.connect(engines.kafka.bootstrap, lambda _: None) as kafka:
            await kafka.write(TOPIC.dead, [_letter(service, key, value) for value in values])

    asyncio.run(write())


def _letter(service: str, key: bytes, value: bytes | None) -> Record:
    why = {"service": service, "fault": "refused", "message": f"no \x1b[31m{service}", "topic": TOPIC.name}
    headers = (("ce_id", b"n-1"), ("x", None), ("y", b"\xff"))
    return Record(
        key, value, (*headers, *((f"tocsin-dead-{name}", text.encode()) for name, text in why.items()))
    )


def back(engines: Engines, service: str) -> list[ConsumerRecord]:
    """What was retried: all records of the original topic that this test's letters became."""

    async def read() -> list[ConsumerRecord]:
        client = AIOKafkaConsumer(bootstrap_servers=engines.kafka.bootstrap, auto_offset_reset="earliest")
        await client.start()
        found: list[ConsumerRecord] = []
        try:
            partitions = [TopicPartition(TOPIC.name, n) for n in range(TOPIC.partitions)]
            client.assign(partitions)
            for partition, end in (await client.end_offsets(partitions)).items():
                while await client.position(partition) < end:
                    for records in (await client.getmany(partition, timeout_ms=100)).values():
                        found += records
        finally:
            await client.stop()
        return found

    return [record for record in asyncio.run(read()) if record.value and service.encode() in record.value]


def rows(tocsin: Tocsin, service: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tocsin("list", "--service", service, *words, "--json").stdout)
    return found


def test_letters_are_listed_newest_first_and_hostile_text_stays_text(
    engines: Engines, service: str, tocsin: Tocsin
) -> None:
    bury(engines, service, b"1")
    bury(engines, service, b"22")
    assert [row["bytes"] for row in rows(tocsin, service)] == [2, 1]
    shown = tocsin("list", "--service", service, "--limit", "1")
    assert TOPIC.dead in shown.stdout
    assert f"no �[31m{service}" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "1 of 2" in shown.stderr
    assert rows(tocsin, service, "--fault", "unreadable") == []
    assert tocsin("list", "--service", f"{service}x").stdout == "No dead letters wait.\n"


@pytest.mark.parametrize(
    ("value", "shows"),
    [
        (b'{"a":{"b":"\\u001b[2J"}}', '  "a": {\n    "b": "\\u001b[2J"'),
        (b"\xff\x00plain \x1b[2J", "000000  ff 00 70 6c 61 69 6e 20 1b 5b 32 4a              ..plain .[2J"),
        (b"[" * 100_000, "the first 512 of 100,000 bytes; all of it with --json"),
        (b'["%s"]' % (b"x" * 20_000), "the first 8,000 of 20,008 characters; all of it with --json"),
        (None, "the value is null"),
    ],
)
def test_a_letter_is_shown_whatever_is_in_it(
    engines: Engines, service: str, tocsin: Tocsin, value: bytes | None, shows: str
) -> None:
    bury(engines, service, value)
    (row,) = rows(tocsin, service)
    shown = tocsin("show", row["letter"])
    assert shown.returncode == 0, shown.stderr
    assert shows in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "refused" in shown.stdout
    assert len(shown.stdout) < 20_000
    whole = json.loads(tocsin("show", row["letter"], "--json").stdout)
    assert whole["headers"] == [["ce_id", "n-1"], ["x", None], ["y", "\\xff"]]
    if "value_base64" not in whole:
        assert whole["value"] == (value.decode() if value is not None else None)


def test_a_dry_run_does_nothing_and_a_retry_is_done_once(
    engines: Engines, service: str, tocsin: Tocsin
) -> None:
    bury(engines, service, *(f"{service} {n}".encode() for n in range(5)))
    dry = tocsin("retry", "--service", service, "--dry-run")
    assert "5 would be retried" in dry.stdout
    assert back(engines, service) == []
    assert "5 retried" in tocsin("retry", "--service", service).stdout
    assert "0 retried" in tocsin("retry", "--service", service).stdout
    found = back(engines, service)
    assert [record.value for record in found] == [f"{service} {n}".encode() for n in range(5)]
    assert {record.key for record in found} == {b"doc"}
    assert tuple(found[0].headers)[:3] == (("ce_id", b"n-1"), ("x", None), ("y", b"\xff"))
    assert [name for name, _ in found[0].headers][3:] == ["tocsin-retried-from"]
    assert rows(tocsin, service) == []
    assert {row["state"] for row in rows(tocsin, service, "--all")} == {"retried"}
    named = rows(tocsin, service, "--all")[0]["letter"]
    again = tocsin("retry", named, "--json")
    assert json.loads(again.stdout) == {"retried": 0, "found": 0, "refused": {}}
    assert f"{named} was retried before" in again.stderr


def test_a_dropped_letter_says_why_and_comes_back_only_by_name(
    engines: Engines, service: str, tocsin: Tocsin
) -> None:
    bury(engines, service, service.encode())
    assert "1 dropped" in tocsin("drop", "--service", service, "--reason", "a drill").stdout
    assert rows(tocsin, service) == []
    (row,) = rows(tocsin, service, "--all")
    assert (row["state"], row["reason"]) == ("dropped", "a drill")
    assert "0 retried" in tocsin("retry", "--service", service).stdout
    assert "1 retried" in tocsin("retry", row["letter"]).stdout
    assert len(back(engines, service)) == 1


def test_a_letter_that_is_not_there_is_exit_1(tocsin: Tocsin) -> None:
    for words in (("show",), ("retry",), ("drop", "--reason", "none")):
        failed = tocsin(*words, f"{TOPIC.dead}/0/999999999")
        assert failed.returncode == 1
        assert "no such letter" in failed.stderr


def test_a_retry_killed_in_the_middle_goes_on_and_publishes_each_once(
    engines: Engines, service: str, tocsin: Tocsin, tmp_path: Path
) -> None:
    count = 4_000
    values = [f"{service} {n} ".encode() + os.urandom(500).hex().encode() for n in range(count)]
    for first in range(0, count, 1000):
        some = values[first : first + 1000]
        bury(engines, service, *some, key=f"doc {first}".encode())
    before = _ends(engines)
    with subprocess.Popen(
        _words("retry", "--service", service), env=_environment(engines), cwd=tmp_path
    ) as it:
        while _ends(engines) < before + 300:
            assert it.poll() is None, "it ended before it was killed"
        it.send_signal(signal.SIGKILL)
    assert it.returncode == -signal.SIGKILL
    assert 0 < len(back(engines, service)) < count
    done = json.loads(tocsin("retry", "--service", service, "--json").stdout)
    assert 0 < done["retried"] < count
    told = Counter(record.value for record in back(engines, service))
    assert set(told) == set(values)
    assert set(told.values()) == {1}


def _ends(engines: Engines) -> int:
    async def ask() -> int:
        client = AIOKafkaConsumer(bootstrap_servers=engines.kafka.bootstrap)
        await client.start()
        try:
            partitions: Sequence[TopicPartition] = [
                TopicPartition(TOPIC.name, n) for n in range(TOPIC.partitions)
            ]
            return sum((await client.end_offsets(partitions)).values())
        finally:
            await client.stop()

    return asyncio.run(ask())
