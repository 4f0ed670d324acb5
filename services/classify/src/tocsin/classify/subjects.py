"""What an act is about, apart from what a notice only mentions."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Page, Reading, Sentence
from tocsin.classify.sense import Sighting
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Action, Category, Entity, Kind, Mention, Role, Span

_LISTED = re.compile(r"^[MCV]+(?:(?:,| and|, and| or) [MCV]+)*")  # a list is hit or spared as one
_BREAK = re.compile(r"[;:.,]|[MCV]+|\b(?:but|while|whereas)\b")
_CLAUSE = re.compile(r"[;:.]|\b(?:but|while|whereas)\b")
LEAD = 2  # title and text sentences up to this number


@dataclass(frozen=True)
class Kin:
    """The catalogue by id, and its models by name."""

    entities: Mapping[str, Entity]
    models: Mapping[str, Entity]

    def above(self, id_: str) -> frozenset[str]:
        """The ids of a model's family, of that one's family, and so on; none for anything else."""
        line: dict[str, None] = {}
        entity = self.entities.get(id_)
        while entity is not None and entity.kind is Kind.MODEL:
            entity = self.models.get(entity.family or "")
            if entity is None or entity.id in line:
                break
            line[entity.id] = None
        return frozenset(line)


@dataclass(frozen=True)
class Wording:
    """Phrases that set names apart: before a contrast, beside what is unaffected, and plural stand-ins."""

    contrast: Sequence[Phrase]
    unaffected: Sequence[Phrase]
    plural: Sequence[Phrase]


def kin_of(entities: Mapping[str, Entity]) -> Kin:
    """The relations of a catalogue."""
    return Kin(entities, {one.name: one for one in entities.values() if one.kind is Kind.MODEL})


def mentions(reading: Reading, verdict: Verdict, wording: Wording, kin: Kin) -> tuple[Mention, ...]:
    """Every entity named, once each, with its role and spans; makers of subject models are inferred.

    `Claude Fable 5` makes a mere `Claude` or `Claude Fable` beside it no subject of its own, and `Gemini`
    stands for Gemini 3 where no other Gemini is named.
    """
    found: dict[str, Entity] = {}
    spans: dict[str, list[Span]] = {}
    meant = _meant(reading)
    for page in reading.pages():
        for sighting in page.sightings:
            for named in sighting.entities():
                entity = named if _numbered(page, sighting) else meant.get(named.id, named)
                found.setdefault(entity.id, entity)
                spans.setdefault(entity.id, []).append(page.span(sighting.start, sighting.end))
    subjects = _subjects(reading, verdict, wording)
    subjects = {meant[id_].id if id_ in meant and id_ not in found else id_ for id_ in subjects}
    subjects -= {id_ for subject in subjects for id_ in kin.above(subject)}
    makers = _makers(subjects, kin.entities)
    told = [
        _mention(entity, subject=entity.id in subjects or entity.id in makers, spans=spans[entity.id])
        for entity in found.values()
    ]
    unnamed = [_mention(entity, subject=True, spans=[]) for id_, entity in makers.items() if id_ not in found]
    return tuple(told + unnamed)


def _meant(reading: Reading) -> dict[str, Entity]:
    """For the id of a family the only version of it that a notice names: `Gemini 3` for `Gemini`."""
    named = {entity.id: entity for page in reading.pages() for s in page.sightings for entity in s.entities()}
    versions: dict[str, list[Entity]] = defaultdict(list)
    for entity in named.values():
        if entity.family is not None and entity.name.removeprefix(entity.family)[1:2].isdigit():
            versions[entity.family].append(entity)
    return {
        entity.id: versions[entity.name][0]
        for entity in named.values()
        if entity.kind is Kind.MODEL and len(versions.get(entity.name, ())) == 1
    }


def _numbered(page: Page, sighting: Sighting) -> bool:
    """Whether a number goes on behind a name: then it is another version of it."""
    return page.folded.text[sighting.end : sighting.end + 2].strip()[:1].isdigit()


def _mention(entity: Entity, *, subject: bool, spans: list[Span]) -> Mention:
    return Mention(
        id=entity.id,
        name=entity.name,
        kind=entity.kind,
        role=Role.SUBJECT if subject else Role.MENTIONED,
        inferred=not spans,
        spans=tuple(spans[:5]),
    )


def _makers(subjects: Iterable[str], entities: Mapping[str, Entity]) -> dict[str, Entity]:
    ids = [entities[id_].vendor for id_ in subjects if id_ in entities]
    return {id_: entities[id_] for id_ in ids if id_ is not None and id_ in entities}


def _subjects(reading: Reading, verdict: Verdict, wording: Wording) -> set[str]:
    """Ids of models, chips and vendors of the winning sentence and the title; failing that, of the lead."""
    if verdict.frame is None or verdict.category is Category.NOT_REGULATORY:
        return set()
    own = [verdict.frame.sentence]
    lead = [sentence for sentence in reading.sentences if sentence.number <= LEAD]
    if verdict.action is Action.EASED:
        return _objects(reading, own, wording) or _objects(reading, lead, wording)
    near = [*lead[:1], *own] if verdict.frame.sentence.number else own
    if any(phrase.search(sentence.text) for sentence in near for phrase in wording.plural):
        near = lead
    return _with_products(_objects(reading, near, wording), reading, lead, wording)


def _with_products(ids: set[str], reading: Reading, lead: Sequence[Sentence], wording: Wording) -> set[str]:
    """An act against a maker alone is about those of its products that the lead names."""
    if any(not id_.startswith("vendor:") for id_ in ids):
        return ids
    named = {
        entity.id: entity for s in lead for sighting in reading.within(s) for entity in sighting.entities()
    }
    about = _objects(reading, lead, wording)
    return ids | {id_ for id_ in about if named[id_].vendor in ids} if ids else about


def _objects(reading: Reading, sentences: Iterable[Sentence], wording: Wording) -> set[str]:
    """Named things of these sentences that no contrast sets apart.

    Vendors count only where no model or chip is named: else the maker of the subject says more.
    """
    sightings = [
        sighting
        for sentence in sentences
        for sighting in reading.within(sentence)
        if not _set_apart(sighting, sentence, wording)
    ]
    ids = {
        entity.id
        for sighting in sightings
        for entity in sighting.entities()
        if entity.kind is not Kind.AUTHORITY
    }
    things = {id_ for id_ in ids if not id_.startswith("vendor:")}
    return things or ids


def _set_apart(sighting: Sighting, sentence: Sentence, wording: Wording) -> bool:
    """Whether a contrast stands before the name in its clause, or the clause says that it is not hit."""
    start = sighting.start - sentence.start
    left = _CLAUSE.split(sentence.text[:start])[-1]
    right = _BREAK.split(_LISTED.sub("", sentence.text[start:], count=1))[0]
    if any(phrase.search(left) for phrase in wording.contrast):
        return True
    return any(phrase.search(right) for phrase in wording.unaffected)
