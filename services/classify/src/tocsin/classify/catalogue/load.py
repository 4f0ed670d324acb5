"""Reads the shipped catalogue and refuses one that contradicts itself."""

from collections import Counter
from collections.abc import Iterable
from importlib.resources import files

import yaml

from tocsin.classify.folding import fold
from tocsin.classify.matching import surface_names
from tocsin.contracts import Entity, Kind

FILES = ("vendors", "models", "chips", "authorities")


class Flawed(ValueError):
    """The catalogue contradicts itself; the message names the entries. Edit them: trying again is vain."""


def load_catalogue() -> tuple[Entity, ...]:
    """All shipped entities, in the order of the files. Raises ``Flawed`` when they contradict themselves."""
    entities = tuple(entity for name in FILES for entity in _read(name))
    check(entities)
    return entities


def check(entities: Iterable[Entity]) -> None:
    """Raise ``Flawed`` unless ids are unique, vendors and families exist, and no two share a name.

    One name may be shared by a vendor and a model of its own: texts call both `DeepSeek`.
    """
    known = tuple(entities)
    twice = [id_ for id_, count in Counter(entity.id for entity in known).items() if count > 1]
    if twice:
        raise Flawed(f"used more than once: {', '.join(twice)}; give each entity its own id")
    _check_vendors(known)
    _check_families(known)
    _check_names(known)


def _read(name: str) -> list[Entity]:
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    kind = Kind("authority" if name == "authorities" else name.removesuffix("s"))
    return [Entity(kind=kind, **row) for row in yaml.safe_load(text)]


def _check_vendors(entities: tuple[Entity, ...]) -> None:
    ids = {entity.id for entity in entities}
    for entity in entities:
        if not entity.id.startswith(f"{entity.kind}:"):
            raise Flawed(f"{entity.id} is a {entity.kind}; its id must start with {entity.kind}:")
        if entity.vendor is not None and entity.vendor not in ids:
            raise Flawed(f"{entity.id} names the vendor {entity.vendor}, which is not in the catalogue")


def _check_families(entities: tuple[Entity, ...]) -> None:
    models = {entity.name for entity in entities if entity.kind is Kind.MODEL}
    for entity in entities:
        if entity.family is not None and entity.family not in models:
            raise Flawed(f"{entity.id} is of the family {entity.family!r}, which is no model's name")


def _check_names(entities: tuple[Entity, ...]) -> None:
    owners: dict[str, Entity] = {}
    for entity in entities:
        for name in {fold(name).text for name in surface_names(entity)}:
            other = owners.setdefault(name, entity)
            if other is not entity and not _own_maker(other, entity):
                raise Flawed(f"{other.id} and {entity.id} are both called {name!r}; rename or drop one")


def _own_maker(one: Entity, other: Entity) -> bool:
    return one.vendor == other.id or other.vendor == one.id
