"""Proof of delivery on three real services: the canary comes back, and the audit finds what is missing."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator

import asyncpg
import pytest
import yaml
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client.parser import text_string_to_metric_families

from tocsin.cli.client import Body, call
from tocsin.cli.stack import Stack
from tocsin.contracts import ALERTS

pytestmark = pytest.mark.system

PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    sources = tmp_path_factory.mktemp("proof") / "sources.yaml"
    desk = {"id": "desk", "name": "Desk", "tier": "party", "kind": "push"}
    sources.write_text(yaml.safe_dump({"sources": [desk]}))
    environment = {"TOCSIN_INGEST_SOURCES_FILE": str(sources), "TOCSIN_NOTIFY_CANARY_SECONDS": "1"}
    with Stack(environment=environment) as running:
        yield running


def test_it_comes_back_and_only_the_metrics_show_it(stack: Stack) -> None:
    _until(lambda: _metric(stack, "tocsin_canary_seconds_count") >= 3)
    _until(lambda: _metric(stack, "tocsin_canary_age_seconds") < 5)
    place = stack.place
    for what in ("alerts", "cases", "deliveries"):
        assert call("GET", f"{place.notify_url}/v1/{what}", place.api_key)["items"] == []
    assert call("GET", f"{place.notify_url}/v1/subscriptions", place.api_key) == {"teams": []}
    audited = call("GET", f"{place.notify_url}/v1/audit", place.api_key)
    assert (audited["notices"], audited["expected"], audited["gaps"]) == (0, 0, [])


def test_its_age_grows_while_a_service_on_its_road_is_dead(stack: Stack) -> None:
    stack.kill("classify")
    _until(lambda: _metric(stack, "tocsin_canary_age_seconds") > 5)
    stack.start("classify")
    _until(lambda: _metric(stack, "tocsin_canary_age_seconds") < 3)


def test_the_command_finds_a_gap_and_sweeps_it(stack: Stack) -> None:
    place = stack.place
    team = {
        "id": "duty",
        "name": "Duty",
        "watches": [{"name": "all", "categories": ["model_restriction"]}],
        "channels": [{"kind": "log", "name": "log"}],
    }
    _send(stack, "PUT", f"{place.notify_url}/v1/subscriptions", {"teams": [team]})
    notice = {"source": "desk", "title": "Access to Claude Fable 5 suspended for all customers"}
    _send(stack, "POST", f"{place.ingest_url}/v1/notices", notice)
    _until(lambda: _metric(stack, "tocsin_notify_deliveries_total", kind="log", state="delivered") == 1)
    assert "1 deliveries expected, 1 confirmed, 0 open, 0 gap(s)" in _audit(stack, 0)
    asyncio.run(_lose_deliveries(stack))
    assert "no delivery" in _audit(stack, 1)
    assert "1 gap(s)" in _audit(stack, 1, "--sweep")
    _until(lambda: _metric(stack, "tocsin_notify_deliveries_total", kind="log", state="delivered") == 2)
    told = json.loads(_audit(stack, 0, "--json"))
    assert (told["expected"], told["confirmed"], told["gaps"]) == (1, 1, [])


def test_the_command_asks_the_alerts_topic_itself(stack: Stack) -> None:
    """Kafka loses what the ledger calls published; the sweep puts it there again, under its own id."""
    _until(lambda: [alert["published_at"] is not None for alert in _alerts(stack)] == [True])
    asyncio.run(_lose_alerts(stack))
    assert "the alerts topic does not hold it" in _audit(stack, 1)
    assert "1 gap(s)" in _audit(stack, 1, "--sweep")
    _until(lambda: [alert["published_at"] is not None for alert in _alerts(stack)] == [True])
    assert "0 gap(s)" in _audit(stack, 0)


def _alerts(stack: Stack) -> list[dict[str, str]]:
    alerts: list[dict[str, str]] = call("GET", f"{stack.place.notify_url}/v1/alerts", stack.place.api_key)[
        "items"
    ]
    return alerts


async def _lose_alerts(stack: Stack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.engines.kafka.bootstrap)
    await admin.start()
    try:
        before_end = RecordsToDelete(before_offset=-1)
        everything = {TopicPartition(ALERTS.name, number): before_end for number in range(ALERTS.partitions)}
        await admin.delete_records(everything)
    finally:
        await admin.close()


def _send(stack: Stack, method: str, url: str, body: object) -> None:
    call(method, url, stack.place.api_key, body=Body(json.dumps(body).encode()))


def _audit(stack: Stack, status: int, *words: str) -> str:
    known = {
        "TOCSIN_NOTIFY_URL": stack.place.notify_url,
        "TOCSIN_API_KEY": stack.place.api_key,
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": stack.place.kafka,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "audit", "--since", "1h", *words],
        env=dict(os.environ) | {"COLUMNS": "300"} | known,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


async def _lose_deliveries(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.engines.postgres.url)
    try:
        await connection.execute(
            "delete from notify.attempts where delivery_id in "
            "(select id from notify.deliveries where team_id = 'duty')"
        )
        await connection.execute("delete from notify.deliveries where team_id = 'duty'")
    finally:
        await connection.close()


def _metric(stack: Stack, name: str, **labels: str) -> float:
    with urllib.request.urlopen(f"{stack.url('notify')}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
