"""The harness can fail: with the order of a guarantee reversed it finds what is lost."""

from pathlib import Path

import pytest

from tests.chaos.faults import CRASH, lane
from tests.chaos.run import Plan, run

pytestmark = pytest.mark.breaks

SEED, CRASHES = 1, 6  # a service
CRASHING = {
    "commit-before-handling": ("classify", "notify"),
    "remember-before-publish": ("ingest",),
    "record-before-send": ("notify",),
    "bury-after-commit": ("classify", "notify"),
}


@pytest.mark.parametrize("breakage", CRASHING)
def test_a_reversed_order_is_found_by_what_it_loses(breakage: str, tmp_path: Path) -> None:
    lanes = {service: lane(service, (CRASH,), (4.0, 5.0)) for service in CRASHING[breakage]}
    verdict = run(Plan(SEED, CRASHES * len(lanes), lanes, breakage), tmp_path, print).verdict
    print(verdict.counts)  # noqa: T201 - `make chaos-breaks` shows it
    assert verdict.unburied if breakage == "bury-after-commit" else verdict.lost
