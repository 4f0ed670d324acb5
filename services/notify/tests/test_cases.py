"""Cases: which notices tell of one measure, what each of them changes, and what is worth telling."""

from collections.abc import Callable
from typing import Any

import pytest

from tocsin.contracts import CaseState, NoticeClassified, Severity
from tocsin.notify.cases.claims import reached, tells
from tocsin.notify.cases.filing import WHOLE, Case, joins, open_case

Tell = Callable[..., NoticeClassified]
NewTown = Callable[[], Any]

BOTH = ("fable", "mythos")
LIFT = {"action": "lifted", "severity": "high"}


@pytest.mark.parametrize(
    ("tier", "said", "state"),
    [
        ("official", {}, CaseState.IN_FORCE),
        ("party", {}, CaseState.IN_FORCE),
        ("press", {"certainty": "official"}, CaseState.IN_FORCE),
        ("press", {}, CaseState.REPORTED),
        ("press", {"certainty": "rumoured"}, CaseState.RUMOURED),
        ("press", {"certainty": "rumoured", "action": "proposed"}, CaseState.RUMOURED),
        ("community", {"certainty": "official"}, CaseState.REPORTED),
        ("official", {"action": "proposed"}, CaseState.PROPOSED),
        ("official", {"stage": "scheduled"}, CaseState.PROPOSED),
        ("press", {"stage": "possible"}, CaseState.PROPOSED),
        ("official", {"action": "eased"}, CaseState.EASED),
        ("party", {"action": "lifted"}, CaseState.LIFTED),
        ("official", {"action": "withdrawn"}, CaseState.LIFTED),
        ("party", {"action": "denied"}, CaseState.DENIED),
        ("press", {"action": "lifted"}, CaseState.LIFTED),
        ("press", {"action": "lifted", "stage": "scheduled"}, None),
        ("official", {"action": "eased", "stage": "possible"}, None),
        ("press", {"action": "lifted", "certainty": "rumoured"}, None),
        ("community", {"action": "lifted"}, None),
        ("community", {"action": "denied"}, None),
    ],
)
def test_what_a_notice_claims(tell: Tell, tier: str, said: dict[str, str], state: CaseState | None) -> None:
    assert reached(tell(tier=tier, **said)) is state


@pytest.mark.parametrize(
    ("said", "it_does"),
    [
        ({}, True),
        ({"category": "not_regulatory"}, False),
        ({"action": "none"}, False),
        ({"certainty": "opinion"}, False),
    ],
)
def test_comment_and_everyday_matter_tell_no_act(tell: Tell, said: dict[str, str], it_does: bool) -> None:
    assert tells(tell(**said)) is it_does


def test_the_story_of_june_is_one_case_in_three_steps(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    law = {"category": "export_control", "jurisdictions": ("US",)}
    story: list[tuple[NoticeClassified, str | None]] = [
        (tell("incident", BOTH, tier="party", hours=0), "opened"),
        (tell("statement", BOTH, tier="party", hours=1, **law), None),
        (tell("copy 1", BOTH, hours=2, **law), None),
        (tell("copy 2", ("fable",), hours=3), None),
        (tell("some may again", ("mythos",), tier="party", hours=300, action="eased", **law), "eased"),
        (tell("soon", BOTH, hours=400, stage="scheduled", **LIFT, **law), None),
        (tell("perhaps", BOTH, hours=410, stage="possible", **LIFT, **law), None),
        (tell("over", BOTH, tier="official", hours=430, **LIFT, **law), "lifted"),
        (tell("over, says the vendor", BOTH, tier="party", hours=431, **LIFT), None),
        (tell("incident", BOTH, tier="party", hours=432, text="Resolved.", **LIFT), None),
        (tell("late press", BOTH, hours=440), None),
    ]
    heard = [town.hear(fact) for fact, _ in story]
    assert [told.what for told in heard] == [expected for _, expected in story]
    assert len(town.cases) == 1
    assert [step.number for _, step in town.steps] == [1, 2, 3]
    opened, eased, lifted = (step for _, step in town.steps)
    assert _names(opened) == {"Claude Fable 5", "Claude Mythos 5", "Anthropic"}
    assert _names(eased) == {"Claude Mythos 5", "Anthropic"}
    assert _names(lifted) == {"Claude Fable 5", "Claude Mythos 5", "Anthropic"}
    assert heard[0].case.category.value == "model_restriction"
    assert heard[1].case.category.value == "export_control"
    assert heard[4].case.state is CaseState.IN_FORCE
    assert heard[-1].case.state is CaseState.LIFTED
    assert heard[-1].case.notices == len(story)


APART: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"about": ("fable",)}, {"about": BOTH}, True),
    ({"about": ("fable",)}, {"about": ("anthropic",)}, True),
    ({"about": ("anthropic",)}, {"about": ("fable",)}, True),
    ({"about": ("fable",)}, {"about": ("opus",)}, False),
    ({"about": ("fable",)}, {"about": ("gpt",)}, False),
    ({"about": ("h20",)}, {"about": ("h20", "gpt")}, True),
    ({"about": ("fable",)}, {"about": ()}, False),
    ({"jurisdictions": ("US",)}, {"jurisdictions": ("EU",)}, False),
    ({"jurisdictions": ("US", "GB")}, {"jurisdictions": ("EU", "US")}, True),
    ({"jurisdictions": ("US",)}, {}, True),
    ({}, {"jurisdictions": ("EU",)}, True),
    ({"category": "export_control"}, {"category": "sanctions"}, True),
    ({"category": "enforcement"}, {"category": "enforcement"}, True),
    ({"category": "export_control"}, {"category": "enforcement"}, False),
    ({"category": "guidance"}, {"category": "legislation"}, False),
    ({}, {"hours": 24 * 90}, True),
    ({}, {"hours": 24 * 91}, False),
    ({}, {"hours": -24 * 91}, False),
]


