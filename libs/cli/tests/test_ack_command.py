"""`tocsin ack` and `tocsin alert`, against an API on loopback that answers as notify does."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

AT = "2026-06-13T00:50:00Z"
ALERT = {
    "id": "a-1",
    "team": "payments",
    "case_ref": "C-7F3K2M",
    "step": 2,
    "severity": "critical",
    "headline": "Claude Fable 5: in force",
    "acknowledged": None,
    "on_call": {"state": "armed", "due_at": AT, "because": None},
}
EVENTS = [
    {"at": AT, "what": "raised", "channel": None, "detail": "Claude Fable 5: in force"},
    {"at": AT, "what": "delivered", "channel": "hook", "detail": "\x1b[31malert[bold]"},
]
BY = {"author": "Ann", "alert": "a-1", "step": 2, "how": "api", "at": AT}


class Notify(http.server.BaseHTTPRequestHandler):
    asked: list[tuple[str, str, Any]]
    new = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, json.loads(body) if body else None))
        url = urlsplit(self.path)
        answer: Any = ALERT
        if url.path.endswith("/acknowledge"):
            answer = {"acknowledged": BY, "new": self.new}
        elif url.path.endswith("/timeline"):
            answer = {"items": EVENTS}
        elif url.query:
            answer = {"items": [ALERT] if parse_qs(url.query)["team"] == ["payments"] else []}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def notify() -> Iterator[str]:
    Notify.asked, Notify.new = [], True
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


def test_an_alert_is_acknowledged_by_its_id(notify: str) -> None:
    told = run(notify, "ack", "a-1", "--author", "Ann")
    assert told.returncode == 0, told.stderr
    assert "a-1 is acknowledged by Ann, 2026-06-13 00:50:00 UTC" in told.stdout
    assert Notify.asked == [("POST", "/v1/alerts/a-1/acknowledge", {"author": "Ann"})]


def test_of_a_case_it_is_the_latest_alert_of_the_team(notify: str) -> None:
    Notify.new = False
    told = run(notify, "ack", "c-7f3k2m", "--team", "payments")
    assert "already acknowledged by Ann" in told.stdout
    (_, found, _), (_, path, body) = Notify.asked
    assert parse_qs(urlsplit(found).query) == {"case": ["C-7F3K2M"], "team": ["payments"], "limit": ["1"]}
    assert (path, list(body)) == ("/v1/alerts/a-1/acknowledge", ["author"])
    assert body["author"]


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["C-7F3K2M"], 2, "--team"),
        (["C-7F3K2M", "--team", "research"], 1, "research has no alert of C-7F3K2M"),
    ],
)
def test_a_case_without_a_team_or_an_alert_is_refused(
    notify: str, words: list[str], status: int, part: str
) -> None:
    told = run(notify, "ack", *words)
    assert told.returncode == status
    assert part in told.stderr
    assert not any(method == "POST" for method, _, _ in Notify.asked)


def test_an_alert_is_shown_with_its_time_line(notify: str) -> None:
    told = run(notify, "alert", "a-1")
    assert told.returncode == 0, told.stderr
    for part in (
        "by nobody yet; to do so: tocsin ack a-1",
        "more follows at 2026-06-13 00:50:00 UTC",
        "hook",
    ):
        assert part in told.stdout
    assert "alert[bold]" in told.stdout
    assert "\x1b" not in told.stdout


def test_an_alert_is_shown_as_json(notify: str) -> None:
    told = json.loads(run(notify, "alert", "a-1", "--json").stdout)
    assert [one["what"] for one in told["timeline"]] == ["raised", "delivered"]
    assert told["id"] == "a-1"
