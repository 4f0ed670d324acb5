"""`tocsin silence`, `silences`: alerts that a team need not be interrupted for, until a stated time."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown, until
from tocsin.cli.silenced import Row, ask
from tocsin.cli.silences import about, announced

TeamId = Annotated[str, typer.Argument(help="Id of the team.")]


def silence(  # noqa: PLR0913 # options of a command
    team: TeamId,
    *,
    case: Annotated[str | None, typer.Option("--case", "-c", help="Of this measure: C-7F3K2M.")] = None,
    entity: Annotated[
        str | None, typer.Option("--entity", "-e", help="Of this alone, by id or name.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="By this source, as alerts name it.")] = None,
    category: Annotated[str | None, typer.Option("--category", help="Of this sort: export_control.")] = None,
    watch: Annotated[str | None, typer.Option("--watch", "-w", help="For this watch alone.")] = None,
    end: Annotated[str | None, typer.Option("--until", "-u", help="2d, or 2026-12-01T09:00Z.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", "-r", help="Why; kept, and shown.")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who says so; you, if left out.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would have hidden.")] = False,
    days: Annotated[int, typer.Option("--days", help="How far a preview looks back.")] = 30,
    json: Json = False,
) -> None:
    """Hold alerts of a team back until a time at most 90 days ahead; all that is named must apply.

    What was held back is told in one summary when the silence ends. The end of what a team was told of comes
    through, and every alert is on the alerts topic and in the feed as ever.

    Examples:
        tocsin silence payments --case C-7F3K2M --until 2d --reason "moved to another model already"

        tocsin silence payments --category guidance --preview
    """
    given = (("case", case), ("entity", entity), ("source", source), ("category", category), ("watch", watch))
    what = {name: value for name, value in given if value}
    if not what:
        raise Failure(Exit.USAGE, "name what to hide: --case, --entity, --source, --category or --watch")
    if preview:
        _preview(ask("POST", team, "/preview", body=what | {"days": days}), json=json)
        return
    if end is None or not reason:
        raise Failure(Exit.USAGE, "a silence needs --until and --reason; look at it first with --preview")
    at = until(end, datetime.now(UTC)).isoformat()
    made = ask(
        "POST", team, body=what | {"until": at, "reason": reason, "author": author or getpass.getuser()}
    )
    if json:
        output.as_json(made)
    else:
        output.console.print(output.plain(announced(made)))


def silences(
    team: TeamId,
    *,
    over: Annotated[bool, typer.Option("--ended", help="Those that are over instead.")] = False,
    end: Annotated[int | None, typer.Option("--end", help="End this one now, by its number.")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who ends it; you, if left out.")] = None,
    json: Json = False,
) -> None:
    """List the silences of a team that stand, or end one before its time: what it held back is told at once.

    Examples:
        tocsin silences payments

        tocsin silences payments --end 3
    """
    if end is not None:
        ask("DELETE", team, f"/{end}", params={"author": author or getpass.getuser()})
        output.console.print(f"{end} is ended")
        return
    rows = ask("GET", team, params={"ended": "true"} if over else None)["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("number", "hides", "until", "reason", "made by", "made", "ended", "by"),
        (
            (
                row["number"],
                about(row),
                shown(row["until"]),
                row["reason"],
                row["author"],
                shown(row["made_at"]),
                shown(row["ended_at"]),
                row["ended_by"],
            )
            for row in rows
        ),
        empty="No silence is over." if over else "No silence stands.",
    )


def _preview(found: Row, *, json: bool) -> None:
    if json:
        output.as_json(found)
        return
    output.table(
        ("raised", "case", "kind", "severity", "headline"),
        (
            (shown(row["raised_at"]), row["case_ref"], row["kind"], row["severity"], row["headline"])
            for row in found["alerts"]
        ),
        empty="It would have hidden nothing.",
    )
    output.pairs(
        {
            "hidden": f"{found['count']} of the latest {found['examined']} alerts",
            "ends it is about": f"{found['endings']}, told to whoever knew of the beginning",
            "open cases": ", ".join(f"{one['ref']} ({one['state']})" for one in found["open_cases"])
            or "none",
        }
    )
