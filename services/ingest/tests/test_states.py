"""The state of a source: what one poll looks like, how long until it counts, and what is learnt."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.figures import measure
from tocsin.ingest.outcome import Outcome
from tocsin.ingest.states import (
    ANSWERS,
    LEAVES_AFTER,
    NOT_ITS_FAULT,
    RETURNS_AFTER,
    WORDS,
    Condition,
    Observation,
    State,
    advance,
    of_row,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
NOW = START.timestamp()
HOUR, DAY = 3_600.0, 86_400.0
FAILURES = [outcome for outcome in Outcome if outcome in WORDS]


def entry(number: int, at: float = NOW, **said: object) -> Entry:
    words = {"title": f"Rule {number}", "text": f"Text of the rule {number}.", "url": "https://a.example/"}
    date = datetime.fromtimestamp(at, UTC)
    return replace(Entry(str(number), published_at=date, language="en", **words), **said)  # type: ignore[arg-type]  # some of its fields


def saw(
    entries: Sequence[Entry], at: float, *, bad: int = 0, news: bool = False, size: int = 0
) -> Observation:
    parsed = Parsed(tuple(entries), tuple(BadEntry(f"#{number}", "bad") for number in range(bad)))
    figures = measure([parsed], size or 500 * (len(entries) + bad) or 300, datetime.fromtimestamp(at, UTC))
    return Observation(Outcome.READ, figures=figures, news=news)


def usual(at: float, **said: object) -> list[Entry]:
    """Ten entries, one every eight hours up to shortly before."""
    return [entry(number, at - 8 * HOUR * (10 - number), **said) for number in range(10)]


def settled(at: float = NOW, polls: int = 6) -> Condition:
    """A source that was read some times and is well; the last poll was an hour ago."""
    condition = of_row(None, at - polls * HOUR)
    for number in range(polls):
        then = at - (polls - number) * HOUR
        condition = advance(condition, saw(usual(at), then, news=number == 0), then)
    assert condition.state is State.OK
    return condition


ILLS = [
    ("nothing in it", saw([], NOW), State.EMPTY, "has held nothing"),
    (
        "an empty body",
        Observation(Outcome.EMPTY, "status 200 and an empty body"),
        State.EMPTY,
        "with nothing",
    ),
    ("refused", Observation(Outcome.REFUSED, "status 403"), State.BROKEN, "it refuses us: status 403"),
    ("a page", Observation(Outcome.HTML, "a page"), State.BROKEN, "gives a page instead"),
    (
        "half unread",
        saw(usual(NOW)[:5], NOW, bad=5),
        State.DRIFTED,
        "50% of its entries are that could be read",
    ),
    ("texts gone", saw(usual(NOW, text=""), NOW), State.DRIFTED, "0% of its entries come with a text"),
    ("links gone", saw(usual(NOW, url=None), NOW), State.DRIFTED, "0% of its entries come with an address"),
    ("dates gone", saw(usual(NOW, published_at=None), NOW), State.DRIFTED, "come with a date"),
    (
        "titles gone",
        saw([replace(e, title=e.text) for e in usual(NOW)], NOW),
        State.DRIFTED,
        "title of their own",
    ),
    ("clock wrong", saw(usual(NOW + 400 * DAY), NOW), State.DRIFTED, "dated before tomorrow"),
    ("German", saw(usual(NOW, language="de"), NOW), State.DRIFTED, "its language is 'de'; usual is 'en'"),
    ("Cyrillic", saw(usual(NOW, title="Указ", text="Текст"), NOW), State.DRIFTED, "in Latin letters"),
    ("bloated", saw(usual(NOW), NOW, size=90_000), State.DRIFTED, "an entry takes 9000 bytes; usual is 500"),
    ("cut short", saw(usual(NOW), NOW, size=300), State.DRIFTED, "an entry takes 30 bytes"),
]


@pytest.mark.parametrize(("seen", "state", "words"), [ill[1:] for ill in ILLS], ids=[ill[0] for ill in ILLS])
def test_an_ill_is_named_in_words_and_counts_from_its_third_poll(
    seen: Observation, state: State, words: str
) -> None:
    condition = settled()
    for number in range(LEAVES_AFTER):
        assert condition.state is State.OK
        condition = advance(condition, seen, NOW + number * 60)
    assert condition.state is state
    assert words in condition.reason
    for number in range(RETURNS_AFTER):
        assert condition.state is state
        condition = advance(condition, saw(usual(NOW), NOW), NOW + HOUR + number * 60)
    assert (condition.state, condition.reason) == (State.OK, "")


def test_every_way_to_fail_has_words() -> None:
    assert set(WORDS) == set(Outcome) - ANSWERS - NOT_ITS_FAULT - {Outcome.EMPTY}


def test_a_source_without_a_past_is_not_measured_by_it() -> None:
    condition = of_row(None, NOW)
    for seen in (saw([], NOW), saw(usual(NOW, text=""), NOW), saw([entry(1)], NOW)):
        condition = advance(condition, seen, NOW)
        assert condition.seen is State.OK


@pytest.mark.parametrize("outcome", [Outcome.UNCHANGED, Outcome.NOT_MODIFIED])
@pytest.mark.parametrize("ill", [saw([], NOW), saw(usual(NOW, text=""), NOW)], ids=["empty", "drifted"])
def test_what_stays_as_it_is_stays_ill(ill: Observation, outcome: Outcome) -> None:
    condition = advance(settled(), ill, NOW)
    for number in range(LEAVES_AFTER):
        condition = advance(condition, Observation(outcome), NOW + number)
    assert condition.state in {State.EMPTY, State.DRIFTED}


def test_our_own_faults_are_not_the_sources() -> None:
    condition = settled()
    for outcome in NOT_ITS_FAULT:
        assert advance(condition, Observation(outcome, "away"), NOW) == condition


def test_it_is_late_by_its_own_rhythm_and_stale_when_nobody_keeps_it_up() -> None:
    condition, unchanged = settled(), Observation(Outcome.NOT_MODIFIED)
    states: dict[State, float] = {}
    for hour in range(24 * 60):
        condition = advance(condition, unchanged, NOW + hour * HOUR)
        states.setdefault(condition.state, hour)
    assert list(states) == [State.OK, State.LATE, State.STALE]
    assert (
        states[State.LATE] <= 4 * 24 + 8 + LEAVES_AFTER
    )  # four days: not known yet whether it rests on some
    assert 30 * 24 - 8 <= states[State.STALE] <= 30 * 24 + LEAVES_AFTER
    assert "the longest before was 8 hours" in condition.reason
    for number in range(RETURNS_AFTER):
        condition = advance(condition, saw(usual(NOW), NOW, news=True), NOW + 61 * DAY + number)
    assert condition.state is State.OK


def test_a_feed_that_was_dead_when_we_came_is_stale_at_once() -> None:
    condition = of_row(None, NOW)
    for number in range(LEAVES_AFTER):
        dead = saw(usual(NOW - 900 * DAY), NOW, news=number == 0)
        condition = advance(condition, dead, NOW + number * 60)
    assert condition.state is State.STALE
    assert condition.reason.startswith("nothing new for 900 days")


def test_a_source_that_rests_at_weekends_is_not_late_on_sundays() -> None:
    condition, late = of_row(None, NOW), 0  # the first of June 2026 is a Monday
    for hour in range(24 * 7 * 8):
        now = START + timedelta(hours=hour)
        news = now.weekday() < 5 and 9 <= now.hour < 17
        condition = advance(condition, Observation(Outcome.READ, news=news), now.timestamp())
        late += condition.state is State.LATE
    assert late == 0


def test_a_source_that_is_empty_from_time_to_time_is_only_the_first_time_news() -> None:
    condition, ill = settled(), [0] * 5
    for week in range(5):
        for hour in range(24 * 7):
            now = NOW + (week * 7 * 24 + hour) * HOUR
            entries = [] if hour < 48 else usual(now)
            condition = advance(condition, saw(entries, now, news=hour == 48), now)
            ill[week] += condition.state is State.EMPTY
    assert ill[0] > 0
    assert ill[1:] == [0] * 4


def test_what_has_been_another_way_for_a_week_is_how_the_source_is_now() -> None:
    condition = settled()
    for hour in range(24 * 8):
        now = NOW + hour * HOUR
        condition = advance(condition, saw(usual(now, language="de"), now, news=True), now)
        if hour == 24:
            assert condition.state is State.DRIFTED
    assert condition.state is State.OK
    assert condition.known.language == "de"


def test_a_source_that_moved_for_good_says_where() -> None:
    condition = settled()
    moved = replace(saw(usual(NOW), NOW), moved_to="https://new.example/feed")
    for number in range(RETURNS_AFTER):
        condition = advance(condition, moved, NOW + number)
    assert (condition.state, condition.reason) == (State.MOVED, "it has moved to https://new.example/feed")


def test_what_is_kept_is_json_and_another_version_can_read_it() -> None:
    condition = advance(settled(), Observation(Outcome.REFUSED, "status 403"), NOW)
    row = json.loads(json.dumps(condition.as_row()))
    assert of_row(row, 0) == condition
    row["of_tomorrow"], row["known"]["of_tomorrow"] = 1, 2
    del row["known"]["longest_empty"]
    assert of_row(row, 0) == condition


OBSERVATIONS = st.one_of(
    st.builds(Observation, st.sampled_from(FAILURES), st.just("why")),
    st.just(Observation(Outcome.EMPTY, "nothing")),
    st.just(Observation(Outcome.NOT_MODIFIED)),
    st.builds(
        lambda count, bad, news, size: saw(usual(NOW)[:count], NOW, bad=bad, news=news, size=size),
        st.integers(0, 10),
        st.integers(0, 10),
        st.booleans(),
        st.integers(1, 10**7),
    ),
)


@given(st.lists(st.tuples(OBSERVATIONS, st.floats(0, 40 * DAY)), max_size=40))
def test_no_past_breaks_it_and_hysteresis_holds(polls: list[tuple[Observation, float]]) -> None:
    condition, now, in_a_row, was_ill = of_row(None, NOW), NOW, 0, False
    for seen, pause in polls:
        now += pause
        before = condition
        condition = advance(condition, seen, now)
        assert of_row(json.loads(json.dumps(condition.as_row())), 0) == condition
        is_ill = condition.seen.is_ill
        in_a_row = in_a_row + 1 if is_ill == was_ill else 1
        was_ill = is_ill
        if in_a_row >= (LEAVES_AFTER if is_ill else RETURNS_AFTER):
            assert condition.state.is_ill == is_ill
        if condition.state is not before.state:
            assert condition.since == now
            assert bool(condition.reason) == (condition.state is not State.OK)
