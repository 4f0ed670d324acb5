"""What is learnt of a source, and what follows for the next poll."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest import cadence
from tocsin.ingest.asking import Asking, Way
from tocsin.ingest.cadence import Rhythm
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.hints import Hints
from tocsin.ingest.manners import Manners, of_row, to_row
from tocsin.ingest.moves import Moves

NOON = 1_781_352_000.0  # Saturday, 13 June 2026
NEW = "https://b.example/f"
FOUND = Fetched(b"<rss/>", NEW, "text/xml", Validators('"1"'), fresh_for=60.0, moved_to=NEW)
MET = Manners("https://a.example/f", "p1").heard(Validators(), "https://a.example/f", FOUND, NOON)


def test_the_same_address_and_parser_keep_everything() -> None:
    assert MET.is_met
    assert MET.here("https://a.example/f", "p1") == MET


def test_under_a_new_parser_an_unchanged_body_must_be_read_again() -> None:
    after = MET.here("https://a.example/f", "p2")
    assert not after.is_met
    assert after.asking.conditions(NOON) == Validators()
    assert (after.moves, after.fresh_for) == (MET.moves, MET.fresh_for)


def test_at_a_new_address_only_the_rhythm_holds() -> None:
    known = MET.read(Hints(ttl=60.0), [NOON], 3)
    assert known.here("https://c.example/f", "p1") == Manners(
        "https://c.example/f", "p1", rhythm=Rhythm((NOON,), 3)
    )


@pytest.mark.parametrize(
    ("manners", "least", "most"),
    [
        (Manners(), 285, 315),
        (Manners(fresh_for=900.0), 900, 990),
        (Manners(fresh_for=86_400.0), 3_600, 3_960),
        (Manners(hints=Hints(ttl=600.0)), 600, 660),
        (Manners(hints=Hints(skip_hours=(11, 13))), 285, 315),
        (Manners(hints=Hints(skip_days=(5, 6))), 3_600, 3_600),  # at the weekend once an hour
        (Manners(hints=Hints(skip_hours=tuple(range(24)))), 3_600, 3_600),
    ],
)
@given(chance=st.floats(0, 0.999))
def test_a_source_is_left_alone_for_as_long_as_it_asks_within_bounds(
    manners: Manners, least: float, most: float, chance: float
) -> None:
    assert least <= manners.pause(300.0, NOON, chance) <= most


def test_a_skipped_hour_that_ends_soon_is_waited_for() -> None:
    manners = Manners(hints=Hints(skip_hours=(12,)))
    assert manners.pause(300.0, NOON + 2_400, 0.0) == pytest.approx(1_200)  # until one o'clock


manners_of_all_kinds = st.builds(
    Manners,
    st.text(),
    st.text(),
    asking=st.builds(
        Asking,
        st.builds(Validators, st.none() | st.text(), st.none() | st.text()),
        st.sampled_from(Way),
        st.lists(st.sampled_from(Way)).map(tuple),
        st.none() | st.text(),
    ),
    moves=st.builds(Moves, st.none() | st.text(), st.none() | st.text(), st.integers()),
    rhythm=st.builds(Rhythm, st.lists(st.floats(0, 2e9)).map(tuple), st.integers()),
    hints=st.builds(Hints, st.none() | st.floats(0, 1e9), skip_hours=st.just((1, 2))),
    fresh_for=st.floats(0, 1e9),
)


@given(manners_of_all_kinds)
def test_what_is_stored_comes_back(manners: Manners) -> None:
    assert of_row(to_row(manners)) == manners


@given(manners_of_all_kinds, st.floats(1, 86_400), st.floats(0, 0.999))
def test_no_pause_is_longer_than_the_longest(manners: Manners, every: float, chance: float) -> None:
    assert 0.2 * every < manners.pause(every, NOON, chance) <= cadence.longest(every)


def test_a_readers_notes_are_no_part_of_it() -> None:
    noted = replace(FOUND, validators=Validators('"1"', memory=b"\xff\x00"))
    known = Manners().heard(Validators(memory=b"\xfe"), "https://a.example/f", noted, NOON)
    assert of_row(to_row(known)) == known
    assert known.asking.validators == Validators('"1"')
