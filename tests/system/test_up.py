"""`tocsin up` and `tocsin demo` as a user runs them: start, use, stop, start again."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system

PATIENCE_SECONDS = 60.0
QUICK_START = Path(__file__).parents[2] / "docs" / "quickstart.md"

SOURCES = """\
sources:
  - {id: desk, name: Our desk, tier: party, kind: push}
"""
TEAMS = """\
teams:
  - id: payments
    name: Payments
    watches:
      - name: assistant
        models: [Claude Fable 5]
    channels:
      - {kind: log, name: trial}
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tocsin.cli", *words]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}


def run(folder: Path, *words: str, expect: int = 0, stdin: str | None = None) -> str:
    done = subprocess.run(
        command(*words),
        cwd=folder,
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout if expect == 0 else done.stderr


@contextmanager
def up(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("up", "--sources", "sources.yaml"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A runner in the background has Ctrl-C ignored, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    try:
        assert process.stdout is not None
        assert any("Ctrl-C stops everything" in line for line in process.stdout), "it ended before it was up"
        yield process
    finally:
        process.kill()
        process.communicate()


def alerts(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run(folder, "alerts", "--json"))
    return rows


def test_a_user_starts_it_uses_it_stops_it_and_finds_everything_again(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "teams.yaml").write_text(TEAMS)
    with up(tmp_path) as process:
        assert "added" in run(tmp_path, "apply", "-f", "teams.yaml")
        assert "unchanged" in run(tmp_path, "apply", "-f", "teams.yaml")
        (tmp_path / "wrong.yaml").write_text(TEAMS.replace("Fable 5", "Fabel 5"))
        said = run(tmp_path, "apply", "-f", "wrong.yaml", expect=2)
        assert "wrong.yaml:6:18: models: the catalogue knows no model 'Claude Fabel 5'" in said
        assert "did you mean 'Claude Fable 5'?" in said
        notice = ("push", "-s", "desk", "--title", "Access to Claude Fable 5 suspended for all customers")
        assert "published" in run(tmp_path, *notice)
        assert "unchanged" in run(tmp_path, *notice)
        end = time.monotonic() + PATIENCE_SECONDS
        while not alerts(tmp_path) and time.monotonic() < end:
            time.sleep(0.1)
        (alert,) = alerts(tmp_path)
        assert alert["headline"].startswith("Claude Fable 5")
        assert alert["case_ref"] in run(tmp_path, "cases")
        assert "opened" in run(tmp_path, "cases", alert["case_ref"])
        assert "trial" in run(tmp_path, "deliveries")
        assert "1 deliveries expected, 1 confirmed, 0 open, 0 gap(s)" in run(tmp_path, "audit")
        assert "ill" not in run(tmp_path, "doctor")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert "tocsin up" in run(tmp_path, "alerts", expect=2)
    with up(tmp_path):
        assert alerts(tmp_path) == [alert]


def test_the_quick_start_does_what_it_says(tmp_path: Path) -> None:
    page = QUICK_START.read_text(encoding="utf-8")
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text)
    start, *calls = re.findall(r"^ *tocsin (.*?)(?:\s+#.*)?$", page, re.MULTILINE)
    assert start == "up --sources sources.yaml"
    with up(tmp_path):
        said = [(call, _patiently(tmp_path, *shlex.split(call))) for call in calls]
    told = dict(said)  # the same push twice: the later answer
    assert "Claude Fable 5" in told["catalogue find fable"]
    assert "Claude Fable 5" in told["alerts --team payments"]
    assert "delivered" in told["deliveries"]
    assert "0 gap(s)" in told["audit"]
    suspended = 'push -s desk --title "Access to Claude Fable 5 suspended for all customers"'
    assert [answer for call, answer in said if call == suspended][1].startswith("unchanged")


def _patiently(folder: Path, *words: str) -> str:
    """What a command says once what was pushed has arrived: a reader of the page takes a second, too."""
    end = time.monotonic() + PATIENCE_SECONDS
    said = run(folder, *words)
    while words[0] in {"alerts", "deliveries"} and "Claude Fable" not in said and time.monotonic() < end:
        time.sleep(0.1)
        said = run(folder, *words)
    return said


def test_the_demo_ends_well_by_itself_without_a_terminal(tmp_path: Path) -> None:
    shown = run(tmp_path, "demo")
    assert "9 expected, 9 arrived, 0 twice, 0 with a bad signature or shape" in shown
