"""`tocsin sources failed`: the quarantine of entries that could not be read."""

import json as codec
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json, Limit
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

Number = Annotated[int, typer.Argument(min=1, help="An entry as `tocsin sources failed list` numbers it.")]
Numbers = Annotated[
    list[int], typer.Argument(min=1, help="Entries as `tocsin sources failed list` has them.")
]

failed = typer.Typer(no_args_is_help=True, help="Entries that could not be read.")


@failed.command("list")
def list_failed(
    source: Annotated[str | None, typer.Option("--source", "-s", help="Only of this source.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Dropped ones, too.")] = False,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List entries that nobody has dealt with, newest first.

    Example:
        tocsin sources failed list --source claude-status
    """
    asked = {"limit": str(limit), "dropped": str(every).lower()} | ({"source": source} if source else {})
    rows = _call("GET", "", asked)["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("number", "source", "entry", "place", "error", "times", "last seen", "dropped because"),
        (
            (
                row["id"],
                row["source_id"],
                row["native_id"],
                row["place"],
                row["error"],
                row["times"],
                shown(row["last_seen_at"]),
                row["dropped_because"],
            )
            for row in rows
        ),
        empty="Every entry could be read, or somebody has dealt with it.",
    )


@failed.command("show")
def show(number: Number, json: Json = False) -> None:
    """Show one entry: its error, where it stands, and which version of the parser failed.

    Example:
        tocsin sources failed show 17
    """
    row = _call("GET", f"/{number}")
    if json:
        output.as_json(row)
        return
    output.pairs(row)
    output.console.print(output.plain(f"Its document: tocsin snapshot show {row['content_sha256']}"))


@failed.command("retry")
def retry(numbers: Numbers, json: Json = False) -> None:
    """Read the documents of entries again, with the parser as it is now. What has not changed is not told.

    Example:
        tocsin sources failed retry 17 18
    """
    answers = {number: _call("POST", f"/{number}/retry") for number in numbers}
    if json:
        output.as_json(answers)
    else:
        rows = (
            (number, "read" if one["released"] else "not read", one["told"])
            for number, one in answers.items()
        )
        output.table(("number", "now", "notices told"), rows, empty="")
    still = [f"{number}: {one['error']}" for number, one in answers.items() if not one["released"]]
    if still:
        raise Failure(Exit.FAILED, *still)


@failed.command("drop")
def drop(
    numbers: Numbers,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept with each.", show_default=False)],
    json: Json = False,
) -> None:
    """Mark entries as not worth a retry. Nothing is deleted: `tocsin sources failed list --all` has them.

    Example:
        tocsin sources failed drop 17 --reason "an advertisement without text"
    """
    body = Body(codec.dumps({"reason": reason}).encode())
    rows = [_call("POST", f"/{number}/drop", body=body) for number in numbers]
    if json:
        output.as_json(rows)
    else:
        output.console.print(f"{len(rows)} dropped")


def _call(method: str, path: str, params: dict[str, str] | None = None, body: Body | None = None) -> Any:
    url = f"{setting('ingest_url')}/v1/failed-entries{path}"
    return call(method, url, setting("api_key"), params=params, body=body)
