"""When a source is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.cadence import KEPT, Rhythm, after_answer, after_failure, pace

NOW = 1_000_000_000.0
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def every_so_often(gap: float, *, count: int = 20, ago: float = 0.0, shown: int = 40) -> Rhythm:
    """News ``gap`` seconds apart, the last one ``ago`` seconds ago."""
    return Rhythm(tuple(NOW - ago - gap * number for number in reversed(range(count))), shown)


@pytest.mark.parametrize(
    ("rhythm", "period", "seconds"),
    [
        (Rhythm(), None, 300),  # nothing known: as declared
        (Rhythm(shown=20), None, 300),
        (every_so_often(5 * MINUTE, count=2), None, 300),  # two news make no rhythm
        (every_so_often(30 * DAY, ago=9 * DAY), None, 600),  # monthly
        (every_so_often(HOUR, ago=HOUR), None, 360),  # hourly
        (every_so_often(20 * MINUTE, ago=20 * MINUTE), None, 150),  # busier than it can be asked
        (every_so_often(HOUR, ago=7 * DAY), None, 600),  # it was hourly, and fell silent
        (Rhythm(), HOUR, 360),  # it says that it is hourly
        (Rhythm(), 30 * DAY, 600),
        (every_so_often(20 * MINUTE, ago=20 * MINUTE), DAY, 150),  # what it does counts, not what it says
        (every_so_often(10 * MINUTE, ago=MINUTE, shown=10), None, 150),  # half of ten stay 50 minutes
        (
            every_so_often(MINUTE, ago=MINUTE, shown=10),
            None,
            150,
        ),  # a burst is over with five minutes: 2 * 150
        (every_so_often(20.0, ago=5.0, shown=10), None, 75),  # ten in 200 s: as often as it may be asked
        (Rhythm((NOW - DAY,) * 5 + (NOW - 10,) * 5, 10), None, 75),  # half of the list is new
        (Rhythm((NOW - DAY,) * 5 + (NOW - 90,) * 5, 10), None, 90),  # and it calms down again
        (every_so_often(DAY, count=50, ago=DAY, shown=1), None, 600),
    ],
)
def test_a_source_is_asked_at_its_own_rhythm(rhythm: Rhythm, period: float | None, seconds: float) -> None:
    assert pace(300.0, rhythm, period, NOW) == pytest.approx(seconds, rel=0.2)


times = st.floats(0, NOW)
rhythms = st.builds(Rhythm, st.lists(times, max_size=60).map(sorted).map(tuple), st.integers(0, 200))


@given(st.floats(1, DAY), rhythms, st.none() | st.floats(1, 1e8))
def test_no_past_drives_the_pace_out_of_its_bounds(
    every: float, rhythm: Rhythm, period: float | None
) -> None:
    assert 0.25 * every <= pace(every, rhythm, period, NOW) <= 2 * every


@given(st.floats(60, 30 * DAY), st.floats(1, 10))
def test_who_publishes_more_often_is_asked_no_less_often(gap: float, times: float) -> None:
    often, seldom = every_so_often(gap, ago=gap), every_so_often(gap * times, ago=gap * times)
    assert pace(300.0, often, None, NOW) <= pace(300.0, seldom, None, NOW)


@given(st.integers(2, 50), st.floats(160, 36_000))
def test_a_list_that_shows_its_newest_only_is_asked_before_it_has_turned_over(shown: int, gap: float) -> None:
    """By a source that keeps its gap, asked at the pace that follows, from when it is known."""
    arrivals = [NOW - gap * number for number in reversed(range(KEPT))]
    now, asked_at = NOW, NOW
    for _ in range(20):
        now += pace(300.0, Rhythm(tuple(arrivals), shown), None, now) * 1.05
        new = [arrivals[-1] + gap * n for n in range(1, int((now - arrivals[-1]) / gap) + 1)]
        assert len(new) <= shown, f"missed some after {now - asked_at} s"
        arrivals, asked_at = (arrivals + new)[-KEPT:], now


def test_only_the_latest_arrivals_are_kept_in_their_order() -> None:
    rhythm = Rhythm((1.0, 5.0)).heard([3.0, *range(10, 70)], 7)
    assert rhythm == Rhythm(tuple(float(second) for second in range(20, 70)), 7)


@pytest.mark.parametrize(
    ("fresh_for", "ttl", "least"),
    [
        (0, None, 285),
        (600, None, 600),
        (DAY, None, 3_600),  # granted up to an hour
        (0, 600.0, 600),
        (0, DAY, 1_200),  # a document's own words up to four times the pace
        (120, 60.0, 285),
    ],
)
def test_what_a_source_asks_for_is_granted_within_bounds(
    fresh_for: float, ttl: float | None, least: float
) -> None:
    pauses = [
        after_answer(300.0, 300.0, fresh_for=fresh_for, ttl=ttl, chance=chance) for chance in (0.0, 0.999)
    ]
    assert pauses[0] == pytest.approx(least)
    assert pauses[0] < pauses[1] <= 1.11 * pauses[0]


@given(st.floats(1, 86_400), st.integers(1, 10_000), st.floats(0, 0.999))
def test_it_never_gives_up_and_never_hurries(every: float, failures: int, chance: float) -> None:
    pause = after_failure(every, failures, None, chance)
    assert 0.5 * every <= pause <= max(3_600, every)


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [after_failure(60, failures, None, 0.99) for failures in range(1, 10)]
    assert pauses == sorted(pauses)
    assert 3_500 < pauses[-1] <= 3_600


@pytest.mark.parametrize(
    ("failures", "asked", "least"), [(1, 7_200.0, 7_200.0), (1, 1.0, 60.0), (3, None, 240.0)]
)
def test_what_the_source_asks_for_is_the_least_it_gets(
    failures: int, asked: float | None, least: float
) -> None:
    assert after_failure(60, failures, asked, 0.0) == least
