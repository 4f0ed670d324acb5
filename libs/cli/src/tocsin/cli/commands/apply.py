"""`tocsin apply`: make teams.yaml the teams that are told."""

import getpass
from typing import Annotated

import typer

from tocsin.cli import known, output
from tocsin.cli.client import Refused, call
from tocsin.cli.commands.options import Author, Json, TeamsPath
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.cli.proposal import body_of, planned, told
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts.subscriptions import Subscriptions


def apply(
    file: TeamsPath,
    *,
    expect: Annotated[
        str | None, typer.Option("--expect", help="Only if this version stands: `tocsin plan` prints it.")
    ] = None,
    author: Author = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept, and shown.")] = "",
    json: Json = False,
) -> None:
    """Declare the teams, their watches and channels, and what the catalogue lacks.

    Applying the same file again changes nothing.

    A team that is not in the file any more is retired; what was added to the catalogue stays, until
    `tocsin catalogue apply --prune`. With a mistake in the file nothing is changed. With
    --expect nothing is changed either when somebody else came first: it says who, and when. What is changed
    is on record: see `tocsin history`.

    Examples:
        tocsin apply -f teams.yaml

        tocsin apply -f subscriptions/ --expect v-0a1b2c --reason "checkout moved to Opus"
    """
    teams = TeamsFile(file)
    declared = teams.subscriptions()
    added = _added(teams, declared, expect) if teams.additions else []
    try:
        answer = call(
            "PUT",
            f"{setting('notify_url')}/v1/subscriptions",
            setting("api_key"),
            params={"author": author or getpass.getuser(), "reason": reason},
            body=body_of(declared),
            headers={"If-Match": f'"{expect}"'} if expect is not None else {},
        )
    except Refused as refused:
        raise told(teams, refused) from refused
    if json:
        output.as_json(answer | {"catalogue": added})
    else:
        for identity in added:
            output.console.print(output.plain(f"{identity} is in the catalogue"), soft_wrap=True)
        output.table(("team", "now"), answer["teams"].items(), empty="The file declares no team.")


def _added(file: TeamsFile, declared: Subscriptions, expect: str | None) -> list[str]:
    """Put the additions into the catalogue, unless notify would refuse the teams; gives their ids."""
    there = known.catalogue()
    entities = [one for one in file.entities(there) if there.get(one.id) != one]
    stands = planned(file, declared, 1, entities)["version"]
    if expect is not None and stands != expect:
        raise Failure(
            Exit.FAILED,
            f"the teams that stand are {stands}, not {expect}: plan again; nothing was changed",
            "who changed them: tocsin history",
        )
    if entities:
        known.put(entities)
    return [one.id for one in entities]
