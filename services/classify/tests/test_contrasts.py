"""Texts that share their words and say different things: what a grammar must keep apart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.classify import Knowledge, classify
from tocsin.contracts import Classification, Kind, NoticePublished, Tier

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("contrasts.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_what_a_text_says(name: str, knowledge: Knowledge, write: Callable[..., NoticePublished]) -> None:
    case = CASES[name]
    notice = write(Tier(case["tier"]), case["title"], case.get("text", ""), kind=case.get("kind", "feed"))
    said = as_case(classify(notice, knowledge))
    for field, expected in case["says"].items():
        if field == "stage":
            assert said[field] in expected
        else:
            assert said[field] == expected, f"{field} of {said}"


def as_case(said: Classification) -> dict[str, Any]:
    things = {mention.id for mention in said.subjects() if mention.kind in (Kind.MODEL, Kind.CHIP)}
    return {
        "category": said.category,
        "action": said.action,
        "severity": said.severity,
        "certainty": said.certainty,
        "stage": said.stage,
        "jurisdictions": list(said.jurisdictions),
        "subjects": sorted(things),
    }
