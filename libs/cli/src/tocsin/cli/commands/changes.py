"""`tocsin changes`: who had what changed over the API, and when."""

from datetime import UTC, datetime

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json, Limit, Since, Team
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting


def changes(team: Team = None, start: Since = None, limit: Limit = 20, json: Json = False) -> None:
    """List changes, newest first. One that has no end was cut off in the middle: look whether it is made.

    Example:
        tocsin changes --team payments --since 7d
    """
    asked = {"limit": str(limit)} | ({"team": team} if team else {})
    if start is not None:
        asked["since"] = since(start, datetime.now(UTC)).isoformat()
    rows = call("GET", f"{setting('notify_url')}/v1/changes", setting("api_key"), params=asked)["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("at", "who", "what", "team", "end", "summary"),
        (
            (shown(row["at"]), row["who"], row["what"], row["team"], row["outcome"], row["summary"])
            for row in rows
        ),
        empty="Nothing was changed.",
    )
