"""The page of metrics is current, and Prometheus has nothing to say against their names."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.chassis.metrics import STAGES
from tocsin.cli.metricspage import known

ROOT = Path(__file__).parents[2]
EXPOSE = """
from prometheus_client import REGISTRY, generate_latest
from tocsin.cli.metricspage import known
known()
print(generate_latest(REGISTRY).decode(), end="")
"""


def test_the_page_in_the_repository_is_current(tmp_path: Path) -> None:
    page = tmp_path / "metrics.md"
    # In a process of its own: tests count things under names of theirs.
    subprocess.run([sys.executable, "-m", "tocsin.cli.metricspage", str(page)], check=True)
    kept = ROOT / "docs" / "metrics.md"
    assert kept.read_text() == page.read_text(), "run `make contracts` and commit what it changes"


def test_every_stage_that_is_measured_is_explained() -> None:
    sources = [
        path.read_text() for folder in ("libs", "services") for path in (ROOT / folder).glob("*/src/**/*.py")
    ]
    named = {name for text in sources for name in re.findall(r'STAGE\.labels\("(\w+)"\)', text)}
    assert named - {"_stage"} <= set(STAGES)
    (stage,) = (metric for metric in known() if metric.name == "tocsin_stage_seconds")
    assert stage.samples == [f"tocsin_stage_seconds_{part}" for part in ("bucket", "sum", "count")]


def test_prometheus_finds_no_fault_with_the_names() -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed: the package `prometheus` has it")
    shown = subprocess.run([sys.executable, "-c", EXPOSE], check=True, capture_output=True).stdout
    checked = subprocess.run([promtool, "check", "metrics"], input=shown, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_every_series_without_an_open_label_is_there_at_the_start() -> None:
    shown = subprocess.run([sys.executable, "-c", EXPOSE], check=True, capture_output=True, text=True).stdout
    for metric in known():
        if not {"loop", "partition", "source"} & set(metric.labels):
            assert re.search(rf"^{metric.samples[-1]}[ {{]", shown, re.MULTILINE), metric.name
