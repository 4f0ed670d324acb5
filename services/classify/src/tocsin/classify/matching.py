"""Finds the names of the catalogue in a text: one automaton pass, leftmost-longest, whole words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from tocsin.classify.folding import Folded
from tocsin.contracts import Entity, Kind

_ADDRESS = ".@_"  # a name behind one of these is part of an address: `news.google.com`
_EITHER = re.compile(r"(?:^|[\s(])\w{3,}/$")  # `siri/alexa`, but not `/r/claude`
_NEXT = re.compile(r"\d{1,4}(?:\.\d{1,2})?[a-z]{0,2}(?!\w|[.@]\w)")  # the number of a newer one: `qwen9`
MOST_ADDRESS = 40


@dataclass(frozen=True)
class Place:
    """A state or territory: ISO 3166 code (or EU) and the names that stand for it."""

    code: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling and what it may stand for; more than one thing only for a vendor and its own model."""

    text: str
    things: tuple[Entity | Place, ...]
    capital: bool  # counts only with a capital letter
    family: bool = False  # others are named after it with a number, so that `qwen9` names `qwen`


@dataclass(frozen=True)
class Hit:
    """One name found in a folded text, at [start, end); ``end`` excludes what only lengthens it."""

    name: Name
    start: int
    end: int


Shelf = tuple[AhoCorasick, Sequence[Name]]  # an automaton, and the names by its numbers


@dataclass(frozen=True)
class Matcher:
    """All names of entities and places, compiled once and shared by all readers; ``matcher_of`` makes one.

    ``versions`` has models by family and number alone, both folded: (`claude opus`, `4.8`).
    """

    entities: Mapping[str, Entity]
    shelves: tuple[Shelf, ...]
    versions: Mapping[tuple[str, str], Entity]

    def find(self, folded: Folded, original: str) -> list[Hit]:
        """All names in order of appearance, none overlapping; of two that start together the longer."""
        text = folded.text
        found: list[tuple[int, int, Name]] = []
        for automaton, names in self.shelves:
            for number, start, end in automaton.find_matches_as_indexes(text, overlapping=True):
                name = names[number]
                if _whole(text, start, end, name) and (
                    not name.capital or _capital(folded, original, start, end)
                ):
                    found.append((start, -end, name))
        hits: list[Hit] = []
        for start, minus_end, name in sorted(found, key=itemgetter(0, 1)):
            if not hits or start >= hits[-1].end:
                hits.append(Hit(name, start, -minus_end))
        return hits


def surface_names(entity: Entity) -> tuple[str, ...]:
    """Every spelling that may stand for the entity in a text."""
    return (entity.name, *entity.aliases, *entity.api_ids)


def _capital(folded: Folded, original: str, start: int, end: int) -> bool:
    first, last = folded.span(start, end)
    written = original[first:last]
    if last - first <= 2:  # noqa: PLR2004 # `us`, `uk`, `x`: only in capitals
        return written.isupper()
    return any(char.isupper() for char in written) or not written.isascii()


def _whole(text: str, start: int, end: int, name: Name) -> bool:
    """Whether a name stands alone: no letter or digit goes on, and no version number is cut in two."""
    if start and not _begins(text, start):
        return False
    rest = text[end : end + 2]
    if not rest:
        return True
    if rest[0] == "s" and text[end - 1].isalnum() and not rest[1:].isalnum():
        return _is_chip(name)  # H20s
    if _goes_on(rest[0], text[end - 1]):
        return name.family and text[end - 1].isalpha() and _NEXT.match(text, end) is not None
    if rest[0] in "@_":
        return False
    return not (rest[0] == "." and (rest[1:].isalpha() or (rest[1:].isdigit() and text[end - 1].isdigit())))


def _begins(text: str, start: int) -> bool:
    """Whether a name may begin here: not within a word, nor in an address."""
    before = text[start - 1]
    if before == "/":
        return _EITHER.search(text, max(0, start - MOST_ADDRESS), start) is not None
    return before not in _ADDRESS and not _goes_on(before, text[start])


def _is_chip(name: Name) -> bool:
    return any(isinstance(thing, Entity) and thing.kind is Kind.CHIP for thing in name.things)


def _goes_on(outer: str, inner: str) -> bool:
    """Whether two characters belong to one word; Han script has no spaces, so there every one is a start."""
    return outer.isalnum() and not (outer >= "\u2e80" or inner >= "\u2e80")
