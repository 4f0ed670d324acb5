"""Whether a name that is also a word, person or game means the model: the document's other words decide."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tocsin.classify.matching import Hit, Place
from tocsin.contracts import Entity, Kind

OWN_VENDOR = 2
OTHER_NAME = 1
WORD = 1
ENOUGH = 1
MAX_WORD_POINTS = 2

_NUMBER = re.compile(r" ?v?\d{1,2}(?:\.\d{1,2})?(?![\w.]\w|%)")


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
    (`crypto exchange`, `role-playing game`); ``own`` for one entity id and ``against`` against it;
    ``vendor_only`` are the words of business that make a name shared by a model and its maker mean the
    maker alone; ``product`` what stands behind a maker's name where a thing of its is meant (`Google News`).
    A name that begins with a ``plain`` word (`Step 3`) counts only beside its maker; a number behind a
    ``numbered`` one (`Grok 9`) speaks for it.
    """

    for_any: re.Pattern[str]
    against_any: re.Pattern[str]
    vendor_only: re.Pattern[str]
    model_too: re.Pattern[str]
    before: re.Pattern[str]  # `access to`, `ban on`: right before a name they speak for a service
    behind: re.Pattern[str]
    passing: re.Pattern[str]  # `follow us on`: right before a name they make it a place and no party
    own: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    product: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    against: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    controllers: frozenset[str] = frozenset()

    def decide(
        self, hits: Sequence[Hit], text: str, document: str, everywhere: Mapping[str, Sequence[Hit]]
    ) -> tuple[Sighting, ...]:
        """The hits of one field that mean what the catalogue means, judged by the whole ``document``."""
        if not hits:
            return ()
        case = _Case(self, text, document, everywhere)
        sightings = (self._sighting(hit, case) for hit in hits)
        return tuple(sighting for sighting in sightings if sighting is not None)

    def _sighting(self, hit: Hit, case: "_Case") -> Sighting | None:
        thing, also = self._meant(hit, case.text)
        sighting = Sighting(thing, hit.start, hit.end, also)
        if isinstance(thing, Place):
            return sighting
        if thing.kind is Kind.VENDOR and self._no_party(thing, hit, case):
            return None
        if self._is_plain(hit, thing):
            chip = thing.kind is Kind.CHIP and case.words > 0
            return sighting if chip or thing.vendor in case.sure or self._proved(thing, case) else None
        if not thing.ambiguous or _spelt_out(hit, thing):
            return sighting
        if thing.kind is Kind.VENDOR and thing.id in self.own:
            return sighting if self._proved(thing, case) else None
        return sighting if self._points(thing, hit, case) >= ENOUGH else None

    def _points(self, thing: Entity, hit: Hit, case: "_Case") -> int:
        points = (
            case.words + OWN_VENDOR * (thing.vendor in case.sure) + OWN_VENDOR * self._proved(thing, case)
        )
        points += OTHER_NAME * bool(case.sure - {thing.vendor, thing.id}) + WORD * self._used(case.text, hit)
        return points + WORD * (
            hit.name.text in self.numbered and _NUMBER.match(case.text, hit.end) is not None
        )

    def _proved(self, thing: Entity, case: "_Case") -> bool:
        if thing.id not in case.proved:  # a hostile text names one thing thousands of times
            own = self.own.get(thing.id)
            case.proved[thing.id] = own is not None and own.search(case.document) is not None
        return case.proved[thing.id]

    def _is_plain(self, hit: Hit, thing: Entity) -> bool:
        if thing.kind not in (Kind.MODEL, Kind.CHIP):
            return False
        return hit.name.text in self.plain or hit.name.text.split(" ", maxsplit=1)[0] in self.plain

    def _no_party(self, thing: Entity, hit: Hit, case: "_Case") -> bool:
        """Whether a maker's name stands for its product, a place on the web, or another word of the kind."""
        product, against = self.product.get(thing.id), self.against.get(thing.id)
        if product is not None and product.match(case.text[hit.end : hit.end + 24].lstrip(" ")):
            return True
        if self.passing.search(case.text[max(0, hit.start - 40) : hit.start]):
            return True
        return against is not None and case.words <= 0 and against.search(case.document) is not None

    def _used(self, text: str, hit: Hit) -> bool:
        """Whether the words around a name treat it as something one can use, ban or switch off."""
        number = _NUMBER.match(text, hit.end)
        end = number.end() if number is not None else hit.end
        left, right = text[max(0, hit.start - 14) : hit.start], text[end : end + 24]
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


class _Case:
    """What the whole document says for and against, worked out once and only where a name is in doubt."""

    def __init__(
        self, senses: Senses, text: str, document: str, everywhere: Mapping[str, Sequence[Hit]]
    ) -> None:
        self.text = text
        self.document = document
        self.proved: dict[str, bool] = {}
        self._senses = senses
        self._everywhere = everywhere

    @cached_property
    def sure(self) -> set[str]:
        """Ids that the document names beyond doubt, and the makers of these."""
        hits = (hit for list_ in self._everywhere.values() for hit in list_)
        return {id_ for hit in hits for id_ in _sure(hit, self._senses.plain)}

    @cached_property
    def words(self) -> int:
        """Points of the words of the trade, less those of the homonyms."""
        points = min(MAX_WORD_POINTS, len(set(self._senses.for_any.findall(self.document))))
        return points - 2 * len(set(self._senses.against_any.findall(self.document)))


def _sure(hit: Hit, plain: frozenset[str]) -> Iterable[str]:
    """Ids that a hit proves without context: technology names that are nothing else."""
    if hit.name.text in plain or hit.name.text.split(" ", maxsplit=1)[0] in plain:
        return
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
