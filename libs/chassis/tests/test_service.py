"""A service process: settings, health over HTTP, and an ordered stop inside its deadline."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICE = Path(__file__).with_name("bell_service.py")


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "TOCSIN_LOG_FORMAT": "json"} | more


@pytest.fixture
def service() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(started: list[subprocess.Popen[str]], *arguments: str, **more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(SERVICE), *arguments],
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def line(process: subprocess.Popen[str], event: str) -> dict[str, str]:
    assert process.stderr is not None
    for text in process.stderr:
        told: dict[str, str] = json.loads(text)
        if told["event"] == event:
            return told
    raise AssertionError(f"the process ended before it logged {event!r}")


def get(url: str, key: str = "") -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read().decode()


def test_it_answers_while_kafka_is_away_and_stops_when_told(service: list[subprocess.Popen[str]]) -> None:
    process = start(service, TOCSIN_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", TOCSIN_API_KEYS='["s3cret"]')
    address = line(process, "serving")["address"]
    assert get(f"{address}/live")[0] == 200
    status, _, body = get(f"{address}/ready")
    because = json.loads(body)["because"]
    assert (status, because["bell"]) == (503, "not hung yet")
    assert "not all parts have been started" in because["start"]  # that Kafka is missed is no part's word yet
    line(process, "waiting")
    assert "tocsin_pulse_age_seconds" in get(f"{address}/metrics")[2]
    process.send_signal(signal.SIGTERM)
    line(process, "stopped")
    assert process.wait(10) == 0


@pytest.mark.parametrize("key", ["", "wrong", "s3cret "])
def test_a_call_without_a_known_key_is_a_problem(service: list[subprocess.Popen[str]], key: str) -> None:
    process = start(service, TOCSIN_API_KEYS='["s3cret"]')
    address = line(process, "serving")["address"]
    assert get(f"{address}/v1/bell", "s3cret")[0] == 200
    status, media_type, body = get(f"{address}/v1/bell", key.strip() and key.replace(" ", "x"))
    assert (status, media_type) == (401, "application/problem+json")
    assert json.loads(body)["title"] == "Unauthorized"


def test_errors_of_the_framework_are_problems_too(service: list[subprocess.Popen[str]]) -> None:
    address = line(start(service), "serving")["address"]
    for path, status in (("/nowhere", 404), ("/v1/bell?strokes=many", 422)):
        code, media_type, body = get(f"{address}{path}")
        assert (code, media_type, json.loads(body)["status"]) == (status, "application/problem+json", status)


def test_a_stop_that_hangs_ends_at_its_deadline(service: list[subprocess.Popen[str]]) -> None:
    process = start(service, BELL_HANGS="1", TOCSIN_STOP_DEADLINE_SECONDS="0.5")
    line(process, "serving")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 1


def test_a_part_that_fails_ends_the_service_with_its_error(service: list[subprocess.Popen[str]]) -> None:
    process = start(service, BELL_CRACKS="1")
    assert line(process, "failed")["error"] == "RuntimeError('cracked')"
    assert process.wait(20) == 1


def test_the_settings_are_shown_with_their_meaning_and_without_secrets(
    service: list[subprocess.Popen[str]],
) -> None:
    process = start(service, "--print-config", TOCSIN_API_KEYS='["s3cret"]', BELL_STROKES="7")
    shown, _ = process.communicate(timeout=20)
    assert "BELL_STROKES=7" in shown
    assert "# How often to ring." in shown
    assert "TOCSIN_API_KEYS=" in shown
    assert "s3cret" not in shown


def test_a_setting_that_does_not_hold_is_named(service: list[subprocess.Popen[str]]) -> None:
    process = start(service, BELL_STROKES="often")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 78
    assert "BELL_STROKES" in said
    assert "valid integer" in said
