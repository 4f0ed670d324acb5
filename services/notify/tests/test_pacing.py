"""Pacing: tries over days, spread by a fifth, never sooner than the receiver wishes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.pacing.retry import JITTER, SCHEDULE, next_try

CHANCES = st.floats(0, 1, exclude_max=True)
ATTEMPTS = st.integers(1, len(SCHEDULE))
THREE_DAYS = timedelta(days=3)


@given(st.lists(CHANCES, min_size=len(SCHEDULE), max_size=len(SCHEDULE)))
def test_a_receiver_that_is_away_for_three_days_still_hears_it(chances: list[float]) -> None:
    passed = timedelta()
    for attempt, chance in enumerate(chances, 1):
        wait = next_try(attempt, passed, chance)
        assert wait is not None
        passed += wait
    assert passed > THREE_DAYS
    assert next_try(len(SCHEDULE) + 1, passed, 0.5) is None
    assert next_try(len(SCHEDULE) + 1, passed, 0.5, timedelta(hours=1)) is None


@given(attempts=st.integers(1, 100), chance=CHANCES)
def test_nothing_is_given_up_before_three_days_however_often_it_was_tried(
    attempts: int, chance: float
) -> None:
    assert next_try(attempts, THREE_DAYS - timedelta(seconds=1), chance) is not None


@given(attempts=ATTEMPTS, chance=CHANCES)
def test_jitter_puts_off_by_up_to_a_fifth_and_never_hurries(attempts: int, chance: float) -> None:
    wait = next_try(attempts, timedelta(), chance)
    assert wait is not None
    planned = SCHEDULE[attempts - 1]
    assert planned <= wait <= planned * (1 + JITTER)


def test_jitter_spreads() -> None:
    assert next_try(3, timedelta(), 0.0) == timedelta(minutes=5)
    assert next_try(3, timedelta(), 0.5) == timedelta(minutes=5, seconds=30)


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        (None, timedelta(minutes=5)),
        (timedelta(0), timedelta(minutes=5)),
        (timedelta(minutes=4), timedelta(minutes=5)),
        (timedelta(minutes=6), timedelta(minutes=6)),
    ],
)
def test_a_wish_is_a_lower_bound(wish: timedelta | None, wait: timedelta) -> None:
    assert next_try(3, timedelta(), 0.0, wish) == wait
