"""Cases under any order of arrival: what notices leave behind, and what of them is told, order by order.

The same in every order: the case's states, subjects, documents, category, jurisdictions, whether an authority
has spoken, how many notices told it; and of each thing, the last state that was told. Different: which notice
opened the case, so its id and its gravest step; and a step that a later one had overtaken before it arrived,
which is told no more. Word of a coming end that arrives before anything else opens no case and stays aside.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import permutations, takewhile
from math import factorial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contracts import CaseState, NoticeClassified
from tocsin.notify.cases.filing import Case, file

Tell = Callable[..., NoticeClassified]
NewTown = Callable[[], Any]

START = datetime(2026, 6, 12, 22, tzinfo=UTC)
BOTH = ("fable", "mythos")
LIFT = {"action": "lifted", "severity": "high"}
LAW = {"category": "export_control", "jurisdictions": ("US",)}
PLANS = {"soon", "perhaps"}
TOLD = {CaseState.IN_FORCE, CaseState.EASED, CaseState.LIFTED, CaseState.DENIED}

# The story of June 2026: document, things, tier, hour, what it says.
JUNE: list[tuple[str, tuple[str, ...], str, float, dict[str, Any]]] = [
    ("incident", BOTH, "party", 0, {}),
    ("statement", BOTH, "party", 1, LAW),
    ("copy 1", BOTH, "press", 2, LAW),
    ("copy 2", BOTH, "press", 3, {}),
    ("some may again", ("mythos",), "press", 300, {"action": "eased", "severity": "high"} | LAW),
    ("soon", BOTH, "press", 400, {"stage": "scheduled"} | LIFT | LAW),
    ("perhaps", BOTH, "press", 410, {"stage": "possible"} | LIFT | LAW),
    ("over", BOTH, "official", 430, LIFT | LAW),
    ("over, says the vendor", BOTH, "party", 431, LIFT),
    ("incident", BOTH, "party", 432, {"text": "Resolved."} | LIFT),
    ("late press", BOTH, "press", 440, {}),
]
SHORT: dict[str, list[tuple[str, tuple[str, ...], str, float, dict[str, Any]]]] = {
    "the story without its echoes": [JUNE[place] for place in (0, 1, 2, 4, 7, 9)],
    "a rumour comes true and is confirmed": [
        ("a", ("fable",), "press", 0, {"certainty": "rumoured"}),
        ("b", ("fable",), "press", 1, {}),
        ("c", ("fable",), "party", 2, {}),
        ("d", ("fable",), "official", 3, {}),
        ("e", ("fable",), "press", 4, {}),
    ],
    "the vendor denies a rumour": [
        ("a", ("fable",), "press", 0, {"certainty": "rumoured"}),
        ("b", ("fable",), "press", 1, {}),
        ("c", ("fable",), "party", 2, {"action": "denied"}),
        ("d", ("fable",), "press", 3, {"certainty": "rumoured"}),
    ],
    "a draft, a law, a wider law, its end": [
        ("a", ("h20",), "official", 0, {"action": "proposed"}),
        ("b", ("h20",), "official", 10, {}),
        ("c", ("h20", "gpt"), "official", 20, {"action": "expanded"}),
        ("d", ("h20", "gpt"), "official", 30, LIFT),
    ],
}


def written(tell: Tell, story: Sequence[Any]) -> list[NoticeClassified]:
    return [tell(name, about, tier=tier, hours=hours, **said) for name, about, tier, hours, said in story]


def left_behind(town: Any) -> dict[str, Any]:
    """What must be the same in any order."""
    (case,) = town.cases.values()
    alike: dict[str, Any] = case.model_dump(
        include={"states", "category", "jurisdictions", "confirmed", "notices"}
    )
    return alike | {"subjects": {ref.id for ref in case.subjects}, "documents": set(case.documents)}


def told_of(town: Any) -> dict[str, list[CaseState]]:
    """By thing: what was told of it in turn, from when it bound or ended; a repeat (a confirmation) once."""
    told: dict[str, list[CaseState]] = defaultdict(list)
    for _, step in town.steps:
        for ref in step.subjects:
            if ref.kind.value != "vendor" and step.state in TOLD and told[ref.id][-1:] != [step.state]:
                told[ref.id].append(step.state)
    return told


def heard(new_town: NewTown, facts: Sequence[NoticeClassified]) -> Any:
    town = new_town()
    for fact in facts:
        town.hear(fact)
    return town


def check(new_town: NewTown, facts: Sequence[NoticeClassified], order: Sequence[NoticeClassified]) -> None:
    """One order against that of the events."""
    true, other = heard(new_town, facts), heard(new_town, order)
    assert left_behind(other) == left_behind(true)
    assert len(told_of(other)) <= len(told_of(true))
    (case,) = other.cases.values()
    for thing, states in told_of(other).items():
        assert states[-1:] in ([case.states[thing]], []), "the last word that is told of a thing is true"
        rest = iter(told_of(true)[thing])
        assert all(state in rest for state in states), (
            "what the true order would not tell, or in another turn"
        )


@pytest.mark.parametrize("story", SHORT.values(), ids=SHORT.keys())
def test_every_permutation_of_a_short_story_ends_in_the_same_case(
    tell: Tell, new_town: NewTown, story: Sequence[Any]
) -> None:
    facts = written(tell, story)
    for order in permutations(facts):
        check(new_town, facts, order)


@settings(max_examples=400, deadline=None)
@given(order=st.permutations(range(len(JUNE))))
def test_the_story_of_june_ends_in_the_same_case_in_any_order(
    tell: Tell, new_town: NewTown, order: Sequence[int]
) -> None:
    facts = written(tell, JUNE)
    early = list(takewhile(lambda place: JUNE[place][0] in PLANS, order))
    check(
        new_town,
        [fact for place, fact in enumerate(facts) if place not in early],
        [facts[place] for place in order if place not in early],
    )
    assert heard(new_town, [facts[place] for place in early]).cases == {}


@dataclass(frozen=True)
class Reached:
    """What some orders of arrival lead to alike: the case, what was told of it, what came too early."""

    case: Case | None = None
    told: tuple[tuple[CaseState, frozenset[str]], ...] = ()
    early: frozenset[int] = frozenset()

    def hear(self, place: int, fact: NoticeClassified) -> "Reached":
        filings = file(fact, [self.case] if self.case else [])
        if not filings:
            return replace(self, early=self.early | {place})
        (filing,) = filings
        step, told = filing.step, self.told
        if step is not None and step.state in TOLD:
            told = (*told, (step.state, frozenset(ref.id for ref in step.subjects)))
        return Reached(_canonical(filing.case), told, self.early)

    def __hash__(self) -> int:
        return hash((self.told, self.early, self.case and (self.case.steps, *self.case.words.items())))


def _canonical(case: Case) -> Case:
    """The case without what follows from the order and decides nothing: its id, and what stands where."""
    words = {
        thing: tuple(sorted(said, key=lambda word: (word.state, word.close)))
        for thing, said in case.words.items()
    }
    alike = {
        "id": "case-0",
        "documents": tuple(sorted(case.documents)),
        "subjects": tuple(sorted(case.subjects, key=lambda ref: ref.id)),
        "states": dict(sorted(case.states.items())),
        "words": words,
        "opened_at": START,
    }
    return case.model_copy(update=alike)


TEAMS = [
    {"model:claude-fable-5"},
    {"model:claude-mythos-5"},
    {"model:claude-fable-5", "model:claude-mythos-5"},
]


def _heard_by(team: set[str], told: Sequence[tuple[CaseState, frozenset[str]]]) -> list[Any]:
    """What a team on these models is told in turn: state and which of its own; a repeat once."""
    own = [(state, frozenset(things & team)) for state, things in told if things & team]
    return [one for place, one in enumerate(own) if place == 0 or one != own[place - 1]]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(
            [one for one in JUNE if one[0] not in {"copy 2", "late press"}], id="without two echoes"
        ),
        pytest.param(JUNE, id="whole", marks=pytest.mark.breaks),  # 39,916,800 orders: half a minute
    ],
)
def test_every_order_of_the_story_of_june_tells_each_team_only_what_is_true(
    tell: Tell, new_town: NewTown, story: Sequence[Any]
) -> None:
    """All orders: those that lead to the same case with the same told are followed as one."""
    facts = written(tell, story)
    everything = frozenset(range(len(facts)))
    reached: dict[frozenset[int], Counter[Reached]] = defaultdict(Counter)
    reached[frozenset()][Reached()] = 1
    for size in range(len(facts)):
        for arrived in [one for one in reached if len(one) == size]:
            for before, ways in reached.pop(arrived).items():
                for place in everything - arrived:
                    reached[arrived | {place}][before.hear(place, facts[place])] += ways
    ends = reached[everything]
    assert sum(ends.values()) == factorial(len(facts))
    early = {end.early for end in ends}
    truth = {
        left: heard(new_town, [fact for place, fact in enumerate(facts) if place not in left])
        for left in early
    }
    for end in ends:
        assert end.case is not None
        true = truth[end.early]
        (case,) = true.cases.values()
        assert (end.case.states, end.case.notices, end.case.confirmed) == (
            dict(sorted(case.states.items())),
            case.notices,
            case.confirmed,
        )
        steps = [(step.state, frozenset(ref.id for ref in step.subjects)) for _, step in true.steps]
        for team in TEAMS:
            for thing in team:
                rest = iter([state for state, _ in _heard_by({thing}, steps)])
                states = [state for state, _ in _heard_by({thing}, end.told)]
                assert all(state in rest for state in states), "what the true order would not tell"
            last = {thing: state for state, things in _heard_by(team, end.told) for thing in things}
            assert last == {thing: case.states[thing] for thing in last}, "the last word to a team is true"


@settings(max_examples=200, deadline=None)
@given(order=st.permutations(range(9)))
def test_what_arrives_late_is_told_only_if_it_holds_now(
    tell: Tell, new_town: NewTown, order: Sequence[int]
) -> None:
    facts = written(tell, [one for one in JUNE if one[0] not in PLANS])
    town, latest = new_town(), ""
    for place in order:
        told = town.hear(facts[place])
        assert told is not None
        if told.step is not None and told.step.number > 1:
            held = {told.case.states[ref.id] for ref in told.step.subjects if ref.id in told.case.states}
            assert held <= {told.step.state}, f"told {told.step.state} after {latest}"
        latest = f"{latest} {JUNE[place][0]}"


APART = [
    ("one", ("fable",), "press", 0, LAW),
    ("other", ("mythos",), "party", 300, {"action": "eased"} | LAW),
]
TOGETHER = [
    ("statement", BOTH, "party", 1, LAW),
    ("some may", ("mythos",), "official", 301, {"action": "eased"} | LAW),
    ("over", BOTH, "official", 430, LIFT | LAW),
]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_cases_that_nothing_had_joined_yet_are_told_each_of_its_own(
    tell: Tell, new_town: NewTown, order: Sequence[int]
) -> None:
    """What names both comes too late to make them one: each goes on with what it holds, and both end."""
    town = heard(new_town, written(tell, APART) + [written(tell, TOGETHER)[place] for place in order])
    assert len(town.cases) == 2
    assert {thing: state for case in town.cases.values() for thing, state in case.states.items()} == {
        "model:claude-fable-5": CaseState.LIFTED,
        "model:claude-mythos-5": CaseState.LIFTED,
    }
    assert {thing: states[-1] for thing, states in told_of(town).items()} == dict.fromkeys(
        ("model:claude-fable-5", "model:claude-mythos-5"), CaseState.LIFTED
    )
    assert CaseState.IN_FORCE not in told_of(town)["model:claude-mythos-5"], "eased when that was heard"


AGAIN = [
    ("a", BOTH, "party", 0, {}),
    ("b", ("mythos",), "party", 10, LIFT),
    ("c", BOTH, "party", 20, {}),
    ("d", ("fable",), "press", 21, {}),
]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_what_was_freed_and_hit_again_stands_so_in_any_order(
    tell: Tell, new_town: NewTown, order: Sequence[int]
) -> None:
    """In one case, or in two when all that was known was over; a lift that was overtaken is not told."""
    town = heard(new_town, [written(tell, AGAIN)[place] for place in order])
    latest = max(town.cases.values(), key=lambda case: case.changed_at)
    assert latest.states == dict.fromkeys(
        ("model:claude-fable-5", "model:claude-mythos-5"), CaseState.IN_FORCE
    )
    if order.index(2) < order.index(1):
        assert CaseState.LIFTED not in told_of(town)["model:claude-mythos-5"]


@pytest.mark.parametrize(
    ("late", "step"),
    [
        (("late", ("fable",), "party", 5, {}), None),
        (("late", ("fable",), "official", 5, {}), None),
        (("late", ("fable",), "press", 5, {"action": "expanded"}), None),
        (("late", ("opus",), "official", 5, {}), "opened"),
        (("late", ("fable", "opus"), "official", 5, {}), "widened"),
    ],
)
def test_after_a_lift_nothing_older_is_told_as_in_force(
    tell: Tell, new_town: NewTown, late: Any, step: str | None
) -> None:
    town = heard(new_town, written(tell, [("over", ("fable",), "party", 9, LIFT)]))
    told = town.hear(*written(tell, [late]))
    assert told.what == step
    assert "Claude Fable 5" not in {ref.name for ref in told.step.subjects} if told.step else True


def test_a_source_that_states_the_same_time_twice_ends_what_it_imposed(tell: Tell, new_town: NewTown) -> None:
    town = heard(
        new_town, written(tell, [("a", ("fable",), "party", 5, {}), ("b", ("fable",), "party", 5, LIFT)])
    )
    (case,) = town.cases.values()
    assert case.state is CaseState.LIFTED


@pytest.mark.parametrize(
    ("dated", "state"), [("T00:00:00Z", CaseState.LIFTED), ("T01:00:00Z", CaseState.IN_FORCE)]
)
def test_an_end_with_a_date_and_no_hour_is_not_older_than_that_morning(
    tell: Tell, new_town: NewTown, dated: str, state: CaseState
) -> None:
    lift = tell("over", ("fable",), tier="official", hours=20, **LIFT)
    notice = lift.notice.model_copy(update={"published_at": datetime.fromisoformat(f"2026-06-13{dated}")})
    town = heard(new_town, [tell(tier="party", hours=10), lift.model_copy(update={"notice": notice})])
    (case,) = town.cases.values()
    assert case.state is state


@pytest.mark.parametrize("story", [JUNE, *SHORT.values()], ids=["june", *SHORT.keys()])
def test_a_case_that_an_older_replica_wrote_goes_on_from_its_states(
    tell: Tell, new_town: NewTown, story: Sequence[Any]
) -> None:
    town, facts = new_town(), written(tell, story)
    for fact in facts:
        town.hear(fact)
        town.cases = {key: case.model_copy(update={"words": {}}) for key, case in town.cases.items()}
    assert town.steps == heard(new_town, facts).steps
