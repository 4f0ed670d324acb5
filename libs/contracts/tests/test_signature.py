"""Signatures: what is written compares as its prints do, and nothing that claims to be one does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts.signature import alike, written

PRINTS = st.frozensets(st.integers(0, 0xFFFF), max_size=64)


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (({1, 2}, {3, 4, 5, 6}), ({1, 2}, {3, 4, 5, 6}), 1.0),
        (({1, 2}, {3, 4, 5, 6}), ({8, 9}, {3, 4, 5, 6}), 1.0),  # another headline
        (({1, 2}, {3, 4, 5, 6}), ({8, 9}, {3, 4}), 1.0),  # cut short
        (({1, 2}, {3, 4, 5, 6}), ({8, 9}, {3, 7}), 0.5),
        (({1, 2}, {3, 4, 5, 6}), ({1, 2}, {7, 8}), 0.0),  # titles recur, and say nothing beside texts
        (({1, 2}, {3, 4, 5, 6}), ({1, 2}, set()), 1.0),  # the title alone
        ((set(), {3, 4}), ({3, 4}, set()), 0.0),
        ((set(), set()), (set(), set()), 0.0),
    ],
)
def test_how_much_of_the_shorter_stands_in_the_other(
    one: tuple[set[int], set[int]], other: tuple[set[int], set[int]], likeness: float
) -> None:
    assert alike(written(*one), written(*other)) == likeness
    assert alike(written(*other), written(*one)) == likeness


def test_a_signature_is_written_alike_for_ever() -> None:
    assert written([0xFFFF, 1, 1], [0x1234]) == "AAH//w.EjQ"
    assert written([], [0x1234]) == ".EjQ"
    assert written([], []) == ""


@given(title=PRINTS, text=PRINTS)
def test_a_wording_is_like_itself(title: frozenset[int], text: frozenset[int]) -> None:
    assert alike(written(title, text), written(title, text)) == (1.0 if title or text else 0.0)


@given(one=st.text(), other=st.one_of(st.text(), st.builds(written, PRINTS, PRINTS)))
def test_whatever_is_said_to_be_a_signature_is_compared(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) <= 1.0
    assert alike(one, other) == alike(other, one)
