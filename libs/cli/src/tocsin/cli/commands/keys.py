"""`tocsin keys`: make, list, replace and end the keys that open notify's API."""

import json as codec
import re
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}

Id = Annotated[str, typer.Argument(help="Id of the key: key-1f0c2d3e4a5b.", show_default=False)]

keys = typer.Typer(no_args_is_help=True, help="Keys of notify's API. Only an admin's key opens this.")


@keys.command("create")
def create(
    label: Annotated[str, typer.Argument(help="What people call it: where it is used.", show_default=False)],
    scope: Annotated[str, typer.Option("--scope", help="admin, team or read.")] = "read",
    team: Annotated[str | None, typer.Option("--team", "-t", help="Whose it is; means scope team.")] = None,
    lives: Annotated[
        str | None, typer.Option("--lives", help="How long it holds: 90d. For ever else.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and print it, this once.

    Examples:
        tocsin keys create "payments ci" --team payments --lives 90d

        tocsin keys create dashboard --scope read
    """
    wanted: dict[str, Any] = {"label": label, "scope": "team" if team else scope}
    wanted |= ({"team": team} if team else {}) | ({"seconds": _seconds(lives)} if lives else {})
    _show_new(_call("POST", body=wanted), json=json)


@keys.command("list")
def listed(json: Json = False) -> None:
    """List every key there ever was, newest first; never what opens.

    Example:
        tocsin keys list
    """
    rows = _call("GET")["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("key", "label", "scope", "team", "made by", "made", "last used", "ends"),
        (
            (
                row["id"],
                row["label"],
                row["scope"],
                row["team"],
                row["made_by"],
                shown(row["made_at"]),
                shown(row["last_used_at"]),
                f"ended {shown(row['revoked_at'])}" if row["revoked_at"] else shown(row["expires_at"]),
            )
            for row in rows
        ),
        empty="No keys but those of the settings. Make one with: tocsin keys create LABEL",
    )


@keys.command("rotate")
def rotate(
    key: Id,
    overlap: Annotated[str, typer.Option("--overlap", help="How long the old one still holds.")] = "24h",
    json: Json = False,
) -> None:
    """Make a key in the place of another, which holds a while longer, so that nobody is shut out.

    Example:
        tocsin keys rotate key-1f0c2d3e4a5b --overlap 24h
    """
    _show_new(_call("POST", f"/{key}/rotate", {"overlap_seconds": _seconds(overlap)}), json=json)


@keys.command("revoke")
def revoke(key: Id) -> None:
    """End a key at once.

    Example:
        tocsin keys revoke key-1f0c2d3e4a5b
    """
    _call("DELETE", f"/{key}")
    output.console.print(output.plain(f"{key} is ended"))


def _show_new(made: dict[str, Any], *, json: bool) -> None:
    if json:
        output.as_json(made)
        return
    output.errors.print(
        output.plain(f"{made['id']} ({made['label']}). Keep it now: it is never shown again.")
    )
    typer.echo(made["key"])  # alone on standard output: to be piped into a secret store


def _seconds(text: str) -> int:
    if (match := re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())) is None:
        raise Failure(Exit.USAGE, f"{text!r} is no span: use 90s, 30m, 24h, 7d or 12w")
    return int(match[1]) * SECONDS[match[2]]


def _call(method: str, path: str = "", body: dict[str, Any] | None = None) -> Any:
    sent = Body(codec.dumps(body).encode()) if body is not None else None
    return call(method, f"{setting('notify_url')}/v1/keys{path}", setting("api_key"), body=sent)