@pytest.mark.parametrize(("first", "second", "one_case"), APART)
def test_which_notices_tell_of_one_measure(
    tell: Tell, first: dict[str, Any], second: dict[str, Any], one_case: bool
) -> None:
    case = _opened(tell("first", **first))
    assert bool(joins(case, tell("second", **second))) is one_case


def test_a_revision_of_a_document_of_the_case_joins_whatever_it_says(tell: Tell) -> None:
    case = _opened(tell("first", ("fable",)))
    revised = tell("first", ("gpt",), hours=3000, category="guidance", jurisdictions=("JP",))
    assert joins(case, revised) == "it revises a document of the case"


def test_why_a_notice_joins_is_said(tell: Tell) -> None:
    assert joins(_opened(tell("a")), tell("b")) == "it is about Claude Fable 5 too"


def test_an_entity_renamed_in_the_catalogue_still_joins(tell: Tell) -> None:
    case = _opened(tell("a", ("anthropic",)))
    renamed = [ref.model_copy(update={"name": "Anthropic PBC"}) for ref in case.subjects]
    assert joins(case.model_copy(update={"subjects": tuple(renamed)}), tell("b", ("anthropic",)))


def test_word_of_a_coming_end_opens_no_case(tell: Tell) -> None:
    assert open_case(tell(stage="scheduled", **LIFT)) is None


