"""When a source is asked again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.cadence import next_poll, retry_after

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


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-5", None),
        ("soon", None),
        ("9" * 400, 86_400.0),
        ("Sat, 13 Jun 2026 00:51:00 GMT", 60.0),
        ("Sat, 13 Jun 2026 00:51:00", 60.0),
        ("Sat, 13 Jun 2020 00:51:00 GMT", 0.0),
        ("Sat, 13 Jun 9999 00:51:00 GMT", 86_400.0),
        ("Sat, 99 Jun 2026 00:51:00 GMT", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_retry_after_survives_anything(value: str) -> None:
    asked = retry_after(value, NOW)
    assert asked is None or 0 <= asked <= 86_400
