"""What teams call things, resolved to the catalogue's entities."""

import difflib
from collections.abc import Iterable, Mapping

from tocsin.contracts import Entity, EntityId, Kind


class Names:
    """The catalogue by every name an entity has; immutable, so that it can be swapped for a newer one."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._entities: Mapping[EntityId, Entity] = {entity.id: entity for entity in entities}
        self._ids: dict[tuple[Kind, str], EntityId] = {}
        for entity in self._entities.values():
            for name in (*entity.aliases, *entity.api_ids, entity.id, entity.name):
                self._ids[entity.kind, fold(name)] = entity.id
        self._families = {fold(e.family): e.family for e in self._entities.values() if e.family}
        self._lines: dict[EntityId, frozenset[str]] = {}  # what has been asked for

    def __bool__(self) -> bool:
        return bool(self._entities)

    def resolve(self, kind: Kind, name: str) -> EntityId | None:
        """The entity that a team means by this name, or None."""
        return self._ids.get((kind, fold(name)))

    def called(self, name: str) -> EntityId | None:
        """The entity of this id or name, of whatever kind; None when there is none, or several."""
        if name in self._entities:
            return name
        found = {self.resolve(kind, name) for kind in Kind} - {None}
        return found.pop() if len(found) == 1 else None

    def family(self, name: str) -> str | None:
        """The family as the catalogue spells it, or None."""
        return self._families.get(fold(name))

    def maker(self, entity: EntityId) -> EntityId | None:
        """The vendor of a model or chip, where the catalogue has one."""
        found = self._entities.get(entity)
        return found.vendor if found is not None else None

    def in_family(self, entity: EntityId, family: str) -> bool:
        """Whether a model is of a family, at any depth: Claude Fable 5 is a Claude Fable and a Claude."""
        return fold(family) in self.families_of(entity)

    def families_of(self, entity: EntityId) -> frozenset[str]:
        """The families that a model is of, itself included, folded; empty for what is no model."""
        if entity not in self._entities:
            return frozenset()
        line = self._lines.get(entity)
        if line is None:
            line = self._lines[entity] = frozenset(map(fold, self._line(entity)))
        return line

    def above(self, entity: EntityId) -> frozenset[EntityId]:
        """The families of a model as entities: what hits these hits it too."""
        found = (self.resolve(Kind.MODEL, name) for name in self._line(entity))
        return frozenset(family for family in found if family is not None) - {entity}

    def _line(self, entity: EntityId) -> list[str]:
        """A model's own name, its family's, that one's family's, and so on upwards."""
        line: list[str] = []
        found = self._entities.get(entity)
        name = found.name if found is not None and found.kind is Kind.MODEL else None
        while name and name not in line:  # a loop is a flaw of the catalogue, and no reason to hang
            line.append(name)
            above = self._entities.get(self.resolve(Kind.MODEL, name) or "")
            name = above.family if above is not None else None
        return line

    def suggest(self, kind: Kind | None, name: str) -> str | None:
        """A known name that looks like this one; families when ``kind`` is None."""
        known = list(self._families) if kind is None else [name for k, name in self._ids if k is kind]
        close = difflib.get_close_matches(fold(name), known, n=1)
        if not close:
            return None
        return self._families[close[0]] if kind is None else self._entities[self._ids[kind, close[0]]].name


def fold(name: str) -> str:
    """A name without case, hyphens and spaces: `GPT-5 mini` and `gpt 5-mini` are one."""
    return "".join(char for char in name.casefold() if char.isalnum() or char in "./:")
