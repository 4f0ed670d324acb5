"""Every candidate is counted; a name is logged once, and a flood of names fills no log."""

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tocsin.classify.newcomers import MOST, Newcomers
from tocsin.contracts import Action, Category, Certainty, Classification, Evidence, Severity


def said(*names: str) -> Classification:
    evidence = [Evidence(claim=f"candidate={name}", rule="candidate model of model:claude") for name in names]
    return Classification(
        category=Category.NOT_REGULATORY,
        action=Action.NONE,
        certainty=Certainty.REPORTED,
        severity=Severity.INFO,
        evidence=(Evidence(claim="action=none", rule="net"), *evidence),
    )


def counted() -> float:
    return REGISTRY.get_sample_value("tocsin_classify_candidates_total", {"kind": "model"}) or 0.0


def test_all_are_counted_and_each_is_logged_once() -> None:
    newcomers, before = Newcomers(), counted()
    with capture_logs() as lines:
        newcomers.note("n-1", said("Claude Zephyr 6", "Claude Boreas 7"))
        newcomers.note("n-2", said("Claude Zephyr 6"))
        newcomers.note("n-3", said())
    assert counted() == before + 3
    assert [(line["notice"], line["names"]) for line in lines] == [
        ("n-1", ["Claude Boreas 7", "Claude Zephyr 6"])
    ]


def test_a_flood_fills_no_log() -> None:
    newcomers = Newcomers()
    with capture_logs() as lines:
        for number in range(MOST + 50):
            newcomers.note("n", said(f"Claude Zephyr {number}"))
    assert len(lines) == MOST
