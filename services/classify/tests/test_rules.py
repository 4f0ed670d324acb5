"""A rule file loads only when every rule has examples and agrees with them."""

from typing import Any

import pytest

from tocsin.classify import load_rules
from tocsin.classify.rules.load import build_cues, build_rule, build_veto
from tocsin.classify.rules.rule import Cue, Rule, Unproven, Veto

RULE: dict[str, Any] = {
    "id": "test.lifted",
    "words": "A ban is lifted.",
    "source": "press usage",
    "say": "export_control/lifted",
    "weight": 6,
    "any": ["lift|lifts|lifted ~4 ban"],
    "fires": ["commerce lifts the ban"],
    "silent": ["commerce keeps the ban"],
}
CUE: dict[str, Any] = {
    "id": "test.denied",
    "words": "The act is denied.",
    "source": "press usage",
    "is": "denied",
    "scope": "sentence",
    "any": ["denied that"],
    "fires": ["it denied that it had [lifted the ban]"],
    "silent": ["it has [lifted the ban]"],
}
VETO: dict[str, Any] = {
    "id": "test.fiction",
    "words": "A story.",
    "source": "press usage",
    "any": ["short story"],
    "fires": ["a short story"],
    "silent": ["a report"],
}


def test_the_shipped_rules_load_and_ids_are_unique() -> None:
    rules = load_rules()
    ids = [rule.id for rule in rules.rules]
    assert len(ids) == len(set(ids)) > 50
    assert rules.digest == load_rules().digest


def test_a_rule_that_agrees_with_its_examples_is_built() -> None:
    assert build_rule(RULE, {}).id == "test.lifted"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fires": ["commerce keeps the ban"]}, "test.lifted does not fire on its example"),
        ({"silent": ["commerce lifts the ban"]}, "test.lifted fires on its example"),
        ({"fires": []}, "test.lifted needs an example"),
        ({"silent": []}, "test.lifted needs an example"),
        ({"words": ""}, "test.lifted needs `words`: one plain sentence"),
        ({"source": ""}, "test.lifted needs `source`: the law"),
    ],
)
def test_a_rule_without_proof_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unproven, match=reason):
        build_rule({**RULE, **change}, {})


def test_a_cue_that_its_example_contradicts_is_refused() -> None:
    assert build_cues([CUE], {})
    with pytest.raises(Unproven, match=r"test\.denied"):
        build_cues([{**CUE, "fires": ["it had [lifted the ban]"]}], {})
    with pytest.raises(Unproven, match="is read as denied by test"):
        build_cues([{**CUE, "silent": CUE["fires"]}], {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"words": ""}, "test.denied needs `words`"),
        ({"source": ""}, "test.denied needs `source`"),
        ({"silent": []}, "test.denied needs an example"),
        ({"scope": "somewhere"}, "scope is one of touching, opener"),
    ],
)
def test_a_cue_that_lacks_something_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unproven, match=reason):
        build_cues([{**CUE, **change}], {})


def test_a_veto_that_its_example_contradicts_is_refused() -> None:
    assert build_veto(VETO, {}).id == "test.fiction"
    with pytest.raises(Unproven, match=r"test\.fiction"):
        build_veto({**VETO, "fires": ["a report"]}, {})
    with pytest.raises(Unproven, match=r"test\.fiction needs `source`"):
        build_veto({**VETO, "source": ""}, {})


def test_every_rule_cue_and_veto_says_what_it_finds_and_by_what_source() -> None:
    rules = load_rules()
    told: tuple[Rule | Cue | Veto, ...] = (*rules.rules, *rules.cues, *rules.vetoes)
    assert [rule.id for rule in told if not rule.words.rstrip().endswith((".", "?")) or not rule.source] == []
