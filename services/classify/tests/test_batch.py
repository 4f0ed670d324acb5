"""Without Kafka: lines in, predictions out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.classify import Knowledge
from tocsin.classify.batch import BadItem, predict, read_item
from tocsin.contracts import Tier

LINE: dict[str, Any] = {
    "id": "x-1",
    "source_type": "news",
    "title": "Commerce imposes export controls on Grok 4",
    "text": "The Commerce Department ordered a halt on Friday.",
    "published": "2026-06-13",
}


@pytest.mark.parametrize(
    ("source_type", "tier"),
    [
        ("official", Tier.OFFICIAL),
        ("federal_register", Tier.OFFICIAL),
        ("vendor", Tier.PARTY),
        ("news", Tier.PRESS),
        ("community", Tier.COMMUNITY),
    ],
)
def test_the_source_type_gives_the_tier(source_type: str, tier: Tier) -> None:
    assert read_item({**LINE, "source_type": source_type}).source.tier is tier


def test_dates_are_read_and_what_is_no_date_is_left_out() -> None:
    item = read_item(LINE)
    assert item.published_at == datetime(2026, 6, 13, tzinfo=UTC)
    assert item.first_seen_at - item.published_at == timedelta(minutes=5)
    assert read_item({**LINE, "published": "in spring"}).published_at is None


@pytest.mark.parametrize("line", [{}, {"title": ""}, {"title": 3}])
def test_a_line_that_is_no_item_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(BadItem):
        read_item(line)


def test_a_prediction_has_what_the_scorer_reads(knowledge: Knowledge) -> None:
    said = predict(LINE, knowledge)
    assert (said["id"], said["category"], said["action"]) == ("x-1", "export_control", "imposed")
    assert (said["certainty"], said["severity"], said["jurisdictions"]) == ("official", "critical", ["US"])
    grok = next(entity for entity in said["entities"] if entity["id"] == "model:grok-4")
    assert (grok["kind"], grok["role"], grok["inferred"]) == ("model", "subject", False)
    maker = next(entity for entity in said["entities"] if entity["kind"] == "vendor")
    assert (maker["name"], maker["role"], maker["inferred"]) == ("xAI", "subject", True)
