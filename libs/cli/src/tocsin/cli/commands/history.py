"""`tocsin history`: who changed the teams, when, why, and what."""

from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json, Limit
from tocsin.cli.commands.plan import lines_of
from tocsin.cli.moments import shown
from tocsin.cli.place import setting


def history(
    limit: Limit = 20,
    *,
    brief: Annotated[bool, typer.Option("--brief", help="Only who, when and why.")] = False,
    json: Json = False,
) -> None:
    """List changes of the teams, newest first: version, author, reason, and each thing before and after.

    Examples:
        tocsin history

        tocsin history --limit 5 --json
    """
    url = f"{setting('notify_url')}/v1/subscriptions/changes"
    rows = call("GET", url, setting("api_key"), params={"limit": str(limit)})["items"]
    if json:
        output.as_json(rows)
        return
    if not rows:
        output.console.print("Nobody has changed the teams.")
    for row in rows:
        why = f": {row['reason']}" if row["reason"] else ""
        head = f"{shown(row['at'])}  {row['author']}{why}  ({row['after']})"
        output.console.print(output.plain(head), soft_wrap=True, style="bold")
        for line in () if brief else (line for change in row["diff"] for line in lines_of(change)):
            output.console.print(output.plain(f"  {line}"), soft_wrap=True)
