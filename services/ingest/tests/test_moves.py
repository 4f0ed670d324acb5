"""A source that moved is followed, and not by one stray redirect."""

import pytest

from tocsin.ingest.moves import Moves

OLD, NEW, OTHER = "https://a.example/f", "https://b.example/f", "https://c.example/f"


@pytest.mark.parametrize(
    ("led", "asked"),
    [
        ([NEW], OLD),
        ([NEW, NEW], OLD),
        ([NEW, NEW, NEW], NEW),
        ([NEW, NEW, None, NEW], OLD),
        ([NEW, NEW, OTHER], OLD),
        ([NEW, NEW, NEW, None, None], NEW),
        ([NEW, NEW, NEW, OTHER, OTHER, OTHER], OTHER),
    ],
)
def test_the_third_redirect_in_a_row_to_one_place_makes_it_the_address(
    led: list[str | None], asked: str
) -> None:
    moves = Moves()
    for moved_to in led:
        moves = moves.heard(moves.address(OLD, 0), moved_to)
    assert moves.address(OLD, 0) == asked


def test_after_three_failures_the_declared_address_is_tried_and_if_it_answers_kept() -> None:
    moves = Moves(adopted=NEW)
    assert [moves.address(OLD, failures) for failures in (0, 2, 3, 9)] == [NEW, NEW, OLD, OLD]
    assert moves.heard(OLD, None).address(OLD, 0) == OLD
    assert moves.heard(OLD, NEW).address(OLD, 0) == OLD  # it must be met three times again
