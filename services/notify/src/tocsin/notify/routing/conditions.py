"""Conditions: what a watch asks for, its names resolved to the catalogue's entities."""

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.contracts import Category, EntityId, Kind, Severity
from tocsin.contracts.subscriptions import Exclusion, Watch
from tocsin.notify.routing.names import Names, fold

FIELDS = {"models": Kind.MODEL, "vendors": Kind.VENDOR, "chips": Kind.CHIP}


@dataclass(frozen=True, slots=True)
class Topic:
    """Legal grounds and jurisdictions; empty: any."""

    categories: frozenset[Category]
    jurisdictions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Things:
    """Entities, by id and by family (folded names)."""

    entities: frozenset[EntityId]
    families: frozenset[str]

    def has(self, entity: EntityId, names: Names) -> bool:
        """Whether an entity is one of them, or of one of the families."""
        return entity in self.entities or not self.families.isdisjoint(names.families_of(entity))

    def make(self, entity: EntityId, names: Names) -> bool:
        """Whether one of them makes an entity."""
        return names.maker(entity) in self.entities


NO_TOPIC = Topic(frozenset(), frozenset())
NOTHING = Things(frozenset(), frozenset())


@dataclass(frozen=True, slots=True, eq=False)  # one object a condition: those that are alike are shared
class Condition:
    """What a watch asks for. ``anything``: it leaves open what is hit."""

    things: Things
    above: frozenset[EntityId]  # the families of these: what hits Claude hits Claude Fable 5
    topic: Topic
    min_severity: Severity
    anything: bool
    other_things: Things = NOTHING  # that it does not mean
    other_topic: Topic = NO_TOPIC

    def hit_by(self, entity: EntityId, names: Names) -> bool:
        """Whether what hits this entity is asked for."""
        return entity in self.above or self.things.has(entity, names)

    def excludes(self, entity: EntityId, names: Names) -> bool:
        """Whether an entity is among what is not meant."""
        return self.other_things.has(entity, names) or self.other_things.make(entity, names)


class Conditions:
    """Makes conditions of watches; watches that ask for the same share one."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._made: dict[tuple[object, ...], Condition] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # one object of each: most are alike
        self._topics: dict[Topic, Topic] = {}

    def of(self, watch: Watch) -> Condition:
        """The condition of a watch; a name that the catalogue does not hold is left out."""
        asked = tuple(value for field, value in watch if field != "name")
        made = self._made.get(asked)
        if made is None:
            made = self._made[asked] = self._make(watch)
        return made

    def _make(self, watch: Watch) -> Condition:
        things = self._things(watch)
        families = self._resolved((Kind.MODEL, family) for family in watch.families)
        other = watch.excluded
        return Condition(
            things=things,
            above=self._set(
                one for entity in things.entities | families for one in self._names.above(entity)
            ),
            topic=self._topic(watch),
            min_severity=watch.min_severity,
            anything=not (watch.models or watch.families or watch.vendors or watch.chips),
            other_things=self._things(other) if other else NOTHING,
            other_topic=self._topic(other) if other else NO_TOPIC,
        )

    def _things(self, said: Watch | Exclusion) -> Things:
        named = ((kind, name) for field, kind in FIELDS.items() for name in getattr(said, field))
        return Things(self._resolved(named), self._set(map(fold, said.families)))

    def _resolved(self, named: Iterable[tuple[Kind, str]]) -> frozenset[EntityId]:
        found = (self._names.resolve(kind, name) for kind, name in named)
        return self._set(entity for entity in found if entity is not None)

    def _topic(self, said: Watch | Exclusion) -> Topic:
        made = Topic(frozenset(said.categories), self._set(code.upper() for code in said.jurisdictions))
        return self._topics.setdefault(made, made)

    def _set(self, members: Iterable[str]) -> frozenset[str]:
        made = frozenset(members)
        return self._sets.setdefault(made, made)


def check(watch: Watch, names: Names) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """Every name of a watch that the catalogue does not hold: where it stands, and what to do."""
    yield from _check(watch, names)
    if watch.excluded is not None:
        yield from ((("not", *at), detail) for at, detail in _check(watch.excluded, names))


def _check(said: Watch | Exclusion, names: Names) -> Iterable[tuple[tuple[str | int, ...], str]]:
    for field, kind in FIELDS.items():
        for position, name in enumerate(getattr(said, field)):
            if names.resolve(kind, name) is None:
                yield (field, position), _unknown(kind.value, name, names.suggest(kind, name))
    for position, name in enumerate(said.families):
        if names.family(name) is None:
            yield ("families", position), _unknown("family", name, names.suggest(None, name))


def _unknown(kind: str, name: str, suggestion: str | None) -> str:
    hint = f"did you mean {suggestion!r}?" if suggestion else "`tocsin catalogue find` shows what is known"
    return f"the catalogue knows no {kind} {name!r}: {hint}"
