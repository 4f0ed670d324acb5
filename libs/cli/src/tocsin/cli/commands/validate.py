"""`tocsin validate`: what is wrong with teams.yaml, all of it, with file, line, column and cure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli import known, output, silenced
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit
from tocsin.cli.place import VARIABLES, find
from tocsin.cli.proposal import planned
from tocsin.cli.teamsfile import TeamsFile
from tocsin.cli.yamlfile import Mistaken
from tocsin.contracts.publishing import schema
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.teamsfile import TeamsFile as Declared
from tocsin.notify.dead import of_watches
from tocsin.notify.routing.names import Names


def validate(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with a teams.yaml.")] = Path("teams.yaml"),
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Check names by the shipped catalogue; ask nobody.")
    ] = False,
    print_schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema, for editors, and check nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Check teams.yaml and all that it includes. Every mistake is told at once, with its place and a cure.

    Names are looked up by notify where one is known, else in the shipped catalogue. What can never be told
    is warned of. Exit status: 0 it holds, 2 it does not, 3 notify is known and does not answer.

    Examples:
        tocsin validate

        tocsin validate subscriptions/ --offline

        tocsin validate --schema > teams.schema.json
    """
    if print_schema:
        output.as_json(schema(Declared))
        return
    alone = offline or not find("notify_url") or not find("api_key")
    try:
        file = TeamsFile(path)
        declared = file.subscriptions()
        warnings = _alone(file, declared) if alone else _asked(file, declared)
    except Mistaken as mistaken:
        if json:
            output.as_json({"holds": False, "mistakes": mistaken.rows(), "warnings": []})
            raise typer.Exit(Exit.USAGE) from mistaken
        raise
    by = "the shipped catalogue" if alone else "notify"
    if json:
        output.as_json({"holds": True, "mistakes": [], "warnings": warnings, "checked_by": by})
        return
    for warning in warnings:
        output.errors.print(output.plain(f"warning: {warning}"), soft_wrap=True)
    output.console.print(output.plain(_count(file, declared, by)), soft_wrap=True)
    if alone and not offline:
        output.errors.print(f"no notify is known ({VARIABLES['notify_url']}): secrets were not looked for")


def _alone(file: TeamsFile, declared: Subscriptions) -> list[str]:
    shipped = {entity.id: entity for entity in load_catalogue()}
    entities = (shipped | {entity.id: entity for entity in file.entities(shipped)}).values()
    names = Names(entities)
    if (unknown := file.unknown(declared, names)) is not None:
        raise unknown
    cases = {one.case: one.case for one in file.silences if one.case is not None}  # nobody knows better
    file.check_silences(names, cases, datetime.now(UTC))
    return [f"{one.team}: {one.says}" for one in of_watches(declared.teams, names, entities)]


def _asked(file: TeamsFile, declared: Subscriptions) -> list[str]:
    there = known.catalogue() if file.additions or file.silences else {}
    entities = file.entities(there)
    answer: dict[str, Any] = planned(file, declared, 1, entities)
    now = datetime.now(UTC)
    file.check_silences(Names([*there.values(), *entities]), silenced.references(file, now), now)
    return [f"{one['team']}: {one['says']}" for one in answer["warnings"]]


def _count(file: TeamsFile, declared: Subscriptions, by: str) -> str:
    teams = declared.teams
    counts = {
        "file": len(file.files),
        "team": len(teams),
        "watch": sum(len(team.watches) for team in teams),
        "channel": sum(len(team.channels) for team in teams),
    }
    counts |= {what: n for what, n in _more(file).items() if n}
    told = (
        f"{n} {what if n == 1 else 'watches' if what == 'watch' else f'{what}s'}"
        for what, n in counts.items()
    )
    return f"all holds: {', '.join(told)}; names checked by {by}"


def _more(file: TeamsFile) -> dict[str, int]:
    """What is counted where a file has it."""
    return {"addition": len(file.additions), "silence": len(file.silences)}
