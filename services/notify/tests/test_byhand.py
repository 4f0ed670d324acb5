"""By hand, without rows: merged and split cases are what their notices make of them, and nothing is told."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tocsin.contracts import CaseState, NoticeClassified, Severity
from tocsin.notify.cases.byhand import Heard, Impossible, part, replay, shared, unite
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, file
from tocsin.notify.cases.joining import joins

Tell = Callable[..., NoticeClassified]

FABLE, MYTHOS = "model:claude-fable-5", "model:claude-mythos-5"
LIFT = {"action": "lifted", "severity": "high"}
SAME = {
    "states",
    "words",
    "subjects",
    "documents",
    "category",
    "jurisdictions",
    "confirmed",
    "notices",
    "copies",
}


def heard(*facts: NoticeClassified) -> list[Heard]:
    return [Heard(fact) for fact in facts]


def case_of(*facts: NoticeClassified) -> Case:
    case = replay(heard(*facts))
    assert case is not None
    return case


def alike(case: Case) -> dict[str, Any]:
    return case.model_dump(include=SAME)


def test_what_two_cases_held_is_one_case_that_goes_on_counting_its_steps(tell: Tell) -> None:
    a, b = tell("a", tier="party"), tell("b", ("mythos",), tier="party", hours=1, severity="high")
    confirmed = tell("c", tier="official", hours=2)
    kept, absorbed = case_of(a, confirmed), case_of(b)
    united = unite(kept, absorbed, heard(a, b, confirmed))
    assert united.states == {FABLE: CaseState.IN_FORCE, MYTHOS: CaseState.IN_FORCE}
    assert (united.id, united.steps, united.notices) == (kept.id, 2, 3)
    assert (united.severity, united.confirmed) == (Severity.CRITICAL, True)
    assert set(united.documents) == {*kept.documents, *absorbed.documents}
    assert united.changed_at == kept.changed_at
    assert united.opened_at == kept.opened_at


def test_an_end_that_only_one_knew_ends_what_both_held(tell: Tell) -> None:
    a, over = tell("a", tier="party"), tell("over", tier="official", hours=9, **LIFT)
    press = tell("b", ("anthropic",), hours=1)
    united = unite(case_of(a, over), case_of(press), heard(a, press, over))
    assert united.states == {FABLE: CaseState.LIFTED}


def test_a_plan_that_came_first_is_heard_once_something_opens_the_case(tell: Tell) -> None:
    plan, a = tell("plan", stage="scheduled", **LIFT), tell("a", tier="party", hours=1)
    assert alike(case_of(plan, a)) == alike(case_of(a, plan)) | {"documents": case_of(a, plan).documents}
    assert replay(heard(plan)) is None


def test_what_leaves_a_case_takes_its_documents_along(tell: Tell) -> None:
    a, b = tell("a", tier="party"), tell("b", tier="party", hours=1)
    whole = case_of(a, b)
    left, gone = part(whole, heard(a), heard(b), "case-0b", 0)
    assert (left.id, left.documents, left.not_documents) == (
        whole.id,
        (a.notice.document_id,),
        gone.documents,
    )
    assert (gone.id, gone.steps, gone.not_documents) == ("case-0b", 0, left.documents)
    again = tell("b", tier="party", hours=30, text="Revised.")
    assert joins(left, again) is None
    assert joins(gone, again) == "it revises a document of the case"
    assert [one.case.id for one in file(again, [left, gone])] == ["case-0b"]


def test_a_merge_takes_back_that_a_document_was_taken_out(tell: Tell) -> None:
    a, b = tell("a", tier="party"), tell("b", tier="party", hours=1)
    left, gone = part(case_of(a, b), heard(a), heard(b), "case-0b", 0)
    united = unite(left, gone, heard(a, b))
    assert united.not_documents == ()
    assert alike(united) == alike(case_of(a, b))


def test_a_merge_takes_back_nothing_that_either_case_had_come_to(tell: Tell) -> None:
    a, b = tell("a", tier="party", severity="high"), tell("b", tier="party", hours=1, severity="high")
    later = case_of(b).changed_at.replace(year=2030)
    had = {"severity": Severity.CRITICAL, "changed_at": later, "not_documents": ("doc-elsewhere",)}
    united = unite(case_of(a).model_copy(update=had), case_of(b), heard(a, b))
    assert united.model_dump(include=set(had)) == had
    left, gone = part(united, heard(a), heard(b), "case-0b", 0)
    assert "doc-elsewhere" in left.not_documents
    assert "doc-elsewhere" in gone.not_documents


@pytest.mark.parametrize("goes", ["none", "all", "a plan alone"])
def test_a_split_that_leaves_no_case_is_impossible(tell: Tell, goes: str) -> None:
    a, plan = tell("a", tier="party"), tell("plan", hours=1, stage="scheduled", title="Soon", **LIFT)
    parts = {"none": ([a, plan], []), "all": ([], [a, plan]), "a plan alone": ([a], [plan])}[goes]
    with pytest.raises(Impossible, match="Soon" if goes == "a plan alone" else "not all"):
        part(case_of(a, plan), heard(*parts[0]), heard(*parts[1]), "case-0b", 0)


def test_what_another_case_holds_it_answers_for(tell: Tell) -> None:
    fable, mythos = case_of(tell("a", tier="party")), case_of(tell("b", ("mythos",), tier="party"))
    both = tell("c", ("fable", "mythos"), tier="official")
    assert shared(both, [fable], [mythos]).apart == {MYTHOS}
    assert shared(both, [fable, mythos], []).apart == frozenset()
    assert shared(tell("d", ("fable", "mythos"), **LIFT), [fable], [mythos]).apart == frozenset()


FACTS = st.lists(
    st.fixed_dictionaries(
        {
            "document": st.sampled_from("abcdefgh"),
            "about": st.sampled_from(
                [("fable",), ("mythos",), ("fable", "mythos"), ("anthropic",), ("gpt",)]
            ),
            "tier": st.sampled_from(["official", "party", "press", "community"]),
            "hours": st.integers(0, 400),
            "action": st.sampled_from(["imposed", "expanded", "proposed", "eased", "lifted", "denied"]),
            "stage": st.sampled_from(["done", "done", "scheduled", "possible"]),
            "certainty": st.sampled_from(["official", "reported", "rumoured"]),
            "jurisdictions": st.sampled_from([(), ("US",)]),
        }
    ),
    min_size=2,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(said=FACTS)
def test_a_case_replayed_from_its_notices_is_the_case_that_they_made(
    tell: Tell, said: Sequence[dict[str, Any]]
) -> None:
    """What makes hand work safe: the rows of a case can be worked out again at any time."""
    case, facts = None, []
    for one in said:
        fact = tell(**one)
        filed = [found for found in file(fact, [case] if case else []) if tells(fact)]
        if filed and (case is None or filed[0].case.id == case.id):
            case = filed[0].case
            facts.append(fact)
    assume(case is not None)
    assert replay(heard(*facts)) == case


@settings(max_examples=300, deadline=None)
@given(said=FACTS, cut=st.data())
def test_merged_and_split_again_they_stand_as_if_nobody_had_touched_them(
    tell: Tell, said: Sequence[dict[str, Any]], cut: st.DataObject
) -> None:
    facts = [tell(**one) for one in said]
    ours = {fact.id for fact in facts if cut.draw(st.booleans())}
    first = [Heard(fact) for fact in facts if fact.id in ours]
    second = [Heard(fact) for fact in facts if fact.id not in ours]
    one, other = replay(first), replay(second)
    assume(one is not None and other is not None)
    assert one is not None
    assert other is not None
    united = unite(one, other, heard(*facts))
    assert united.notices == one.notices + other.notices
    left, gone = part(united, first, second, other.id, other.steps)
    for before, after in ((one, left), (other, gone)):
        ignored = {"steps", "not_documents"}
        assert after.model_dump(exclude=ignored) == before.model_dump(exclude=ignored)
    assert unite(left, gone, heard(*facts)).states == united.states
