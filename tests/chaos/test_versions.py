"""Old and new replicas side by side, as in every upgrade: they understand each other's messages and rows."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.chaos.faults import STOP, lane
from tests.chaos.run import Plan, run
from tests.chaos.scene import sources
from tocsin.cli.stack import SERVICES

pytestmark = pytest.mark.chaos

BEFORE = "0a03e96d0178"  # code before `language` and its like were in the messages
HERE = Path(__file__).parents[2]
SEED, STOPS = 1, 8


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The code as it was; every new field of a message or column of a row is new to it."""
    packed = tmp_path / "older.tar"
    words = ["git", "-C", str(HERE), "archive", "-o", str(packed), BEFORE, "libs", "services"]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip(f"this clone does not hold the older commit {BEFORE}")
    with tarfile.open(packed) as unpacking:
        unpacking.extractall(tmp_path / "older", filter="data")
    _have_it_pass_over_new_fields(tmp_path / "older")
    return tmp_path / "older"


def _have_it_pass_over_new_fields(older: Path) -> None:
    """That code still refused a declared field that it did not know (today's passes over them in rows).

    The load needs one, for it tells more in an hour than any team should hear.
    """
    path = older / "libs/contracts/src/tocsin/contracts/subscriptions.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('extra="forbid"', 'extra="ignore"'), encoding="utf-8")


def test_the_older_code_is_what_its_replicas_run(older: Path) -> None:
    words = [sys.executable, "-c", "import tocsin.contracts, tocsin.notify; print(tocsin.contracts.__file__)"]
    environment = dict(os.environ) | {"PYTHONPATH": sources(older)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(older)


def test_an_upgrade_replica_by_replica_loses_nothing(older: Path, tmp_path: Path) -> None:
    lanes = {service: lane(service, (STOP,), (3.0, 5.0)) for service in SERVICES}
    report = run(Plan(SEED, STOPS, lanes, older=older), tmp_path, print)
    assert report.steps > 400  # as the load has it: models of the catalogue, each imposed and lifted
    assert report.complaints == []
