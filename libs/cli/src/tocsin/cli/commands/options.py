"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help="Most rows.")]
Team = Annotated[str | None, typer.Option("--team", "-t", help="Only this team.")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Nothing older: 30m, 12h, 7d, or a time such as 2026-06-13T00:00Z."),
]
Author = Annotated[
    str | None,
    typer.Option("--author", envvar="TOCSIN_AUTHOR", help="Who says so; you, if left out."),
]
TeamsPath = Annotated[
    Path, typer.Option("--file", "-f", help="teams.yaml, or the folder that it is in.", show_default=False)
]
HowManyDays = Annotated[int, typer.Option("--days", min=1, max=365, help="How many days to look back.")]
