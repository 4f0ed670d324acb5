"""`tocsin alerts`: what was told, about what, to whom."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json, Limit, Since, Team
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting

Row = dict[str, Any]


def alerts(
    team: Team = None,
    case: Annotated[str | None, typer.Option("--case", "-c", help="Only this case, C-7F3K2M.")] = None,
    start: Since = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List alerts, newest first.

    Examples:
        tocsin alerts --team payments --since 7d

        tocsin alerts --case C-7F3K2M --json
    """
    rows = read("alerts", limit, start, team=team, case=case)
    if json:
        output.as_json(rows)
        return
    output.table(
        ("raised", "team", "case", "step", "severity", "headline", "because", "alert"),
        (
            (
                shown(row["raised_at"]),
                row["team"],
                row["case_ref"],
                f"{row['step']} {row['kind']}",
                row["severity"],
                row["headline"],
                row["reasons"][0]["because"],
                row["id"],
            )
            for row in rows
        ),
        empty="No alerts yet. Who would be told what is declared with: tocsin apply -f teams.yaml",
    )


def read(what: str, limit: int, start: str | None, **filters: str | None) -> list[Row]:
    """The newest rows of a list of notify's."""
    asked = {name: value for name, value in filters.items() if value is not None}
    if start is not None:
        asked["since"] = since(start, datetime.now(UTC)).isoformat()
    rows: list[Row] = get(what, asked | {"limit": str(limit)})["items"]
    return rows


def get(path: str, params: dict[str, str] | None = None) -> Row:
    """What notify answers under a path below `/v1`."""
    answer: Row = call("GET", f"{setting('notify_url')}/v1/{path}", setting("api_key"), params=params)
    return answer
