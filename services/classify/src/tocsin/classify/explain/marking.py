"""Numbers the words of a text that carry something, and parts a text at them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from tocsin.classify.explain.explanation import Mark
from tocsin.contracts import Span

Kind = Literal["act", "cue", "veto", "name", "other"]


class Marker:
    """Collects marks; the same words are marked once, with all that they say."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, int, int], Kind] = {}
        self._says: dict[tuple[str, int, int], list[str]] = {}
        self._spans: dict[tuple[str, int, int], Span] = {}

    def add(self, kind: Kind, span: Span, says: str) -> None:
        """Mark a span; the kind that is told first stays."""
        place = (span.field, span.start, span.end)
        self._spans.setdefault(place, span)
        self._kinds.setdefault(place, kind)
        if says not in self._says.setdefault(place, []):
            self._says[place].append(says)

    def marks(self) -> tuple[Mark, ...]:
        """All of them in order: title before text, outer before inner."""
        places = sorted(self._spans, key=lambda place: (place[0] != "title", place[1], -place[2]))
        return tuple(
            Mark(
                number=number,
                kind=self._kinds[place],
                span=self._spans[place],
                says=tuple(self._says[place]),
            )
            for number, place in enumerate(places, start=1)
        )


def number_of(span: Span, marks: Iterable[Mark]) -> int:
    """The number under which a span is marked."""
    return next(mark.number for mark in marks if mark.span == span)


def parted(text: str, marks: Sequence[Mark]) -> Iterator[tuple[str, tuple[Mark, ...], tuple[Mark, ...]]]:
    """A field in pieces: the words, the marks they lie in (outer first), and those that end with them."""
    edges = {0, len(text)} | {edge for mark in marks for edge in (mark.span.start, mark.span.end)}
    places = sorted(edge for edge in edges if edge <= len(text))
    for start, end in pairwise(places):
        within = tuple(mark for mark in marks if mark.span.start <= start and end <= mark.span.end)
        yield text[start:end], within, tuple(mark for mark in within if mark.span.end == end)
