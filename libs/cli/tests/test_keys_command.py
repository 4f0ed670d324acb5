"""`tocsin keys` and `changes` as a person uses them, against an API that answers as notify does."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

KEY = {
    "id": "key-0123456789ab",
    "label": "ci\x1b[31m",
    "scope": "team",
    "team": "payments",
    "made_at": "2026-06-13T00:50:00Z",
    "made_by": "key 1 of the settings",
    "expires_at": "2026-09-11T00:50:00Z",
    "last_used_at": None,
    "revoked_at": None,
}
NEW: dict[str, Any] = KEY | {"key": "tocsin_" + "0f" * 32}
CHANGE = {
    "number": 1,
    "at": "2026-06-13T00:50:00Z",
    "who": "ci (key-0123456789ab)",
    "what": "PUT /v1/teams/payments",
    "team": "payments",
    "outcome": "done",
    "before": None,
    "after": '"v-1"',
    "summary": None,
}
ANSWERS: dict[str, Any] = {
    "POST /v1/keys": NEW,
    "GET /v1/keys": {"items": [KEY]},
    "POST /v1/keys/key-0123456789ab/rotate": NEW,
    "DELETE /v1/keys/key-0123456789ab": None,
    "GET /v1/changes?limit=20&team=payments": {"items": [CHANGE], "next": None},
}


class Notify(http.server.BaseHTTPRequestHandler):
    heard: ClassVar[list[Any]] = []

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.heard.append(json.loads(self.rfile.read(length)))
        asked = f"{self.command} {self.path}"
        self.send_response(200 if asked in ANSWERS else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(ANSWERS.get(asked, {"status": 404, "detail": "no such thing"})).encode())

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def notify() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notify) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(notify: str, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        env=clean | {"COLUMNS": "250", "TOCSIN_NOTIFY_URL": notify, "TOCSIN_API_KEY": "key"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_new_key_stands_alone_on_standard_output(notify: str) -> None:
    Notify.heard.clear()
    done = run(notify, "keys", "create", "ci", "--team", "payments", "--lives", "90d")
    assert (done.returncode, done.stdout) == (0, NEW["key"] + "\n")
    assert "never shown again" in done.stderr
    done = run(notify, "keys", "rotate", "key-0123456789ab", "--overlap", "2h")
    assert done.stdout == NEW["key"] + "\n"
    assert Notify.heard == [
        {"label": "ci", "scope": "team", "team": "payments", "seconds": 90 * 86_400},
        {"overlap_seconds": 7200},
    ]


SHOWN: list[tuple[tuple[str, ...], list[str]]] = [
    (("keys", "list"), ["key-0123456789ab", "payments", "key 1 of the settings"]),
    (("keys", "revoke", "key-0123456789ab"), ["is ended"]),
    (("changes", "--team", "payments"), ["PUT /v1/teams/payments", "ci (key-0123456789ab)", "done"]),
]


@pytest.mark.parametrize(("words", "parts"), SHOWN)
def test_it_says_so_in_words(notify: str, words: tuple[str, ...], parts: list[str]) -> None:
    done = run(notify, *words)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    for part in parts:
        assert part in done.stdout


def test_a_span_that_is_none_is_a_mistake_in_the_call(notify: str) -> None:
    done = run(notify, "keys", "create", "ci", "--lives", "soon")
    assert (done.returncode, "use 90s" in done.stderr) == (2, True)
