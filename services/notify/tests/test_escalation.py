"""Escalation as a decision: reminded and fallen back once each, in time, and never after an answer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tocsin.contracts import AlertRaised, Severity, StepKind
from tocsin.contracts.subscriptions import OnCall
from tocsin.notify.pacing.escalation import UNANSWERED, Act, Escalation, State, arm

Alert = Callable[..., AlertRaised]

NOW = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)
BOTH, ONLY_REMINDER = OnCall(fallback="pager"), OnCall()


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


DUE: list[tuple[OnCall, list[tuple[float, tuple[Act, ...]]]]] = [
    (BOTH, [(14.9, ()), (15, (Act.REMINDER,)), (29.9, ()), (30, (Act.FALLBACK,)), (999, ())]),
    (BOTH, [(31, (Act.REMINDER, Act.FALLBACK)), (999, ())]),  # after an outage
    (ONLY_REMINDER, [(15, (Act.REMINDER,)), (999, ())]),
]


@pytest.mark.parametrize(("on_call", "turns"), DUE)
def test_each_act_is_due_once_at_its_time(
    an_alert: Alert, on_call: OnCall, turns: list[tuple[float, tuple[Act, ...]]]
) -> None:
    one = arm(an_alert(raised_at=NOW), on_call)
    assert one is not None
    for at, acts in turns:
        assert one.due(minutes(at)) == acts
        assert (one.due_at is not None and one.due_at <= minutes(at)) is bool(acts)
        one = one.done(acts, minutes(at))
    assert one.state is State.SPENT


@pytest.mark.parametrize(
    ("severity", "kind", "on_call", "armed"),
    [
        (Severity.CRITICAL, StepKind.OPENED, BOTH, True),
        (Severity.HIGH, StepKind.OPENED, BOTH, False),
        (Severity.HIGH, StepKind.OPENED, OnCall(min_severity=Severity.HIGH), True),
        (Severity.CRITICAL, StepKind.LIFTED, BOTH, False),
        (Severity.CRITICAL, StepKind.DENIED, BOTH, False),
        (Severity.CRITICAL, StepKind.OPENED, None, False),
    ],
)
def test_only_what_is_grave_enough_and_not_over_is_watched(
    an_alert: Alert, severity: Severity, kind: StepKind, on_call: OnCall | None, armed: bool
) -> None:
    assert (arm(an_alert(severity=severity, kind=kind), on_call) is not None) is armed


class Night(RuleBasedStateMachine):
    """Time passes, the loop turns when it can, and somebody may answer at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.one = Escalation(minutes(15), minutes(30))
        self.done: list[Act] = []
        self.answered_after: int | None = None

    @rule(passed=st.floats(0, 40))
    def wait(self, passed: float) -> None:
        self.now += timedelta(minutes=passed)

    @rule()
    def turn(self) -> None:
        acts = self.one.due(self.now)
        self.done += acts
        self.one = self.one.done(acts, self.now) if acts else self.one

    @precondition(lambda self: self.answered_after is None)
    @rule(why=st.sampled_from([State.ACKNOWLEDGED, State.OVER, State.DROPPED]))
    def answer(self, why: State) -> None:
        self.one, self.answered_after = self.one.ended(why), len(self.done)
        assert self.one.state is why
        assert self.one.ended(State.OVER).state is why

    @invariant()
    def each_at_most_once_in_order_and_none_too_early(self) -> None:
        assert self.done == [Act.REMINDER, Act.FALLBACK][: len(self.done)]
        if self.done:
            assert self.now >= minutes(15)
        if len(self.done) > 1:
            assert self.now >= minutes(30)

    @invariant()
    def nothing_after_an_answer(self) -> None:
        if self.answered_after is not None:
            assert len(self.done) == self.answered_after
            assert self.one.due_at is None

    def teardown(self) -> None:
        if self.answered_after is None:  # never none if nobody answers
            self.now = max(self.now, minutes(30))
            self.turn()
            assert self.done == [Act.REMINDER, Act.FALLBACK]
            assert self.one.state in UNANSWERED


TestNight = Night.TestCase
