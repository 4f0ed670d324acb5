"""What a file adds to the catalogue, as the entries that it makes beside those that there are."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pydantic import ValidationError

from tocsin.cli.proposals import clash, id_of
from tocsin.contracts import Entity, Kind
from tocsin.contracts.teamsfile import Addition
from tocsin.notify.routing.names import Names

MADE = {Kind.MODEL, Kind.CHIP}  # what somebody makes

Flaw = tuple[tuple[int, str], str]  # which of them, and its field; and what to do about it


class Unfit(ValueError):
    """Some additions cannot join the catalogue; ``flaws`` has each, with its place among them."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(says for _, says in flaws))
        self.flaws = flaws


def entries(
    additions: Sequence[Addition], known: Mapping[str, Entity], shipped: Collection[str]
) -> list[Entity]:
    """The entries that additions make; they may name each other as makers and families.

    ``known`` is the catalogue that they join, ``shipped`` the ids that are none of ours to change. Raises
    ``Unfit`` with all that is wrong.
    """
    bare = _bare(additions)
    joined = {**known, **{entity.id: entity for entity in bare}}
    names = Names(joined.values())
    made = [_related(*pair, names, joined) for pair in zip(additions, bare, strict=True)]
    joined |= {entity.id: entity for entity in made}
    flaws: list[Flaw] = [
        ((number, field), says)
        for number, pair in enumerate(zip(additions, made, strict=True))
        for field, says in _flaws(*pair, joined, shipped)
    ]
    again = Counter[str]()
    for number, entity in enumerate(made):
        again[entity.id] += 1
        if again[entity.id] > 1:
            flaws.append(((number, "name"), f"{entity.id} is added twice: keep one"))
    if flaws:
        raise Unfit(flaws)
    return made


def additions_of(entities: Iterable[Entity]) -> list[Addition]:
    """The additions that make these entries again."""
    return [
        Addition.model_validate(
            entity.model_dump(exclude={"id"} if entity.id == id_of(entity.kind, entity.name) else None)
        )
        for entity in entities
    ]


def _bare(additions: Sequence[Addition]) -> list[Entity]:
    """The entries without what they say of others, for those may be additions too."""
    made: list[Entity] = []
    flaws: list[Flaw] = []
    for number, one in enumerate(additions):
        told = one.model_dump(exclude={"vendor", "family"}) | {"id": one.id or id_of(one.kind, one.name)}
        try:
            made.append(Entity.model_validate(told))
        except ValidationError:
            flaws.append(((number, "name"), f"no id can be made of it: add one, as `id: {one.kind}:x`"))
    if flaws:
        raise Unfit(flaws)
    return made


def _related(one: Addition, entity: Entity, names: Names, joined: Mapping[str, Entity]) -> Entity:
    """With maker and family as the catalogue writes them; without, where it has them not."""
    maker = names.resolve(Kind.VENDOR, one.vendor) if one.vendor else None
    family = names.resolve(Kind.MODEL, one.family) if one.family else None
    return entity.model_copy(update={"vendor": maker, "family": joined[family].name if family else None})


def _flaws(
    one: Addition, entity: Entity, joined: Mapping[str, Entity], shipped: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Each field that does not hold, with what to do about it."""
    if entity.id in shipped:
        yield "name", f"the shipped catalogue has {entity.id}: take this out, or name it otherwise"
    elif (why := clash(entity, joined)) is not None:
        yield "name", f"{why}: name it otherwise, or take this out"
    if not entity.id.startswith(f"{one.kind}:"):
        yield "id", f"the id of a {one.kind} begins with {one.kind}:"
    if one.vendor and entity.vendor is None:
        yield "vendor", f"the catalogue knows no vendor {one.vendor!r}: add it here too, or mend its name"
    if one.kind in MADE and not one.vendor:
        yield "vendor", "say who makes it: add `vendor`"
    if one.family and entity.family is None:
        yield "family", f"the catalogue knows no model {one.family!r}: add it here too, or take this out"
