"""Bare numbers that stand for a model: `Opus 4.7 and 4.8`, `Fable and Mythos 5`, `version 5`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tocsin.classify.folding import fold
from tocsin.classify.sense import Sighting
from tocsin.contracts import Entity, Kind

Versions = Mapping[tuple[str, str], Entity]  # by family and number, both folded

_END = r"(?![\w%]|[.:/]\w| (?:percent|million|billion|users|times|hours|days|weeks|months|years)\b)"
_MORE = re.compile(rf"(?:,? (?:and|or|&) |, ?| ?/ ?)(\d{{1,2}}(?:\.\d{{1,2}})?){_END}")
_VERSION = re.compile(rf"\bversions? (\d{{1,2}}(?:\.\d{{1,2}})?){_END}")
_JOINED = re.compile(r",? (?:and|or|&) |, ")


def with_numbers(sightings: Sequence[Sighting], text: str, versions: Versions) -> tuple[Sighting, ...]:
    """The sightings of one folded text, and those of bare numbers that can only mean one model each."""
    if not any(sighting.kind is Kind.MODEL for sighting in sightings):
        return tuple(sightings)
    found = [*_shared(sightings, text, versions)]
    more = [*_continued(found, text, versions), *_bare(found, text, versions)]
    free = [one for one in more if not any(one.start < old.end and old.start < one.end for old in found)]
    return tuple(sorted({(one.start, one.end): one for one in found + free}.values(), key=_start))


def _start(sighting: Sighting) -> int:
    return sighting.start


def _head(entity: Entity) -> tuple[str, str]:
    """`Claude Opus 4.8` as `claude opus` and `4.8`; a family as itself and nothing."""
    name = fold(entity.name).text
    head, _, number = name.rpartition(" ")
    return (head, number) if number[:1].isdigit() else (name, "")


def _shared(sightings: Sequence[Sighting], text: str, versions: Versions) -> Iterator[Sighting]:
    """In `Fable and Mythos 5` the number is that of both, where there is such a Fable."""
    for one, following in pairwise([*sightings, None]):
        meant = one
        if one is not None and following is not None and _JOINED.fullmatch(text, one.end, following.start):
            number = _head(following.thing)[1] if isinstance(following.thing, Entity) else ""
            model = versions.get((_head(one.thing)[0], number)) if isinstance(one.thing, Entity) else None
            if model is not None and one.kind is Kind.MODEL and not _head_number(one):
                meant = Sighting(model, one.start, one.end, one.also)
        if meant is not None:
            yield meant


def _head_number(sighting: Sighting) -> str:
    return _head(sighting.thing)[1] if isinstance(sighting.thing, Entity) else ""


def _continued(sightings: Sequence[Sighting], text: str, versions: Versions) -> Iterator[Sighting]:
    """`Opus 4.7, 4.8 and 5`: every further number of the same family."""
    for one in sightings:
        if one.kind is not Kind.MODEL or not isinstance(one.thing, Entity) or not _head_number(one):
            continue
        end = one.end
        while (match := _MORE.match(text, end)) is not None:
            model = versions.get((_head(one.thing)[0], match[1]))
            if model is None:
                break
            yield Sighting(model, match.start(1), match.end(1))
            end = match.end()


def _bare(sightings: Sequence[Sighting], text: str, versions: Versions) -> Iterator[Sighting]:
    """`version 5`: of the family named in the text that has such a version; of both where two have."""
    heads = dict.fromkeys(_head(one.thing)[0] for one in sightings if isinstance(one.thing, Entity))
    for match in _VERSION.finditer(text):
        models = [model for head in heads if (model := versions.get((head, match[1]))) is not None]
        if 1 <= len(models) <= 2:  # noqa: PLR2004 # a sighting names two things at most
            yield Sighting(models[0], match.start(), match.end(), models[1] if models[1:] else None)
