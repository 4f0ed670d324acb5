"""Compiles the names of a catalogue for the matcher, in steps of about a millisecond."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from tocsin.classify.folding import fold
from tocsin.classify.matching import Matcher, Name, Place, Shelf, surface_names
from tocsin.classify.steps import Steps, batches
from tocsin.contracts import Entity, Kind

PACE = 50  # things to one step
SHELF = 1000  # names to one automaton: to build one over all names takes too long for a step

_NUMBER = re.compile(r"v?\d{1,2}(?:\.\d{1,2})?")

Owners = dict[str, list[Entity | Place]]  # by spelling what it may stand for
Versions = dict[tuple[str, str], Entity]


def matcher_of(entities: Iterable[Entity], places: Sequence[Place]) -> Steps[Matcher]:
    """The matcher of a catalogue. Of two entities with one id the later counts."""
    known = {entity.id: entity for entity in entities}
    yield
    owners: Owners = defaultdict(list)
    capital: dict[str, bool] = {}
    versions: Versions = {}
    things: list[Entity | Place] = [*known.values(), *places]
    for batch in batches(things, PACE):
        for thing in batch:
            _own(thing, owners, capital)
            _number(thing, versions)
        yield
    yield from _add_makers(owners, known)
    families = yield from _families(known.values())
    shelves: list[Shelf] = []
    for forms in batches(owners, SHELF):
        names = [Name(form, tuple(owners[form]), capital[form], form in families) for form in forms]
        yield
        automaton = AhoCorasick(forms, matchkind=MatchKind.Standard, store_patterns=False)
        shelves.append((automaton, names))
        yield
    return Matcher(known, tuple(shelves), versions)


def _own(thing: Entity | Place, owners: Owners, capital: dict[str, bool]) -> None:
    for written in thing.names if isinstance(thing, Place) else surface_names(thing):
        needed = _needs_capital(thing, written)
        for form in _forms(fold(written).text):
            if thing not in owners[form]:
                owners[form].append(thing)
            capital[form] = capital.get(form, True) and needed


def _number(thing: Entity | Place, versions: Versions) -> None:
    """Models by family and number alone: (`claude opus`, `4.8`)."""
    if isinstance(thing, Entity) and thing.kind is Kind.MODEL and thing.family is not None:
        head, _, number = fold(thing.name).text.rpartition(" ")
        if _NUMBER.fullmatch(number):
            versions[head, number] = thing


def _add_makers(owners: Owners, known: dict[str, Entity]) -> Steps[None]:
    """`DeepSeek R1` and `Amazon Nova` name their makers too."""
    surnames: dict[str, set[str]] = {}
    for batch in batches(owners.items(), PACE * 4):
        for form, things in batch:
            thing = things[0]
            maker = known.get(thing.vendor or "") if isinstance(thing, Entity) else None
            if maker is not None and len(things) == 1:
                if maker.id not in surnames:
                    surnames[maker.id] = {fold(name).text for name in (maker.name, *maker.aliases)}
                if form.split(" ", maxsplit=1)[0] in surnames[maker.id]:
                    things.append(maker)
        yield


def _forms(name: str) -> set[str]:
    """The spellings one name stands for: `gpt 4o` is also written `gpt4o`, `h 20` also `h20`."""
    if name.count(" ") != 1:
        return {name}
    head, tail = name.split(" ")
    return {name, head + tail} if head[-1:].isalpha() and tail[:1].isdigit() else {name}


def _families(entities: Iterable[Entity]) -> Steps[set[str]]:
    """Names that others carry with a number: those of models' families, and of chips without one."""
    names: set[str] = set()
    for batch in batches(entities, PACE * 10):
        names |= {entity.family for entity in batch if entity.family is not None}
        names |= {entity.name for entity in batch if entity.kind is Kind.CHIP and entity.name.isalpha()}
        yield
    return {fold(name).text for name in names}


def _needs_capital(thing: Entity | Place, written: str) -> bool:
    if isinstance(thing, Place):
        return written[:1].isupper()
    bare = written.replace(" ", "").isalpha()  # `claude.ai` and `o1` are no words
    return bare and written[:1].isupper() and (thing.ambiguous or thing.kind in (Kind.AUTHORITY, Kind.VENDOR))
