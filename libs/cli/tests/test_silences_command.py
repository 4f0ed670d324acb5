"""`tocsin silence` and `silences`, against an API on loopback that answers as notify does."""

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
MADE = {
    "number": 3,
    "team": "payments",
    "case": "case-1",
    "case_ref": "C-7F3K2M",
    "entity": None,
    "source": None,
    "category": "guidance",
    "watch": None,
    "until": AT,
    "author": "ann",
    "reason": "known",
    "made_at": AT,
    "ended_at": None,
    "ended_by": None,
}
ALERT = {
    "raised_at": AT,
    "case_ref": "C-7F3K2M",
    "kind": "widened",
    "severity": "low",
    "headline": "More of it",
}
HIDDEN = {
    "examined": 40,
    "count": 1,
    "endings": 2,
    "alerts": [ALERT],
    "open_cases": [{"ref": "C-7F3K2M", "state": "in_force"}],
}


class Notify(http.server.BaseHTTPRequestHandler):
    asked: list[tuple[str, str, Any]]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, json.loads(body) if body else None))
        answer = HIDDEN if self.path.endswith("/preview") else MADE if body else {"items": [MADE]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def notify() -> Iterator[str]:
    Notify.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notify) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(notify: str, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        env=clean | {"COLUMNS": "250", "TZ": "UTC", "TOCSIN_NOTIFY_URL": notify, "TOCSIN_API_KEY": "key"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_silence_is_made_with_an_end_a_reason_and_an_author(notify: str) -> None:
    words = ("--category", "guidance", "--until", "2026-12-01T09:00Z", "--reason", "known", "--author", "ann")
    done = run(notify, "silence", "payments", *words)
    assert "3: payments is not interrupted for case C-7F3K2M, category guidance" in done.stdout, done.stderr
    assert "until 2026-06-13 00:50:00 UTC" in done.stdout
    ends = "2026-12-01T09:00:00+00:00"
    sent = {"category": "guidance", "until": ends, "reason": "known", "author": "ann"}
    assert Notify.asked == [("POST", "/v1/teams/payments/silences", sent)]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--until", "2d", "--reason", "known"), "name what to hide"),
        (("--case", "C-7F3K2M", "--reason", "known"), "needs --until and --reason"),
        (("--case", "C-7F3K2M", "--until", "2d"), "needs --until and --reason"),
        (("--case", "C-7F3K2M", "--until", "soon", "--reason", "known"), "'soon' is no time"),
    ],
)
def test_what_lacks_something_is_refused_before_anybody_is_asked(
    notify: str, words: tuple[str, ...], cure: str
) -> None:
    done = run(notify, "silence", "payments", *words)
    assert done.returncode == 2
    assert cure in done.stderr
    assert Notify.asked == []


def test_a_preview_shows_what_would_have_been_hidden_and_makes_nothing(notify: str) -> None:
    done = run(notify, "silence", "payments", "--case", "C-7F3K2M", "--preview", "--days", "7")
    assert "1 of the latest 40 alerts" in done.stdout, done.stderr
    assert "More of it" in done.stdout
    assert "C-7F3K2M (in_force)" in done.stdout
    sent = {"case": "C-7F3K2M", "days": 7}
    assert Notify.asked == [("POST", "/v1/teams/payments/silences/preview", sent)]


def test_silences_are_listed_and_ended(notify: str) -> None:
    assert "case C-7F3K2M, category guidance" in run(notify, "silences", "payments", "--ended").stdout
    assert "3 is ended" in run(notify, "silences", "payments", "--end", "3", "--author", "ann").stdout
    assert [(method, path) for method, path, _ in Notify.asked] == [
        ("GET", "/v1/teams/payments/silences?ended=true"),
        ("DELETE", "/v1/teams/payments/silences/3?author=ann"),
    ]
