"""The verdict fails when it must: one table of what came out, and what that is."""

from itertools import pairwise

import pytest

from tests.chaos.faults import LANES, draw
from tests.chaos.takeover import Assignment, seconds_to_take_over
from tests.chaos.verdict import FIRST, SECOND, Arrival, Evidence, Step, Told, judge

IMPOSED, LIFTED = Step("Fable", FIRST), Step("Fable", SECOND)
CHANNELS = ("steady", "shaky")
RAISED = (Told(IMPOSED, "a1"), Told(LIFTED, "a2"))


def arrival(step: Step, channel: str, name: str = "", *, taken: bool = True) -> Arrival:
    return Arrival(step, channel, name or f"{channel} {step.kind}", taken, at=0.0)


ARRIVED = tuple(arrival(step, channel) for step in (IMPOSED, LIFTED) for channel in CHANNELS)
FAILED_ONCE = (arrival(IMPOSED, "shaky", taken=False), *ARRIVED)
TWICE = (*ARRIVED, arrival(LIFTED, "steady"))


def evidence(**other: tuple[object, ...]) -> Evidence:
    whole: dict[str, tuple[object, ...]] = {
        "accepted": (IMPOSED, LIFTED),
        "raised": RAISED,
        "published": RAISED,
        "arrived": ARRIVED,
        "channels": CHANNELS,
        "poison": ("p1",),
        "buried": ("p1",),
    }
    return Evidence(**(whole | other))  # type: ignore[arg-type]  # one table for fields of several types


@pytest.mark.parametrize(
    ("other", "complaints"),
    [
        ({}, []),
        ({"buried": ("p1", "p1")}, []),  # a crash between burying and commit buries twice
        ({"arrived": FAILED_ONCE}, []),
        ({"arrived": TWICE}, []),
        ({"published": (*RAISED, RAISED[0])}, []),  # repeated under its id
        ({"raised": RAISED[:1]}, ["lost: Fable lifted is missing: rows"]),
        (
            {"published": RAISED[1:]},
            [
                "lost: Fable opened is missing: topic",
                "out of order: Fable was lifted before it was opened: topic",
            ],
        ),
        ({"arrived": ARRIVED[:-1]}, ["lost: Fable lifted is missing: shaky"]),
        (
            {"arrived": (*ARRIVED[:-1], arrival(LIFTED, "shaky", taken=False))},
            ["lost: Fable lifted is missing: shaky"],
        ),
        (
            {"arrived": (*ARRIVED, arrival(LIFTED, "shaky", "another"))},
            ["with a new id: Fable lifted has 2 ids: shaky"],
        ),
        ({"raised": (*RAISED, Told(LIFTED, "a3"))}, ["with a new id: Fable lifted has 2 ids: rows"]),
        (
            {"raised": (*RAISED, Told(Step("Mythos", FIRST), "a4"))},
            ["with a new id: nobody said Mythos opened: rows"],
        ),
        ({"raised": RAISED[::-1]}, ["out of order: Fable was lifted before it was opened: rows"]),
        ({"buried": ()}, ["poison lost: p1"]),
        ({"buried": ("p1", "n1")}, ["wrongly buried: n1"]),
    ],
)
def test_each_broken_promise_has_its_complaint(
    other: dict[str, tuple[object, ...]], complaints: list[str]
) -> None:
    assert judge(evidence(**other)).complaints == complaints


def test_only_what_was_taken_before_counts_as_a_repeat() -> None:
    assert [judge(evidence(arrived=a)).repeats for a in (ARRIVED, FAILED_ONCE, TWICE)] == [0, 0, 1]


BEFORE = [Assignment(1.0, "a", frozenset({0, 1})), Assignment(1.0, "b", frozenset({2, 3}))]


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ([], None),
        ([Assignment(16.5, "b", frozenset({0, 1, 2, 3}))], 6.5),
        ([Assignment(16.0, "b", frozenset({2}))], None),
        ([Assignment(16.0, "b", frozenset({2})), Assignment(17.0, "a", frozenset({0, 1, 3}))], 7.0),
        ([Assignment(16.0, "a", frozenset({0, 1}))], 6.0),  # restarted, and given the same ones again
    ],
)
def test_take_over_is_when_the_living_hold_everything(after: list[Assignment], seconds: float | None) -> None:
    assert seconds_to_take_over("a", 10.0, [*after, *BEFORE], 4) == seconds


def test_a_seed_draws_the_same_faults_and_one_target_of_a_lane_at_a_time() -> None:
    faults = draw(7, 60)
    assert [str(fault) for fault in faults] == [str(fault) for fault in draw(7, 60)]
    assert [str(fault) for fault in faults] != [str(fault) for fault in draw(8, 60)]
    for lane in LANES.values():
        own = [fault for fault in faults if fault.target in lane.targets]
        assert all(one.ends < after.begins for one, after in pairwise(own))
    assert {fault.kind.name for fault in draw(7, 400)} == {
        k.name for lane in LANES.values() for k in lane.kinds
    }
