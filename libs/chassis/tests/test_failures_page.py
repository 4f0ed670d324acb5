"""docs/failures.md says of each fault what the code does."""

from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tocsin.chassis import consumer, deadletter, metrics, subscription, topics
from tocsin.chassis.faults import Fault

PAGE = (Path(__file__).parents[3] / "docs" / "failures.md").read_text(encoding="utf-8")
TABLE = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "|" in line]


def test_every_fault_has_one_row() -> None:
    head, _, *rows = TABLE
    assert head[2:] == [
        "may trying again help",
        "where it ends",
        "counted in",
        "where a person finds it",
    ]
    assert [row[0] for row in rows] == [f"`{fault}`" for fault in Fault]


@pytest.mark.parametrize("fault", Fault)
def test_a_row_says_what_the_code_does(fault: Fault) -> None:
    (row,) = (row for row in TABLE if row[0] == f"`{fault}`")
    _, meaning, heals, ends, counted, found = row
    assert meaning
    assert heals == ("yes" if fault.heals else "no")
    assert ends.startswith("`TOPIC.dead`") is fault.buried
    assert ("at once" in ends) is (fault.buried and not fault.heals)
    assert ("tocsin_records_dead_total" in counted) is fault.buried
    assert (f"tocsin dead list --fault {fault}" in found) is fault.buried


@pytest.mark.parametrize("fault", Fault)
def test_the_counters_exist_at_zero(fault: Fault) -> None:
    metrics.consumer_at_zero("a topic")
    labels = {"topic": "a topic", "fault": fault.value}
    assert REGISTRY.get_sample_value("tocsin_faults_total", labels) == 0
    assert REGISTRY.get_sample_value("tocsin_records_dead_total", labels) == (0 if fault.buried else None)


def test_its_figures_are_those_of_the_code() -> None:
    words = " ".join(PAGE.split())
    pauses = [consumer.PAUSE_SECONDS * 2**n for n in range(consumer.ATTEMPTS - 1)]
    for figure in (
        f"up to {subscription.MAX_RECORDS} records",
        f"{consumer.ATTEMPTS} attempts in all",
        f"pauses of {pauses[0]:g}, {pauses[1]:g} and {pauses[2]:g} s",
        f"share {consumer.PATIENCE_SECONDS:g} s",
        f"grows to {consumer.MAX_PAUSE_SECONDS:g} s",
        f"After {deadletter.MAX_IN_A_ROW} burials in a row",
        f"Over {topics.MAX_DEAD_BYTES // 1_000_000} MB",
    ):
        assert figure in words
