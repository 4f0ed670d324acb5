"""The ten lines by which a team subscribes to the alerts topic really run, and the README shows these."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Told

ROOT = Path(__file__).parents[2]
SUBSCRIBER = ROOT / "docs" / "subscriber.py"


def test_a_subscriber_hears_every_alert_of_its_team(told: "Told") -> None:
    due = {alert["id"] for alert in told.town.get("alerts") if alert["team"] == "payments"}
    environment = os.environ | {"TOCSIN_KAFKA_BOOTSTRAP_SERVERS": told.town.stack.place.kafka}
    process = subprocess.Popen(
        [sys.executable, str(SUBSCRIBER)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = (line.split()[0] for line in process.stdout if line.startswith("a-"))
        heard = {next(lines) for _ in due}
    finally:
        process.kill()
        process.communicate()
    assert heard == due


def test_the_readme_shows_this_very_program() -> None:
    code = SUBSCRIBER.read_text(encoding="utf-8").split("\n\n\n", 1)[1].split("\n\n\nif __name__")[0]
    assert code in (ROOT / "README.md").read_text(encoding="utf-8")
