"""`tocsin not-this`: what a team need not hear of: a case, an entity or a source."""

import getpass
import json as codec
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

Row = dict[str, Any]


def not_this(  # noqa: PLR0913 # options of a command
    team: Annotated[str, typer.Argument(help="Id of the team.")],
    *,
    case: Annotated[str | None, typer.Option("--case", "-c", help="This measure: C-7F3K2M.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", "-e", help="This entity, by id or name.")] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="This source, by id.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", "-r", help="Why; kept, and shown.")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who says so; you, if left out.")] = None,
    take_back: Annotated[int | None, typer.Option("--take-back", help="A number of the list.")] = None,
    json: Json = False,
) -> None:
    """Tell a team no more of a case, an entity or a source; without any of these, list what it refuses.

    Whoever was told that a measure was imposed still hears that it was eased or lifted.

    Examples:
        tocsin not-this payments --entity model:claude-opus-4.8 --reason "Opus is our own product here"

        tocsin not-this payments --take-back 3
    """
    things = {
        name: value for name, value in (("case", case), ("entity", entity), ("source", source)) if value
    }
    who = author or getpass.getuser()
    if take_back is not None:
        _call("DELETE", team, f"/{take_back}", {"author": who})
        output.console.print(f"{take_back} is taken back")
        return
    if not things:
        _list(team, json=json)
        return
    if len(things) > 1 or not reason:
        raise Failure(Exit.USAGE, "name one of --case, --entity, --source, and a --reason")
    made = _call("POST", team, body=Body(codec.dumps(things | {"author": who, "reason": reason}).encode()))
    if json:
        output.as_json(made)
    else:
        output.console.print(output.plain(f"{made['number']}: {team} hears no more of {made['thing']}"))


def _list(team: str, *, json: bool) -> None:
    rows = _call("GET", team)["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("number", "not this", "", "reason", "said", "since"),
        (
            (row["number"], row["sort"], row["thing"], row["reason"], row["author"], shown(row["made_at"]))
            for row in rows
        ),
        empty="The team refuses nothing.",
    )


def _call(
    method: str, team: str, path: str = "", params: dict[str, str] | None = None, body: Body | None = None
) -> Any:
    url = f"{setting('notify_url')}/v1/teams/{team}/not-this{path}"
    return call(method, url, setting("api_key"), params=params, body=body)
