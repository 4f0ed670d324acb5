"""`tocsin cases`: one case as a person reads it, against an API on loopback that answers as notify does."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

AT = "2026-06-13T00:50:00Z"
CASE: dict[str, Any] = {
    "id": "case-1",
    "ref": "C-7F3K2M",
    "state": "in_force",
    "category": "model_restriction",
    "subjects": [{"id": "model:claude-fable-5", "name": "Claude Fable 5", "kind": "model"}],
    "notices": [
        {
            "notice": {"first_seen_at": AT, "source": {"tier": "press", "name": name}, "title": title},
            "classification": {"category": "model_restriction", "action": "imposed"},
            "because": because,
        }
        for name, title, because in (
            ("Agency", "Access to Fable 5 ends", "it is the first to tell of it"),
            ("The Gazette", "Fable 5: shut", "it is a copy of what Agency told"),
        )
    ],
    "steps": [
        {"number": 1, "kind": "opened", "state": "in_force", "severity": "critical", "taken_at": AT},
    ],
}


class Notify(http.server.BaseHTTPRequestHandler):
    case: dict[str, Any] = CASE

    def do_GET(self) -> None:
        found = self.path == "/v1/cases/C-7F3K2M"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.case if found else {"title": "no such case"}).encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def notify() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notify) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def shown(notify: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    done = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "cases", "C-7F3K2M"],
        env=clean | {"COLUMNS": "250", "TOCSIN_NOTIFY_URL": notify, "TOCSIN_API_KEY": "key"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({"copies": 1}, "2 notices, 1 of them copied"),
        ({"copies": 0}, "2 notices"),
        ({}, "2 notices"),  # as an older version of notify left it
    ],
)
def test_a_case_says_who_repeats_whom(
    notify: str, monkeypatch: pytest.MonkeyPatch, counted: dict[str, int], told: str
) -> None:
    monkeypatch.setattr(Notify, "case", CASE | counted)
    lines = [line.rstrip(" │").rstrip() for line in shown(notify).splitlines()]
    assert any(line.endswith(told) for line in lines), lines
    assert any("it is a copy of what Agency told" in line for line in lines)
    assert not any("sources differ" in line for line in lines)


def test_a_case_shows_side_by_side_what_sources_differ_about(
    notify: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = [{"says": "CN", "sources": ["Agency"]}, {"says": "worldwide", "sources": ["Gazette", "Status"]}]
    differ = {"conflicts": [{"about": "whom it hits (imposed)", "sides": sides}]}
    monkeypatch.setattr(Notify, "case", CASE | differ)
    lines = shown(notify).splitlines()
    assert any("CN" in line and "Agency" in line for line in lines)
    assert any("worldwide" in line and "Gazette, Status" in line for line in lines)
