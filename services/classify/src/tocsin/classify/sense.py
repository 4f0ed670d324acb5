"""Whether a name that is also a word, person or game means the model: the document's other words decide."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.classify.matching import Hit, Place
from tocsin.contracts import Entity, Kind

OWN_VENDOR = 2
OTHER_NAME = 1
WORD = 1
ENOUGH = 1
MAX_WORD_POINTS = 2


@dataclass(frozen=True)
class Sighting:
    """One name in a text and what it stands for. ``also`` is the model that shares its maker's name."""

    thing: Entity | Place
    start: int
    end: int
    also: Entity | None = None

    @property
    def kind(self) -> Kind | None:
        """Kind of the entity; None for a place."""
        return None if isinstance(self.thing, Place) else self.thing.kind

    def entities(self) -> tuple[Entity, ...]:
        """The entities named here: none for a place, two for a model with its maker's name."""
        if isinstance(self.thing, Place):
            return ()
        return (self.thing,) if self.also is None else (self.thing, self.also)


@dataclass(frozen=True)
class Senses:
    """Words that speak for and against the sense of a name.

    ``for_any`` speaks for every ambiguous entity (`chatbot`, `LLM`), ``against_any`` for its homonyms
    (`crypto exchange`, `role-playing game`); ``own`` for one entity id; ``vendor_only`` are the words
    of business that make a name shared by a model and its maker mean the maker alone.
    """

    for_any: re.Pattern[str]
    against_any: re.Pattern[str]
    vendor_only: re.Pattern[str]
    model_too: re.Pattern[str]
    before: re.Pattern[str]  # `access to`, `ban on`: right before a name they speak for a service
    behind: re.Pattern[str]
    own: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    controllers: frozenset[str] = frozenset()

    def decide(
        self, hits: Sequence[Hit], text: str, document: str, everywhere: Mapping[str, Sequence[Hit]]
    ) -> tuple[Sighting, ...]:
        """The hits of one field that mean what the catalogue means, judged by the whole ``document``."""
        if not hits:
            return ()
        sure = {id_ for list_ in everywhere.values() for hit in list_ for id_ in _sure(hit)}
        words = min(MAX_WORD_POINTS, len(set(self.for_any.findall(document))))
        words -= 2 * len(set(self.against_any.findall(document)))
        sightings = (self._sighting(hit, text, document, sure, words) for hit in hits)
        return tuple(sighting for sighting in sightings if sighting is not None)

    def _sighting(self, hit: Hit, text: str, document: str, sure: set[str], words: int) -> Sighting | None:
        thing, also = self._meant(hit, text)
        if isinstance(thing, Place) or not thing.ambiguous or _spelt_out(hit, thing):
            return Sighting(thing, hit.start, hit.end, also)
        own = self.own.get(thing.id)
        proved = own is not None and own.search(document) is not None
        if thing.kind is Kind.VENDOR and own is not None and not proved:
            return None
        points = words + OWN_VENDOR * (thing.vendor in sure) + OWN_VENDOR * proved
        points += OTHER_NAME * bool(sure - {thing.vendor, thing.id}) + WORD * self._used(text, hit)
        return Sighting(thing, hit.start, hit.end, also) if points >= ENOUGH else None

    def _used(self, text: str, hit: Hit) -> bool:
        """Whether the words around a name treat it as something one can use, ban or switch off."""
        left, right = text[max(0, hit.start - 14) : hit.start], text[hit.end : hit.end + 24]
        return self.before.search(left) is not None or self.behind.match(right.lstrip()) is not None

    def _meant(self, hit: Hit, text: str) -> tuple[Entity | Place, Entity | None]:
        """A name shared by a model and its maker: both, unless the words beside it are those of business."""
        if len(hit.name.things) == 1:
            return hit.name.things[0], None
        entities = [thing for thing in hit.name.things if isinstance(thing, Entity)]
        vendor = next((entity for entity in entities if entity.kind is Kind.VENDOR), None)
        model = next((entity for entity in entities if entity.kind is not Kind.VENDOR), None)
        if vendor is None or model is None:  # a catalogue that arrives live may hold any clash
            return hit.name.things[0], None
        if " " in hit.name.text or any(char.isdigit() for char in hit.name.text):
            return model, vendor
        near = text[max(0, hit.start - 60) : hit.end + 60]
        if self.vendor_only.search(near) and not self.model_too.search(near):
            return vendor, None
        return model, vendor


def _sure(hit: Hit) -> Iterable[str]:
    """Ids that a hit proves without context: technology names that are nothing else."""
    for thing in hit.name.things:
        if isinstance(thing, Entity) and not thing.ambiguous and thing.kind is not Kind.AUTHORITY:
            yield thing.id
            if thing.vendor is not None:
                yield thing.vendor


def _spelt_out(hit: Hit, entity: Entity) -> bool:
    """An ambiguous entity under a name that is not: an API id, or one with a digit or a second word."""
    return (
        hit.name.text in entity.api_ids
        or any(char.isdigit() for char in hit.name.text)
        or " " in hit.name.text
    )
