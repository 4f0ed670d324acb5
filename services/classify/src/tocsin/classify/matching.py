"""Finds the names of the catalogue in a text: one automaton pass, leftmost-longest, whole words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from tocsin.classify.folding import Folded, fold
from tocsin.contracts import Entity, Kind

_ADDRESS = "./@_"  # a name behind one of these is part of an address: `news.google.com`, `/r/claude`


@dataclass(frozen=True)
class Place:
    """A state or territory: ISO 3166 code (or EU) and the names that stand for it."""

    code: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Name:
    """One spelling and what it may stand for; more than one thing only for a vendor and its own model."""

    text: str
    things: tuple[Entity | Place, ...]
    capital: bool  # counts only with a capital letter


@dataclass(frozen=True)
class Hit:
    """One name found in a folded text, at [start, end); ``end`` excludes what only lengthens it."""

    name: Name
    start: int
    end: int


class Matcher:
    """All names of entities and places, compiled once and shared by all readers."""

    def __init__(self, entities: Iterable[Entity], places: Iterable[Place]) -> None:
        self.entities = {entity.id: entity for entity in entities}
        self._names = _names(tuple(self.entities.values()), tuple(places))
        self._automaton = AhoCorasick([name.text for name in self._names], matchkind=MatchKind.Standard)

    def find(self, folded: Folded, original: str) -> list[Hit]:
        """All names in order of appearance, none overlapping; of two that start together the longer."""
        text = folded.text
        found: list[tuple[int, int, int]] = []
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            name = self._names[index]
            if _whole(text, start, end, name) and (
                not name.capital or _capital(folded, original, start, end)
            ):
                found.append((start, -end, index))
        hits: list[Hit] = []
        for start, minus_end, index in sorted(found):
            if not hits or start >= hits[-1].end:
                hits.append(Hit(self._names[index], start, -minus_end))
        return hits


def surface_names(entity: Entity) -> tuple[str, ...]:
    """Every spelling that may stand for the entity in a text."""
    return (entity.name, *entity.aliases, *entity.api_ids)


def _names(entities: tuple[Entity, ...], places: tuple[Place, ...]) -> list[Name]:
    owners: dict[str, list[Entity | Place]] = defaultdict(list)
    capital: dict[str, bool] = {}
    things: tuple[Entity | Place, ...] = (*entities, *places)
    for thing in things:
        for written in thing.names if isinstance(thing, Place) else surface_names(thing):
            for form in _forms(fold(written).text):
                if thing not in owners[form]:
                    owners[form].append(thing)
                capital[form] = capital.get(form, False) or _needs_capital(thing, written)
    _add_makers(owners)
    return [Name(form, tuple(things), capital[form]) for form, things in owners.items()]


def _add_makers(owners: dict[str, list[Entity | Place]]) -> None:
    """`DeepSeek R1` and `Amazon Nova` name their makers too."""
    vendors = {thing.id: thing for things in owners.values() for thing in things if isinstance(thing, Entity)}
    for form, things in owners.items():
        for thing in tuple(things):
            maker = vendors.get(thing.vendor or "") if isinstance(thing, Entity) else None
            if maker is not None and len(things) == 1 and form.split(" ", maxsplit=1)[0] in _surnames(maker):
                things.append(maker)


def _surnames(maker: Entity) -> set[str]:
    return {fold(name).text for name in (maker.name, *maker.aliases)}


def _forms(name: str) -> set[str]:
    """The spellings one name stands for: `gpt 4o` is also written `gpt4o`, `h 20` also `h20`."""
    glued = {
        name[:i] + name[i + 1 :]
        for i, char in enumerate(name)
        if char == " "
        and name[i - 1 : i].isalpha()
        and name[i + 1 : i + 2].isdigit()
        and name.count(" ") == 1
    }
    return {name, *glued}


def _needs_capital(thing: Entity | Place, written: str) -> bool:
    if isinstance(thing, Place):
        return written[:1].isupper()
    bare = written.replace(" ", "").isalpha()  # `claude.ai` and `o1` are no words
    return bare and written[:1].isupper() and (thing.ambiguous or thing.kind in (Kind.AUTHORITY, Kind.VENDOR))


def _capital(folded: Folded, original: str, start: int, end: int) -> bool:
    first, last = folded.span(start, end)
    written = original[first:last]
    if last - first <= 2:  # noqa: PLR2004 # `us`, `uk`, `x`: only in capitals
        return written.isupper()
    return any(char.isupper() for char in written) or not written.isascii()


def _whole(text: str, start: int, end: int, name: Name) -> bool:
    """Whether a name stands alone: no letter or digit goes on, and no version number is cut in two."""
    if start and (text[start - 1] in _ADDRESS or _goes_on(text[start - 1], text[start])):
        return False
    rest = text[end : end + 2]
    if not rest:
        return True
    if rest[0] == "s" and text[end - 1].isalnum() and not rest[1:].isalnum():
        return _is_chip(name)  # H20s
    if _goes_on(rest[0], text[end - 1]):
        return False
    if rest[0] in "@_":
        return False
    return not (rest[0] == "." and (rest[1:].isalpha() or (rest[1:].isdigit() and text[end - 1].isdigit())))


def _is_chip(name: Name) -> bool:
    return any(isinstance(thing, Entity) and thing.kind is Kind.CHIP for thing in name.things)


def _goes_on(outer: str, inner: str) -> bool:
    """Whether two characters belong to one word; Han script has no spaces, so there every one is a start."""
    return outer.isalnum() and not (outer >= "\u2e80" or inner >= "\u2e80")
