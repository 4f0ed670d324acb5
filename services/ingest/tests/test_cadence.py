"""When a source is asked again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.cadence import next_poll

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)


@given(st.floats(1, 86_400), st.integers(0, 10_000), st.floats(0, 0.999))
def test_it_never_gives_up_and_never_hurries(every: float, failures: int, chance: float) -> None:
    pause = next_poll(every, failures, None, chance)
    assert 0.5 * every <= pause <= max(3_600, every * 1.05)


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [next_poll(60, failures, None, 0.99) for failures in range(1, 10)]
    assert pauses == sorted(pauses)
    assert 3_500 < pauses[-1] <= 3_600


@pytest.mark.parametrize(
    ("failures", "asked", "least"), [(1, 7_200.0, 7_200.0), (1, 1.0, 60.0), (3, None, 240.0)]
)
def test_what_the_source_asks_for_is_the_least_it_gets(
    failures: int, asked: float | None, least: float
) -> None:
    assert next_poll(60, failures, asked, 0.0) == least
