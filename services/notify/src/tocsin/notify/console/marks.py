"""Marks: the words that a claim stands on, marked in what a notice says. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from tocsin.contracts import NoticeClassified

AROUND = 160  # characters on each side of a quoted span
MOST = 900  # characters of a text that are shown
OPENING = 320  # of a text that nothing quotes


class Piece(NamedTuple):
    """Some of a text; ``claims`` stand on it, if it is marked. ``cut``: something is left out before it."""

    text: str
    claims: tuple[str, ...] = ()
    cut: bool = False


class Quoted(NamedTuple):
    """A part of a text that claims stand on."""

    start: int
    end: int
    claim: str


def quoted(fact: NoticeClassified, field: Literal["title", "text"]) -> list[Quoted]:
    """What the evidence quotes of a notice's title or text."""
    spans = [(one.span, one.claim) for one in fact.classification.evidence if one.span is not None]
    return [Quoted(span.start, span.end, claim) for span, claim in spans if span.field == field]


def mark(text: str, spans: Sequence[Quoted]) -> list[Piece]:
    """The whole text in pieces, cut where a span begins or ends."""
    return _within(text, 0, len(text), spans)


def passages(text: str, spans: Sequence[Quoted]) -> list[Piece]:
    """What stands around the spans, in pieces; the opening of a text that has none."""
    windows = list(_windows(text, spans)) or [(0, min(len(text), OPENING))]
    pieces: list[Piece] = []
    at, left = 0, MOST
    for start, end in windows:
        shown = min(end, start + left)
        if shown <= start:
            break
        found = _within(text, start, shown, spans)
        pieces += [found[0]._replace(cut=start > at), *found[1:]]
        at, left = shown, left - (shown - start)
    return [*pieces, Piece("", cut=True)] if at < len(text) else pieces


def _windows(text: str, spans: Sequence[Quoted]) -> Iterator[tuple[int, int]]:
    """The places that are shown, in order, none touching another."""
    start = end = -1
    for span in sorted(spans):
        begin, close = _snapped(text, span.start - AROUND), _snapped(text, span.end + AROUND)
        if begin <= end:
            end = max(end, close)
            continue
        if end > start:
            yield start, end
        start, end = begin, close
    if end > start:
        yield start, end


def _snapped(text: str, place: int) -> int:
    """The place, moved back to the start of its word."""
    if not 0 < place < len(text):
        return max(0, min(place, len(text)))
    space = max(text.rfind(" ", 0, place), text.rfind("\n", 0, place))
    return space + 1 if place - space < AROUND // 2 else place


def _within(text: str, start: int, end: int, spans: Sequence[Quoted]) -> list[Piece]:
    inside = [span for span in spans if span.start < end and span.end > start and span.end > span.start]
    bounds = {start, end, *(min(max(at, start), end) for span in inside for at in (span.start, span.end))}
    edges = sorted(bounds)
    return [
        Piece(text[left:right], tuple(one.claim for one in inside if one.start <= left and right <= one.end))
        for left, right in pairwise(edges)
    ] or [Piece("")]
