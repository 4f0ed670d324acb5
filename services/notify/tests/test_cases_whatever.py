"""Cases, whatever is told in whatever order: steps count up and nothing is told twice."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contracts import CaseState, NoticeClassified, StepKind
from tocsin.notify.cases.claims import RISING
from tocsin.notify.cases.filing import file

Tell = Callable[..., NoticeClassified]
NewTown = Callable[[], Any]

BOTH = ("fable", "mythos")

ENDS = {StepKind.EASED, StepKind.LIFTED, StepKind.DENIED}
FACTS = st.fixed_dictionaries(
    {
        "document": st.sampled_from("abcdef"),
        "about": st.sampled_from(
            [(), ("fable",), ("mythos",), BOTH, ("anthropic",), ("fable", "gpt"), ("h20",), ("bis",)]
        ),
        "tier": st.sampled_from(["official", "party", "press", "community"]),
        "hours": st.integers(0, 400),
        "category": st.sampled_from(["model_restriction", "export_control", "enforcement", "guidance"]),
        "action": st.sampled_from(
            ["imposed", "expanded", "proposed", "withdrawn", "eased", "lifted", "denied", "enforced"]
        ),
        "stage": st.sampled_from(["done", "done", "scheduled", "possible"]),
        "certainty": st.sampled_from(["official", "reported", "rumoured"]),
        "jurisdictions": st.sampled_from([(), (), ("US",), ("EU",)]),
    }
)


@settings(max_examples=300, deadline=None)
@given(said=st.lists(FACTS, max_size=14))
def test_whatever_is_told_steps_count_up_and_nothing_is_told_twice(
    tell: Tell, new_town: NewTown, said: list[dict[str, Any]]
) -> None:
    town = new_town()
    for one in said:
        fact = tell(**one)
        told = town.hear(fact)
        if told is None:
            continue
        known = sorted(town.cases.values(), key=lambda case: case.changed_at, reverse=True)
        again = file(fact, known)
        assert not any(filing.step for filing in again), "a copy of the last notice told it again"
        assert all(filing.case.steps == town.cases[filing.case.id].steps for filing in again)
    for case in town.cases.values():
        steps = [step for identity, step in town.steps if identity == case.id]
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        assert case.steps == len(steps)
        _rises_once(steps)


RISING_FACTS = st.fixed_dictionaries(
    {
        "document": st.sampled_from("abcdef"),
        "tier": st.sampled_from(["official", "party", "press", "community"]),
        "category": st.sampled_from(["model_restriction", "export_control"]),
        "action": st.sampled_from(["imposed", "expanded", "proposed"]),
        "stage": st.sampled_from(["done", "done", "scheduled", "possible"]),
        "certainty": st.sampled_from(["official", "reported", "rumoured"]),
    }
)


@settings(max_examples=200, deadline=None)
@given(said=st.lists(RISING_FACTS, max_size=10))
def test_telling_the_rise_of_a_measure_again_tells_nobody_anything(
    tell: Tell, new_town: NewTown, said: list[dict[str, Any]]
) -> None:
    town = new_town()
    for one in said:
        town.hear(tell(**one))
    told, cases = list(town.steps), list(town.cases)
    for number, one in enumerate(said):
        town.hear(tell(**one | {"text": f"The same in other words, {number}."}))
    assert (town.steps, list(town.cases)) == (told, cases)


def _rises_once(steps: list[Any]) -> None:
    """A thing comes into force, or under the measure, once between two endings; it is confirmed once."""
    bound: set[str] = set()
    for step in steps:
        things = {ref.id for ref in step.subjects if ref.kind.value != "vendor"}
        if step.kind in ENDS:
            bound -= things or bound
        elif step.kind is StepKind.IN_FORCE and things:
            assert not things <= bound, f"{things} came into force twice"
            bound |= things
        elif step.state is CaseState.IN_FORCE and step.kind is StepKind.OPENED:
            bound |= things
        assert step.state in RISING or step.kind in ENDS | {StepKind.OPENED}
    assert sum(step.kind is StepKind.CONFIRMED for step in steps) <= 1
