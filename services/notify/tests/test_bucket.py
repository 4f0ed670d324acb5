"""A token bucket: a burst, then a rate, slower for who asked for time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.pacing.bucket import SLOWEST, Bucket, Rate


def test_a_burst_then_the_rate() -> None:
    bucket = Bucket(Rate(2, 3), 0.0)
    for _ in range(3):
        assert bucket.wait(0.0) == 0.0
        bucket.take(0.0)
    assert bucket.wait(0.0) == pytest.approx(0.5)
    assert bucket.wait(0.5) == 0.0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_over_any_time_no_more_than_burst_and_rate(steps: list[float]) -> None:
    bucket, now, sent = Bucket(Rate(2, 3), 0.0), 0.0, 0
    for step in steps:
        now += step
        while bucket.wait(now) == 0.0:
            bucket.take(now)
            sent += 1
    assert sent <= 3 + 2 * now + 1e-6


def test_who_asks_for_time_is_sent_to_at_half_the_rate_until_it_takes_some_again() -> None:
    bucket = Bucket(Rate(4, 10), 0.0)
    bucket.slow_down(0.0)
    assert bucket.wait(0.0) == pytest.approx(0.5)
    for _ in range(100):
        bucket.slow_down(0.0)
    assert bucket.per_second == SLOWEST
    for _ in range(200):
        bucket.speed_up()
    assert bucket.per_second == 4
