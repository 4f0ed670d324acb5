"""`tocsin ack`: somebody takes an alert on; no reminder and no fallback follows."""

import getpass
import json as codec
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json, Team
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting


def ack(
    alert: Annotated[str, typer.Argument(help="Id of an alert, or with --team a case: C-7F3K2M.")],
    *,
    team: Team = None,
    author: Annotated[str | None, typer.Option("--author", help="Who says so; you, if left out.")] = None,
    json: Json = False,
) -> None:
    """Acknowledge an alert and the earlier steps of its case; of a case, the latest that its team has.

    Examples:
        tocsin ack C-7F3K2M --team payments

        tocsin ack a-0d2f3b5c7e9a1b3d5f7092a4b6 --author "Ann Ode"
    """
    base, key = f"{setting('notify_url')}/v1/alerts", setting("api_key")
    found = _latest(base, key, alert.upper(), team) if alert.upper().startswith("C-") else alert
    body = Body(codec.dumps({"author": author or getpass.getuser()}).encode())
    made = call("POST", f"{base}/{found}/acknowledge", key, body=body)
    if json:
        output.as_json(made)
        return
    by = made["acknowledged"]
    said = "acknowledged" if made["new"] else "already acknowledged"
    output.console.print(output.plain(f"{found} is {said} by {by['author']}, {shown(by['at'])}"))


def _latest(base: str, key: str, case: str, team: str | None) -> str:
    """The id of the latest alert of a case that a team has."""
    if team is None:
        raise Failure(Exit.USAGE, f"say whose alert of {case} it is, with --team")
    items = call("GET", base, key, params={"case": case, "team": team, "limit": "1"})["items"]
    if not items:
        raise Failure(Exit.FAILED, f"{team} has no alert of {case}", f"see: tocsin alerts --team {team}")
    found: str = items[0]["id"]
    return found
