"""`tocsin sources backfill`: asks until the range is done, says how far it is, and where to go on."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SPAN = ("--since", "2026-03-02", "--until", "2026-03-20")


@dataclass
class Ingest:
    """An ingest that gives these answers, one a call."""

    address: str = ""
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    there = Ingest()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            there.asked.append({name: values[0] for name, values in query.items()})
            status, answer = there.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there.address = f"http://127.0.0.1:{server.server_port}"
        yield there
        server.shutdown()


def backfill(ingest: Ingest, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    ours = {"TOCSIN_INGEST_URL": ingest.address, "TOCSIN_API_KEY": "key", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "sources", "backfill", "register", *SPAN, *words],
        cwd=folder,
        env=clean | ours,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def part(told: int, following: str | None) -> tuple[int, dict[str, Any]]:
    return 200, {"entries": told + 1, "told": told, "failed": 0, "next": following}


def test_it_asks_until_the_range_is_done_and_says_how_far_it_is(ingest: Ingest, tmp_path: Path) -> None:
    ingest.answers = [part(3, "2026-03-09T00:00:00+00:00"), part(2, None)]
    done = backfill(ingest, tmp_path, "--dry-run", "--json")
    assert json.loads(done.stdout) == {"entries": 7, "told": 5, "failed": 0}
    assert "register: 4 entries up to 2026-03-09 00:00:00 UTC" in done.stderr
    assert "register: 7 entries up to 2026-03-20 00:00:00 UTC" in done.stderr
    assert [(one["since"], one["dry_run"]) for one in ingest.asked] == [
        ("2026-03-02T00:00:00+00:00", "true"),
        ("2026-03-09T00:00:00+00:00", "true"),
    ]


def test_when_the_source_does_not_answer_it_says_where_to_go_on(ingest: Ingest, tmp_path: Path) -> None:
    ingest.answers = [part(3, "2026-03-09T00:00:00+00:00"), (502, {"status": 502, "detail": "status 429"})]
    done = backfill(ingest, tmp_path)
    assert done.returncode == 1
    assert "go on later with --since 2026-03-09T00:00:00+00:00" in done.stderr
