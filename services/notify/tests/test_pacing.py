"""Pacing: tries over days, spread by a fifth, never sooner than the receiver wishes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.pacing import JITTER, SCHEDULE, next_try

CHANCES = st.floats(0, 1, exclude_max=True)
ATTEMPTS = st.integers(1, len(SCHEDULE))


def test_a_receiver_that_is_away_for_three_days_still_hears_it() -> None:
    waits = [next_try(attempt, 0.0) for attempt in range(1, len(SCHEDULE) + 1)]
    assert sum((wait for wait in waits if wait), timedelta()) > timedelta(days=2, hours=12)
    assert sum(SCHEDULE, timedelta()) > timedelta(days=3)
    assert waits == sorted(waits, key=lambda wait: wait or timedelta())


def test_after_the_last_try_it_is_given_up() -> None:
    assert next_try(len(SCHEDULE), 0.5) == SCHEDULE[-1]
    assert next_try(len(SCHEDULE) + 1, 0.5) is None
    assert next_try(len(SCHEDULE) + 1, 0.5, timedelta(hours=1)) is None


@given(attempts=ATTEMPTS, chance=CHANCES)
def test_jitter_stays_within_a_fifth(attempts: int, chance: float) -> None:
    wait = next_try(attempts, chance)
    assert wait is not None
    planned = SCHEDULE[attempts - 1]
    second = timedelta(seconds=0.001)
    assert planned * (1 - JITTER) - second <= wait <= planned * (1 + JITTER) + second


def test_jitter_spreads() -> None:
    assert next_try(3, 0.0) == timedelta(minutes=4)
    assert next_try(3, 0.5) == timedelta(minutes=5)


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
    assert next_try(3, 0.5, wish) == wait
