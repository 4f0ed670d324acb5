"""What the console's pages show: escaped, marked, folded, small, and current."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts.signature import written
from tocsin.notify.console import marks, words
from tocsin.notify.console.dossier import by_tier, fold
from tocsin.notify.console.marks import MOST, Piece, Quoted
from tocsin.notify.console.shell import STATIC

MOST_BYTES = 100_000
TEXT = "Access is suspended. " + "Other words. " * 60 + "It is lifted in May."


def test_what_claims_stand_on_is_marked_and_the_rest_is_left_out() -> None:
    pieces = marks.passages(
        TEXT, [Quoted(10, 19, "action=imposed"), Quoted(len(TEXT) - 14, len(TEXT) - 8, "b")]
    )
    assert [piece.text for piece in pieces if piece.claims] == ["suspended", "lifted"]
    assert [piece.cut for piece in pieces].count(True) == 1
    assert pieces[0].text == "Access is "
    assert "".join(piece.text for piece in pieces).endswith("lifted in May.")
    assert marks.passages("short", []) == [Piece("short")]
    assert marks.passages("", []) == []


def test_spans_that_overlap_are_marked_piece_by_piece() -> None:
    pieces = marks.mark("abcdef", [Quoted(1, 4, "x"), Quoted(2, 6, "y")])
    assert [(piece.text, piece.claims) for piece in pieces] == [
        ("a", ()),
        ("b", ("x",)),
        ("cd", ("x", "y")),
        ("ef", ("y",)),
    ]


SPANS = st.lists(
    st.builds(lambda a, b: Quoted(min(a, b), max(a, b), "c"), st.integers(0, 3000), st.integers(0, 3000)),
    max_size=8,
)


@given(st.text(max_size=3000), SPANS)
def test_no_span_can_add_to_a_text_or_lose_of_it(text: str, spans: list[Quoted]) -> None:
    assert "".join(piece.text for piece in marks.mark(text, spans)) == text
    shown = "".join(piece.text for piece in marks.passages(text, spans))
    assert len(shown) <= MOST
    at = 0
    for piece in marks.passages(text, spans):
        at = text.index(piece.text, at) + len(piece.text)


LINKS: list[tuple[str | None, bool]] = [
    ("https://a.example/x?y=1#z", True),
    ("http://a.example", True),
    ("javascript:alert(1)", False),
    ("JaVaScRiPt:alert(1)", False),
    ("data:text/html,x", False),
    ("//a.example/", False),
    ("https:///nobody", False),
    ("https://a.example/\u202egpj", False),
    ("https://a.example/\n", False),
    ("https://[", False),
    ("https://a.example/" + "x" * 3000, False),
    (None, False),
]


@pytest.mark.parametrize(("address", "becomes"), LINKS)
def test_only_web_addresses_become_links(address: str | None, becomes: bool) -> None:
    assert words.link(address) == (address if becomes else None)


def test_copies_are_folded_under_what_they_repeat_and_tiers_are_in_order(tell: Any) -> None:
    wording = {"signature": written([], range(12))}
    first = tell("a", **wording)
    copy = tell("b", hours=1, **wording)
    official = tell("c", tier="official", hours=2)
    entries = fold([(first, "it is the first"), (copy, "a copy"), (official, "it is about the same")])
    assert [(entry.fact.id, [one.id for one in entry.copies]) for entry in entries] == [
        (first.id, [copy.id]),
        (official.id, []),
    ]
    assert [tier.value for tier, _ in by_tier(entries)] == ["official", "press"]


def test_what_pages_load_is_small() -> None:
    assert sum(map(len, STATIC.values())) < MOST_BYTES / 2
    assert not re.search(
        rb"https?://(?!htmx\.org|www\.w3\.org)", STATIC["console.css"] + STATIC["console.js"]
    )
