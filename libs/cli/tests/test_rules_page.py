"""docs/rules.md is what the rule files say, whole, and reads as Markdown whatever a rule holds."""

from pathlib import Path

from tocsin.classify import load_rules
from tocsin.cli.rulespage import page

KEPT = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_page_in_the_repository_is_current() -> None:
    assert KEPT.read_text("utf-8") == page(), "run `make contracts` and commit what it changes"


def test_every_rule_cue_and_veto_has_a_place_of_its_own() -> None:
    rules = load_rules()
    headings = [line.removeprefix("### ") for line in page().splitlines() if line.startswith("### ")]
    ids = [one.id for one in rules.rules] + [one.id for one in rules.cues] + [one.id for one in rules.vetoes]
    assert sorted(headings) == sorted(ids)
