"""A bounded run of the harness with a fixed seed; `make chaos` runs more and draws others."""

from pathlib import Path

import pytest

from tests.chaos.faults import LANES
from tests.chaos.run import Plan, run

pytestmark = pytest.mark.chaos

SEED, FAULTS = 1, 20


def test_nothing_is_lost_doubled_or_out_of_order_whatever_fails(tmp_path: Path) -> None:
    report = run(Plan(SEED, FAULTS, LANES), tmp_path, print)
    assert report.steps > 400  # as the load has it: the catalogue's models, each imposed and lifted
    assert report.complaints == []
