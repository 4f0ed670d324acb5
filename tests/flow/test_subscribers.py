"""The programs by which a team subscribes by topic really run, and the README shows the shortest."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin.embedded import jars

if TYPE_CHECKING:
    from tests.conftest import Told

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "docs" / "subscribers"
PYTHON = PROGRAMS / "python" / "subscriber.py"


# Java compiles a single file on its way, and Kafka's own jars have all that it needs.
COMMANDS = {
    "python": [sys.executable, str(PYTHON)],
    "javac": ["java", "-cp", f"{jars.folder()}/*", str(PROGRAMS / "java" / "Subscriber.java")],
    "go": ["./subscriber"],
}


@pytest.mark.parametrize("tool", COMMANDS)
def test_a_subscriber_hears_every_alert_of_its_team(told: "Told", tool: str, tmp_path: Path) -> None:
    if tool != "python" and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on this machine")
    if tool == "go":  # built first: `go run` would leave the program running when it is ended itself
        build = ["go", "build", "-o", str(tmp_path / "subscriber"), "."]
        subprocess.run(build, cwd=PROGRAMS / "go", check=True, timeout=300)
    due = {alert["id"] for alert in told.town.get("alerts") if alert["team"] == "payments"}
    kafka = {"TOCSIN_KAFKA_BOOTSTRAP_SERVERS": told.town.stack.place.kafka}
    assert _heard(COMMANDS[tool], tmp_path, kafka, len(due)) == due


def _heard(command: Sequence[str], folder: Path, environment: Mapping[str, str], count: int) -> set[str]:
    """The first so many ids that a subscriber prints."""
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = (line.split()[0] for line in process.stdout if line.startswith("a-"))
        return {next(lines) for _ in range(count)}
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()


def test_the_readme_shows_this_very_program() -> None:
    code = PYTHON.read_text(encoding="utf-8").split("\n\n\n", 1)[1].split("\n\n\nif __name__")[0]
    assert code in (ROOT / "README.md").read_text(encoding="utf-8")
