"""`tocsin why`, `why-not`, `not-this` as a person reads them, against an API that answers as notify does."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

NOTICE = {
    "id": "n-1",
    "title": "Access to Fable 5 ends",
    "url": None,
    "source": "agency",
    "tier": "press",
    "category": "model_restriction",
    "action": "imposed",
    "certainty": "reported",
    "severity": "high",
}
EVIDENCE = [{"claim": "action=imposed", "rule": "a-rule", "words": "access ends"}]
CHECKS = [
    {"asks": "min_severity", "holds": False, "because": "the step is high, and critical is asked for"},
    {"asks": "whatever is hit", "holds": True, "because": "the step is about Claude Fable 5"},
]
REFUSAL = {
    "number": 3,
    "team": "payments",
    "sort": "source",
    "thing": "agency",
    "author": "ann",
    "reason": "a rumour\x1b[31m mill",
    "made_at": "2026-06-13T00:50:00Z",
}
CASE = {
    "case_ref": "C-7F3K2M",
    "joined_because": "it is the first to tell of it",
    "step": 1,
    "kind": "opened",
    "alert": None,
    "because": "no watch of the team matches",
    "told_of_the_case": [],
    "watches": [{"watch": "checkout", "matches": False, "checks": CHECKS}],
    "not_this": [REFUSAL],
}
ANSWERS: dict[str, Any] = {
    "GET /v1/why/a-1": {
        "alert": "a-1",
        "team": "payments",
        "case_ref": "C-7F3K2M",
        "step": 1,
        "kind": "opened",
        "headline": "Claude Fable 5: restriction of access in force",
        "notice": NOTICE,
        "joined_because": "it is the first to tell of it",
        "evidence": EVIDENCE,
        "reasons": [
            {
                "watch": "checkout",
                "because": "You watch the model Claude Fable 5.",
                "declared": {"name": "checkout", "models": ["Fable 5"]},
                "entities": [
                    {
                        "id": "model:claude-fable-5",
                        "name": "Claude Fable 5",
                        "words": [{"field": "title", "start": 10, "end": 17, "quote": "Fable 5"}],
                    }
                ],
            }
        ],
        "watches": [],
        "not_this": [],
    },
    "GET /v1/why-not?notice=n-1&team=payments": {
        "notice": NOTICE,
        "team": "payments",
        "told": False,
        "because": "no watch of the team matches",
        "evidence": EVIDENCE,
        "cases": [CASE],
    },
    "GET /v1/teams/payments/not-this": {"items": [REFUSAL]},
    "POST /v1/teams/payments/not-this": REFUSAL,
    "DELETE /v1/teams/payments/not-this/3?author=ann": None,
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


SHOWN: list[tuple[tuple[str, ...], list[str]]] = [
    (
        ("why", "a-1"),
        [
            "C-7F3K2M step 1, opened",
            "because it is the first to tell of it",
            "You watch the model Claude Fable 5.",
            "title 10: “Fable 5”",
            "access ends",
        ],
    ),
    (
        ("why-not", "n-1", "payments"),
        [
            "no watch of the team matches",
            "min_severity",
            "the step is high, and critical is asked for",
            "agency, said ann: a rumour",
        ],
    ),
    (("not-this", "payments"), ["source", "agency", "a rumour", "ann"]),
    (("not-this", "payments", "--take-back", "3", "--author", "ann"), ["3 is taken back"]),
    (
        ("not-this", "payments", "--source", "agency", "--reason", "x"),
        ["3: payments hears no more of agency"],
    ),
]


@pytest.mark.parametrize(("words", "parts"), SHOWN)
def test_it_says_so_in_words(notify: str, words: tuple[str, ...], parts: list[str]) -> None:
    done = run(notify, *words)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    for part in parts:
        assert part in done.stdout


@pytest.mark.parametrize("words", [("why", "a-1"), ("why-not", "n-1", "payments")])
def test_programs_get_what_the_api_says(notify: str, words: tuple[str, ...]) -> None:
    assert json.loads(run(notify, *words, "--json").stdout) in ANSWERS.values()


STATUSES: list[tuple[tuple[str, ...], int, str]] = [
    (("why", "a-2"), 1, "no such thing"),
    (("why-not", "n-1", "nobody"), 1, "no such thing"),
    (("not-this", "payments", "--source", "a", "--case", "C-1", "--reason", "x"), 2, "name one of"),
    (("not-this", "payments", "--source", "a"), 2, "--reason"),
    (("why-not", "n-1"), 2, "Missing argument"),
]


@pytest.mark.parametrize(("words", "status", "part"), STATUSES)
def test_the_exit_status_tells_what_went_wrong(
    notify: str, words: tuple[str, ...], status: int, part: str
) -> None:
    done = run(notify, *words)
    assert (done.returncode, part in done.stderr) == (status, True), done.stderr


def test_nobody_at_the_address_is_a_status_of_its_own() -> None:
    assert run("http://127.0.0.1:9", "why", "a-1").returncode == 3


def test_a_refusal_is_sent_with_author_and_reason(notify: str) -> None:
    Notify.heard.clear()
    run(notify, "not-this", "payments", "--case", "C-7F3K2M", "--reason", "not ours", "--author", "ann")
    assert Notify.heard == [{"case": "C-7F3K2M", "author": "ann", "reason": "not ours"}]
