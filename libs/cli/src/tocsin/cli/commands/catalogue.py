"""`tocsin catalogue`: what the services know by name, and the names that they may lack."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from tocsin.chassis.archive import Tell
from tocsin.classify.candidates import Proposed
from tocsin.classify.catalogue.load import Flawed, load_catalogue, origins
from tocsin.cli import output, proposals
from tocsin.cli.commands.options import Json, Limit
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.kafka import ask
from tocsin.cli.moments import shown, since
from tocsin.cli.seeding import live, seed
from tocsin.contracts import Entity, Kind

catalogue = typer.Typer(no_args_is_help=True, help="The catalogue of models, vendors, chips and authorities.")

OfKind = Annotated[Kind | None, typer.Option("--kind", "-k", help="Only of this kind.")]
HowFar = Annotated[str, typer.Option("--since", help="How far back: 12h, 7d, or a time.")]


@catalogue.command("apply")
def apply_catalogue(
    prune: Annotated[bool, typer.Option("--prune", help="Take out what is not shipped, too.")] = False,
    json: Json = False,
) -> None:
    """Put the shipped catalogue on its topic: changes only. Services take it over at once.

    What was accepted stays, unless --prune is given.

    Example:
        tocsin catalogue apply
    """

    async def work(bootstrap: str, _: Tell) -> int:
        return await seed(bootstrap, load_catalogue(), empty=False, prune=prune)

    changed = ask(work)
    if json:
        output.as_json({"changed": changed})
    else:
        output.console.print(f"{changed} entries changed")


@catalogue.command("find")
def find(
    name: Annotated[str, typer.Argument(help="Part of a name, alias, API id or family.")],
    json: Json = False,
) -> None:
    """Look names up in the shipped catalogue, as watches may use them, with where each entry comes from.

    Example:
        tocsin catalogue find fable
    """
    wanted = name.casefold()
    found = [
        entity
        for entity in load_catalogue()
        if any(
            wanted in known.casefold()
            for known in (entity.id, entity.name, entity.family or "", *entity.aliases, *entity.api_ids)
        )
    ]
    _show(found, json=json, empty=f"The catalogue knows nothing like {name!r}.")


@catalogue.command("list")
def list_catalogue(
    kind: OfKind = None,
    own: Annotated[bool, typer.Option("--own", help="Only what is not shipped: what was accepted.")] = False,
    json: Json = False,
) -> None:
    """List the catalogue as the services know it: the shipped one and what was accepted here.

    Examples:
        tocsin catalogue list --kind chip

        tocsin catalogue list --own
    """
    shipped = {entity.id for entity in load_catalogue()}
    known = ask(lambda bootstrap, _: live(bootstrap)).values()
    found = [one for one in known if kind in {None, one.kind} and not (own and one.id in shipped)]
    _show(found, json=json, empty="Nothing. Put the shipped catalogue there: tocsin catalogue apply")


@catalogue.command("check")
def check(json: Json = False) -> None:
    """Check that the shipped catalogue agrees with itself: ids, makers, families and names.

    Example:
        tocsin catalogue check
    """
    try:
        kinds = Counter(entity.kind.value for entity in load_catalogue())
    except (Flawed, ValidationError) as error:
        raise Failure(Exit.FAILED, str(error)) from error
    if json:
        output.as_json(kinds)
    else:
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        output.console.print(f"{kinds.total()} entities agree: {told}")


@catalogue.command("candidates")
def candidates(start: HowFar = "30d", limit: Limit = 50, json: Json = False) -> None:
    """List names that notices put behind a known family or maker, and that the catalogue lacks.

    Take one in with `tocsin catalogue accept`: notices that come later then know it.

    Example:
        tocsin catalogue candidates --since 7d
    """
    known = ask(lambda bootstrap, _: live(bootstrap))
    found = proposals.grouped(proposals.from_kafka(since(start, datetime.now(UTC))), known)[:limit]
    made = [(one, proposals.entity_of(one.proposed, known)) for one in found]
    if json:
        output.as_json([_as_row(one, entity) for one, entity in made])
        return
    output.table(
        ("name", "notices", "first seen", "last seen", "would be", "family or maker", "for example"),
        (
            (
                one.proposed.name,
                one.documents,
                shown(one.first.isoformat()),
                shown(one.last.isoformat()),
                entity.id,
                entity.family or entity.vendor,
                one.quote,
            )
            for one, entity in made
        ),
        empty="No name is waiting.",
    )


@catalogue.command("accept")
def accept(  # noqa: PLR0913, PLR0917 # each is an option of the command line
    name: Annotated[str, typer.Argument(help="The name, as `tocsin catalogue candidates` lists it.")],
    id_: Annotated[str | None, typer.Option("--id", help="Its id, model:claude-zephyr-6.")] = None,
    kind: OfKind = None,
    vendor: Annotated[str | None, typer.Option("--vendor", help="Id of its maker.")] = None,
    family: Annotated[
        str | None, typer.Option("--family", help="Name of the model it is a version of.")
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Option("--alias", help="Another spelling; may be repeated.")
    ] = None,
    start: HowFar = "30d",
    json: Json = False,
) -> None:
    """Take a name into the catalogue, as proposed or as the options say. Services take it over at once.

    A name that no notice has put forward needs --kind and --vendor.

    Examples:
        tocsin catalogue accept "Claude Zephyr 6"

        tocsin catalogue accept Quill --kind model --vendor vendor:anthropic
    """
    known = ask(lambda bootstrap, _: live(bootstrap))
    if kind is None or vendor is None:
        proposed = _found(name, start, known)
        entity = proposals.entity_of(proposed, known)
    else:
        entity = proposals.entity_of(Proposed(name, kind, vendor), known)
    told = {"id": id_, "kind": kind, "vendor": vendor, "family": family}
    changes = {field: value for field, value in told.items() if value is not None}
    if kind is not None and id_ is None:
        changes["id"] = proposals.id_of(kind, entity.name)
    try:
        entity = Entity.model_validate(
            entity.model_dump() | changes | {"aliases": (*entity.aliases, *(alias or ()))}
        )
    except ValidationError as error:
        raise Failure(Exit.USAGE, *(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())) from error
    if (why := proposals.clash(entity, known)) is not None:
        raise Failure(Exit.USAGE, f"{name} cannot be taken in: {why}")

    async def work(bootstrap: str, _: Tell) -> int:
        return await seed(bootstrap, [entity], empty=False)

    ask(work)
    _show([entity], json=json, empty="")


def _found(name: str, start: str, known: dict[str, Entity]) -> Proposed:
    found = proposals.grouped(proposals.from_kafka(since(start, datetime.now(UTC))), known)
    for one in found:
        if one.proposed.name.casefold() == name.casefold():
            return one.proposed
    raise Failure(
        Exit.USAGE,
        f"no notice since {start} has put {name!r} forward, or the catalogue has it",
        "see: tocsin catalogue candidates; or say what it is with --kind and --vendor",
    )


def _as_row(one: proposals.Proposal, entity: Entity) -> dict[str, object]:
    return {
        "name": one.proposed.name,
        "notices": one.documents,
        "first_seen": one.first.isoformat(),
        "last_seen": one.last.isoformat(),
        "quote": one.quote,
        "entity": entity.model_dump(mode="json"),
    }


def _show(entities: Iterable[Entity], *, json: bool, empty: str) -> None:
    comes_from = origins()
    if json:
        output.as_json(
            [e.model_dump(mode="json") | {"from": comes_from.get(e.id, "accepted here")} for e in entities]
        )
        return
    output.table(
        ("kind", "name", "family", "vendor", "also written", "from"),
        (
            (
                e.kind,
                e.name,
                e.family,
                e.vendor and e.vendor.partition(":")[2],
                ", ".join(e.aliases + e.api_ids),
                comes_from.get(e.id, "accepted here"),
            )
            for e in entities
        ),
        empty=empty,
    )
