"""Reads the shipped catalogue, kept by hand and listed, and refuses one that contradicts itself."""

import json
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import yaml

from tocsin.classify.catalogue.listing import Reader, Row, Series
from tocsin.classify.folding import fold
from tocsin.classify.matching import surface_names
from tocsin.contracts import Entity, Kind

FILES = ("vendors", "models", "chips", "authorities")
LISTED = "listed.jsonl"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times quicker where libyaml is there


class Flawed(ValueError):
    """The catalogue contradicts itself; the message names the entries. Edit them: trying again is vain."""


def load_catalogue() -> tuple[Entity, ...]:
    """All shipped entities, in the order of the files. Raises ``Flawed`` when they contradict themselves."""
    entities = joined(read_kept(), _listed())
    check(entities)
    return entities


def read_kept() -> tuple[Entity, ...]:
    """The entities kept by hand."""
    return tuple(entity for name in FILES for entity in _read(name))


def read_reader() -> Reader:
    """How the build step reads the lists."""
    told = _yaml("series")
    series = tuple(Series(**row) for row in told["series"])
    return Reader(series, frozenset(told["words"]), frozenset(told["packing"]))


def joined(kept: Iterable[Entity], listed: Iterable[Row]) -> tuple[Entity, ...]:
    """Both as one catalogue. Of what both have, the list adds API ids and nothing else: the hand wins."""
    by_id = {entity.id: entity for entity in kept}
    for row in listed:
        told = {name: value for name, value in row.items() if name != "from"}
        hand = by_id.get(row["id"])
        if hand is None:
            by_id[row["id"]] = Entity(kind=Kind.MODEL, **told)
        else:
            api_ids = dict.fromkeys((*hand.api_ids, *row["api_ids"]))
            by_id[hand.id] = hand.model_copy(update={"api_ids": tuple(api_ids)})
    return tuple(by_id.values())


def origins() -> dict[str, str]:
    """Where each shipped entity comes from: the file it is kept in, or list, version and key."""
    kept = {row["id"]: f"{name}.yaml" for name in FILES for row in _yaml(name)}
    return {row["id"]: "; ".join(row["from"]) for row in _listed()} | kept


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
    kind = Kind("authority" if name == "authorities" else name.removesuffix("s"))
    return [Entity(kind=kind, **row) for row in _yaml(name)]


def _yaml(name: str) -> Any:  # the shape differs from file to file; Entity, Series and Reader check it
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 # both loaders are the safe one


def _listed() -> list[Row]:
    text = files(__package__).joinpath(LISTED).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


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