def test_a_case_without_named_things_stands_for_the_measure(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    assert town.hear(tell("rule", (), tier="official")).case.states == {WHOLE: CaseState.IN_FORCE}
    assert town.hear(tell("rule", (), tier="official", hours=1, **LIFT)).what == "lifted"


# Each row: what is told in turn (document, things, tier, hour, what it says), and the step that it is.
Row = tuple[str, tuple[str, ...], str, float, dict[str, str], str | None]
LIVES: dict[str, list[Row]] = {
    "a rumour comes true": [
        ("a", ("fable",), "press", 0, {"certainty": "rumoured"}, "opened"),
        ("b", ("fable",), "press", 1, {"certainty": "rumoured"}, None),
        ("c", ("fable",), "press", 2, {}, None),
        ("d", ("fable",), "party", 3, {}, "in_force"),
        ("e", ("fable",), "official", 4, {}, "confirmed"),
        ("f", ("fable",), "official", 5, {}, None),
    ],
    "a draft becomes law by the authority's own word": [
        ("a", ("h20",), "official", 0, {"action": "proposed"}, "opened"),
        ("b", ("h20",), "official", 1, {}, "in_force"),
        ("c", ("h20",), "official", 2, {}, None),
    ],
    "a community proves nothing and ends nothing": [
        ("a", ("fable",), "community", 0, {"certainty": "official"}, "opened"),
        ("b", ("fable",), "community", 1, LIFT, None),
        ("c", ("fable",), "press", 2, {}, None),
        ("d", ("fable",), "party", 3, {}, "in_force"),
        ("e", ("fable",), "community", 4, LIFT, None),
    ],
    "the vendor denies": [
        ("a", ("fable",), "press", 0, {"certainty": "rumoured"}, "opened"),
        ("b", ("fable",), "press", 1, {"action": "denied"}, None),
        ("c", ("fable",), "party", 2, {"action": "denied"}, "denied"),
        ("d", ("fable",), "press", 3, {"certainty": "rumoured"}, None),
    ],
    "what is in force is not denied away": [
        ("a", ("fable",), "party", 0, {}, "opened"),
        ("b", ("fable",), "official", 1, {"action": "denied"}, None),
    ],
    "press names more than was hit": [
        ("a", ("fable",), "party", 0, {}, "opened"),
        ("b", ("fable", "opus"), "press", 1, {}, None),
        ("c", ("fable", "opus"), "community", 2, {}, None),
    ],
    "press tells of a widening": [
        ("a", ("fable",), "party", 0, {}, "opened"),
        ("b", ("fable", "opus"), "press", 1, {"action": "expanded"}, "widened"),
        ("c", ("fable", "opus"), "press", 2, {"action": "expanded"}, None),
    ],
    "the vendor names more": [
        ("a", ("fable",), "party", 0, {}, "opened"),
        ("b", ("fable", "opus"), "party", 1, {}, "widened"),
    ],
    "an easing, then the end": [
        ("a", ("fable",), "official", 0, {}, "opened"),
        ("b", ("fable",), "official", 1, {"action": "eased"}, "eased"),
        ("c", ("fable",), "press", 2, {"action": "eased"}, None),
        ("d", ("fable",), "press", 3, LIFT, "lifted"),
        ("e", ("fable",), "official", 4, {"action": "eased"}, None),
    ],
    "an end that names nothing ends all of it": [
        ("a", BOTH, "party", 0, {}, "opened"),
        ("a", (), "party", 1, LIFT, "lifted"),
    ],
    "imposed on one thing again while another was never freed": [
        ("a", BOTH, "party", 0, {}, "opened"),
        ("b", ("mythos",), "party", 1, LIFT, "lifted"),
        ("c", ("mythos",), "press", 2, {}, None),
        ("d", ("mythos",), "party", 3, {}, "in_force"),
    ],
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES.keys())
def test_lives_of_one_case(tell: Tell, new_town: NewTown, life: list[Row]) -> None:
    town = new_town()
    heard = [
        town.hear(tell(document, about, tier=tier, hours=hours, **said))
        for document, about, tier, hours, said, _ in life
    ]
    assert [told.what for told in heard] == [row[-1] for row in life]
    assert len(town.cases) == 1


@pytest.mark.parametrize(
    ("tier", "hours", "cases"),
    [
        ("party", 101, 2),  # those who know say that it holds again
        ("official", 101, 2),
        ("press", 101, 1),  # still telling the old news
        ("press", 147, 1),
        ("press", 149, 2),
        ("party", 99, 1),  # said before the lift, heard after it
    ],
)
def test_a_measure_after_the_lift_is_a_new_case_and_a_late_echo_is_not(
    tell: Tell, new_town: NewTown, tier: str, hours: float, cases: int
) -> None:
    town = new_town()
    town.hear(tell("a", tier="party"))
    town.hear(tell("b", tier="party", hours=100, **LIFT))
    told = town.hear(tell("c", tier=tier, hours=hours))
    assert len(town.cases) == cases
    assert told.what == ("opened" if cases == 2 else None)


@pytest.mark.parametrize(("said", "severity"), [({}, "critical"), (LIFT | {"severity": "critical"}, "high")])
def test_an_end_wakes_nobody(tell: Tell, said: dict[str, str], severity: str) -> None:
    opened = open_case(tell(tier="official", **said))
    assert opened
    assert opened[1].severity is Severity(severity)


def test_the_reference_is_short_and_cannot_be_misread(tell: Tell) -> None:
    ref = _opened(tell()).ref
    assert ref.startswith("C-")
    assert len(ref) == 8
    assert not set(ref[2:]) & set("ILOU")


def _opened(fact: NoticeClassified) -> Case:
    opened = open_case(fact)
    assert opened is not None
    return opened[0]


def _names(step: Any) -> set[str]:
    return {ref.name for ref in step.subjects}


def test_one_letter_lifts_what_two_had_imposed(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    town.hear(tell("on one", ("fable",), tier="party", hours=0))
    town.hear(tell("on the other", ("mythos",), tier="party", hours=1))
    assert len(town.cases) == 2
    town.hear(tell("over", BOTH, tier="official", hours=9, **LIFT))
    assert {case.state for case in town.cases.values()} == {CaseState.LIFTED}
    lifted = [{ref.name for ref in step.subjects} for _, step in town.steps if step.kind == "lifted"]
    assert all("Claude Fable 5" in names or "Claude Mythos 5" in names for names in lifted)
    assert len(lifted) == 2
    assert town.hear(tell("over, again", BOTH, hours=10, **LIFT)).step is None


def test_a_measure_known_by_its_maker_goes_on_under_the_names_of_its_products(
    tell: Tell, new_town: NewTown
) -> None:
    town = new_town()
    town.hear(tell("a leak", ("anthropic",), hours=0))
    assert town.hear(tell("incident", ("fable",), tier="party", hours=1)).what == "in_force"
    lifted = town.hear(tell("over", ("fable",), tier="party", hours=9, **LIFT))
    assert (lifted.what, lifted.case.state) == ("lifted", CaseState.LIFTED)


def test_an_end_by_name_ends_what_was_known_by_its_maker(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    town.hear(tell("an order", ("anthropic",), tier="official", hours=0))
    lifted = town.hear(tell("over", BOTH, tier="official", hours=9, **LIFT))
    assert (lifted.what, lifted.case.state) == ("lifted", CaseState.LIFTED)
