"""`tocsin alert`: what became of one alert, from when it was raised."""

from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json
from tocsin.cli.moments import shown
from tocsin.cli.place import setting


def alert(
    identity: Annotated[str, typer.Argument(metavar="ALERT", help="Id of an alert: see `tocsin alerts`.")],
    *,
    json: Json = False,
) -> None:
    """Show an alert, who has acknowledged it, and its time line.

    Examples:
        tocsin alert a-0d2f3b5c7e9a1b3d5f7092a4b6
    """
    url, key = f"{setting('notify_url')}/v1/alerts/{identity}", setting("api_key")
    one, events = call("GET", url, key), call("GET", f"{url}/timeline", key)["items"]
    if json:
        output.as_json(one | {"timeline": events})
        return
    output.pairs(
        {
            "alert": one["id"],
            "team": one["team"],
            "case": f"{one['case_ref']}, step {one['step']}",
            "headline": f"{one['severity'].upper()} · {one['headline']}",
            "acknowledged": _by(one),
            "on call": _follows(one),
        }
    )
    output.table(
        ("at", "what", "channel", ""),
        ((shown(e["at"]), e["what"], e["channel"], e["detail"]) for e in events),
        empty="",
    )


def _by(one: dict[str, Any]) -> str:
    by = one["acknowledged"]
    return (
        f"by {by['author']}, {shown(by['at'])}" if by else f"by nobody yet; to do so: tocsin ack {one['id']}"
    )


def _follows(one: dict[str, Any]) -> str:
    """What is to come, or why nothing is."""
    follows = one["on_call"]
    if follows is None:
        return "nothing follows: the team is not on call for this"
    if follows["due_at"]:
        return f"if nobody acknowledges, more follows at {shown(follows['due_at'])}"
    return follows["because"] or "everything was done, and nobody has acknowledged"
