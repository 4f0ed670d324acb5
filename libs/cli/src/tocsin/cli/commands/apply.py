"""`tocsin apply`: make teams.yaml the teams that are told."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, Refused, call
from tocsin.cli.commands.options import Json
from tocsin.cli.place import setting
from tocsin.cli.teamsfile import TeamsFile


def apply(
    file: Annotated[Path, typer.Option("--file", "-f", help="The file to apply.", show_default=False)],
    json: Json = False,
) -> None:
    """Declare the teams, their watches and channels. Applying the same file again changes nothing.

    A team that is not in the file any more is retired. With a mistake in the file nothing is changed.

    Example:
        tocsin apply -f teams.yaml
    """
    teams = TeamsFile(file)
    body = Body(teams.subscriptions().model_dump_json().encode())
    try:
        answer = call("PUT", f"{setting('notify_url')}/v1/subscriptions", setting("api_key"), body=body)
    except Refused as refused:
        if found := refused.problem.get("errors"):
            raise teams.mistakes((error["at"], error["detail"]) for error in found) from refused
        raise
    if json:
        output.as_json(answer)
    else:
        output.table(("team", "now"), answer["teams"].items(), empty="The file declares no team.")
