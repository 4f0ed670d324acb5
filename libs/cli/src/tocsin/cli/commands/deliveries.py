"""`tocsin deliveries`: what was sent, with what result, and what is to be tried again."""

import json as codec
from typing import Annotated, Any
from urllib.parse import quote

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json, Limit, Since, Team
from tocsin.cli.commands.reading import read
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")]

deliveries = typer.Typer()


@deliveries.callback(invoke_without_command=True)
def list_deliveries(  # noqa: PLR0913 - options of a command
    context: typer.Context,
    *,
    team: Team = None,
    state: Annotated[str | None, typer.Option("--state", help="pending, folded, delivered, failed.")] = None,
    summary: Annotated[str | None, typer.Option("--summary", help="Told in this one.")] = None,
    start: Since = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List deliveries with their attempts, newest first; each says why it goes now, later or in a summary.

    Examples:
        tocsin deliveries --state pending

        tocsin deliveries --team payments --json
    """
    if context.invoked_subcommand is not None:
        return
    rows = read("deliveries", limit, start, team=team, state=state, summary=summary)
    if json:
        output.as_json(rows)
        return
    _show(rows)


def _show(rows: list[dict[str, Any]]) -> None:
    output.table(
        (
            "raised",
            "team",
            "channel",
            "state",
            "attempts",
            "delivered or due",
            "because",
            "headline",
            "last error",
            "delivery",
        ),
        (
            (
                shown(row["raised_at"]),
                row["team_id"],
                row["channel"],
                row["state"],
                row["attempts"],
                shown(row["delivered_at"] or row.get("goes_at") or row["due_at"]),
                row.get("because"),  # an older notify does not say
                row["headline"],
                row["last_error"],
                row["id"],
            )
            for row in rows
        ),
        empty="No deliveries yet.",
    )


@deliveries.command("retry")
def retry(  # noqa: PLR0913 - options of a command
    ids: Annotated[list[str] | None, typer.Argument(help="As `tocsin deliveries` has them.")] = None,
    *,
    team: Annotated[str | None, typer.Option("--team", "-t", help="All that failed of this team.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", "-c", help="On this channel alone.")] = None,
    state: Annotated[str, typer.Option("--state", help="Of those of a team: failed.")] = "failed",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Try deliveries again now, under the same ids; three days of tries start anew.

    Examples:
        tocsin deliveries retry msg-1f0c

        tocsin deliveries retry --team payments --channel pager --state failed
    """
    if bool(ids) == bool(team):
        raise Failure(Exit.USAGE, "give ids, or a --team (and a --channel) whose failed ones are meant")
    if state != "failed":
        raise Failure(Exit.USAGE, "only what failed is tried again; what is pending is on its way")
    if team is None:
        if channel or dry_run:
            raise Failure(Exit.USAGE, "--channel and --dry-run go with --team")
        _retry_each(ids or [], json=json)
        return
    asked = {"team": team, "channel": channel, "dry_run": dry_run}
    tell_again(post("deliveries/retry", asked), json=json)


def _retry_each(ids: list[str], *, json: bool) -> None:
    """Try each; what cannot be is said, and the others are tried all the same."""
    answers: dict[str, Any] = {}
    refused = []
    for one in ids:
        try:
            answers[one] = post(f"deliveries/{quote(one, safe='')}/retry")
        except Failure as failure:
            if failure.status is Exit.AWAY:
                raise
            refused.append(f"{one}: {failure}")
    if json:
        output.as_json(answers)
    for one, answer in ({} if json else answers).items():
        held = f", not before {shown(answer['held_until'])}" if answer["held_until"] else ""
        output.console.print(output.plain(f"{one} is tried again now{held}"))
    if refused:
        raise Failure(Exit.FAILED, *refused)


def tell_again(answer: Any, *, json: bool) -> None:
    """What is sent again, or would be, by what it was before."""
    if json:
        output.as_json(answer)
        return
    verb = "would be sent again" if answer["dry_run"] else "are sent again"
    sent = {name: answer[name] for name in ("failed", "missed", "delivered") if answer[name]}
    counted = ", ".join(f"{count} {name}" for name, count in sent.items())
    output.console.print(f"{sum(sent.values())} {verb}" + (f": {counted}" if counted else ""))
    if answer["waiting"]:
        output.console.print(f"{answer['waiting']} wait already, and are left as they are")
    if answer["overtaken"]:
        output.console.print(f"{answer['overtaken']} are left: the team was told a later step of the case")
    if answer["taken_out"]:
        output.console.print(f"{answer['taken_out']} are left: their channel is not declared now")


def post(path: str, asked: dict[str, Any] | None = None) -> Any:
    """One call that asks for something."""
    body = Body(codec.dumps(asked).encode()) if asked is not None else None
    return call("POST", f"{setting('notify_url')}/v1/{path}", setting("api_key"), body=body)
