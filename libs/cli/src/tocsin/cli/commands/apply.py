"""`tocsin apply`: make teams.yaml the teams that are told."""

import getpass
from typing import Annotated

import typer

from tocsin.cli import known, output, silenced
from tocsin.cli.client import Refused, call
from tocsin.cli.commands.options import Author, Json, TeamsPath
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.cli.proposal import body_of, planned, told
from tocsin.cli.silences import announced
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.teamsfile import Silence


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
    """Declare the teams, their watches and channels, what the catalogue lacks, and silences.

    Applying the same file again changes nothing.

    A team that is not in the file any more is retired; what was added to the catalogue stays, until
    `tocsin catalogue apply --prune`. A silence is made once; in the file or not, it goes on until its end, or
    until `tocsin silences --end`. With a mistake in the file nothing is changed. With --expect nothing is
    changed either when somebody else came first: it says who, and when. What is changed is on record: see
    `tocsin history`.

    Examples:
        tocsin apply -f teams.yaml

        tocsin apply -f subscriptions/ --expect v-0a1b2c --reason "checkout moved to Opus"
    """
    teams = TeamsFile(file)
    declared = teams.subscriptions()
    there = known.catalogue() if teams.additions or teams.silences else {}
    entities = teams.entities(there)
    wanted = silenced.missing(teams, [*there.values(), *entities])
    changed = [one for one in entities if there.get(one.id) != one]
    if teams.additions:
        _add(teams, declared, changed, expect)
    by = author or getpass.getuser()
    try:
        answer = call(
            "PUT",
            f"{setting('notify_url')}/v1/subscriptions",
            setting("api_key"),
            params={"author": by, "reason": reason},
            body=body_of(declared),
            headers={"If-Match": f'"{expect}"'} if expect is not None else {},
        )
    except Refused as refused:
        raise told(teams, refused) from refused
    answer |= {"catalogue": [one.id for one in changed], "silences": _silence(wanted, by)}
    _warn(teams)
    if json:
        output.as_json(answer)
    else:
        _show(answer)


def _warn(file: TeamsFile) -> None:
    """Say which silences of the file have passed: nothing is made of those."""
    for one in silenced.over(file):
        output.errors.print(output.plain(f"warning: {one['team']}: {one['says']}"), soft_wrap=True)


def _add(file: TeamsFile, declared: Subscriptions, entities: list[Entity], expect: str | None) -> None:
    """Put entries into the catalogue, unless notify would refuse the teams."""
    stands = planned(file, declared, 1, entities)["version"]
    if expect is not None and stands != expect:
        raise Failure(
            Exit.FAILED,
            f"the teams that stand are {stands}, not {expect}: plan again; nothing was changed",
            "who changed them: tocsin history",
        )
    if entities:
        known.put(entities)


def _silence(wanted: list[Silence], author: str) -> list[silenced.Row]:
    """Make silences of teams that are declared."""
    made: list[silenced.Row] = []
    for one in wanted:
        try:
            made.append(silenced.make(one, author))
        except Failure as failure:
            done = f"the teams are declared, and {len(made)} of {len(wanted)} silences made"
            again = "apply again, which makes those that are missing"
            raise Failure(failure.status, *failure.lines, f"{done}: {again}") from failure
    return made


def _show(answer: silenced.Row) -> None:
    for identity in answer["catalogue"]:
        output.console.print(output.plain(f"{identity} is in the catalogue"), soft_wrap=True)
    output.table(("team", "now"), answer["teams"].items(), empty="The file declares no team.")
    for one in answer["silences"]:
        output.console.print(output.plain(announced(one)), soft_wrap=True)
