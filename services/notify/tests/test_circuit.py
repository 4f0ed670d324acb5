"""A circuit: opens after failures in a row, probes ever more rarely, closes on the first success."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.pacing.circuit import OPENS_AFTER, PROBES, Circuit, Sign

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
SIGNS = st.sampled_from(Sign)
WISHES = st.none() | st.timedeltas(timedelta(), timedelta(days=1))
STORIES = st.lists(st.tuples(SIGNS, WISHES, st.timedeltas(timedelta(), timedelta(hours=1))), max_size=40)


def told(story: list[tuple[Sign, timedelta | None, timedelta]]) -> tuple[Circuit, datetime]:
    circuit, now = Circuit(), NOW
    for sign, wish, later in story:
        now += later
        circuit = circuit.after(sign, now, wish)
    return circuit, now


@given(STORIES)
def test_whatever_came_before_a_success_closes_it(
    story: list[tuple[Sign, timedelta | None, timedelta]],
) -> None:
    circuit, now = told(story)
    assert circuit.after(Sign.WELL, now) == Circuit()


@given(STORIES)
def test_it_is_open_exactly_when_so_many_failed_since_the_last_success(
    story: list[tuple[Sign, timedelta | None, timedelta]],
) -> None:
    signs = [sign for sign, _, _ in story]
    since = signs[len(signs) - signs[::-1].index(Sign.WELL) :] if Sign.WELL in signs else signs
    circuit, _ = told(story)
    assert (circuit.opened_at is not None) == (since.count(Sign.ILL) >= OPENS_AFTER)


@given(STORIES, WISHES)
def test_a_hold_is_never_shorter_than_was_asked_for(
    story: list[tuple[Sign, timedelta | None, timedelta]], wish: timedelta | None
) -> None:
    circuit, now = told(story)
    held = circuit.after(Sign.BUSY, now, wish).held_until
    assert wish is None or (held is not None and held >= now + wish)


def test_probes_grow_rarer_up_to_a_limit() -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        assert circuit.held_until is None
        circuit = circuit.after(Sign.ILL, NOW)
    pauses = []
    for _ in range(len(PROBES) + 2):
        assert circuit.held_until is not None
        pauses.append(circuit.held_until - NOW)
        circuit = circuit.after(Sign.ILL, NOW)
    assert pauses == [*PROBES, PROBES[-1], PROBES[-1]]
    assert circuit.opened_at == NOW


def test_what_was_under_way_as_it_opened_is_no_probe() -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        circuit = circuit.after(Sign.ILL, NOW)
    second = timedelta(seconds=1)
    assert circuit.after(Sign.ILL, NOW + second, None, 2 * second) == circuit
    assert circuit.after(Sign.ILL, NOW + 2 * second, None, second).probes == 1
