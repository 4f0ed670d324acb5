"""`tocsin channels`: try one out, send again what one missed, who left, or the address of a team's feed."""

import json as codec
from datetime import UTC, datetime
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.deliveries import DryRun, post, tell_again
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting

Team = Annotated[str, typer.Argument(help="Id of the team.", show_default=False)]
Name = Annotated[str, typer.Argument(help="Name of the channel.", show_default=False)]

OPEN = {"pagerduty", "alertmanager"}  # these keep an alarm until it is ended

channels = typer.Typer(no_args_is_help=True, help="Where teams hear it.")


@channels.command("test")
def try_out(
    team: Team,
    channel: Name,
    lifted: Annotated[
        bool, typer.Option("--lifted", help="End the test: closes the alarm it opened.")
    ] = False,
    json: Json = False,
) -> None:
    """Send a message that is marked as a test, once, and say what the receiver answered.

    Example:
        tocsin channels test payments pager
    """
    asked = Body(codec.dumps({"team": team, "channel": channel, "lifted": lifted}).encode())
    tried = call("POST", f"{setting('notify_url')}/v1/channels/test", setting("api_key"), body=asked)
    if json:
        output.as_json(tried)
    else:
        took = f"{tried['seconds']:.3f} s: {tried['detail']}"
        verdict = "delivered" if tried["outcome"] == "delivered" else "not delivered"
        output.console.print(output.plain(f"{team}/{channel} ({tried['kind']}): {verdict} in {took}"))
    if tried["outcome"] != "delivered":
        again = (
            "an alert would be tried again" if tried["outcome"] == "retry" else "an alert would be given up"
        )
        raise Failure(Exit.FAILED, f"the test did not arrive; {again}")
    if tried["kind"] in OPEN and not lifted and not json:
        cure = f"tocsin channels test {team} {channel} --lifted"
        output.console.print(output.plain(f"It holds an alarm now; end it with: {cure}"))


@channels.command("replay")
def replay(  # noqa: PLR0913 - options of a command
    team: Team,
    channel: Name,
    start: Annotated[str, typer.Option("--since", help="Alerts raised from then on: 12h, 7d, or a time.")],
    end: Annotated[str | None, typer.Option("--until", help="And before then; until now.")] = None,
    *,
    also_delivered: Annotated[
        bool, typer.Option("--also-delivered", help="What was delivered, too: the receiver lost it.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Send a channel what it missed in a time, or what failed there, under the same ids.

    An alert that is older than the channel counts as missed.

    Examples:
        tocsin channels replay payments pager --since 2026-06-13T00:00Z --until 2026-06-14T00:00Z --dry-run

        tocsin channels replay payments pager --since 12h --also-delivered
    """
    now = datetime.now(UTC)
    asked = {
        "team": team,
        "channel": channel,
        "since": since(start, now).isoformat(),
        "until": since(end, now).isoformat() if end else None,
        "also_delivered": also_delivered,
        "dry_run": dry_run,
    }
    tell_again(post("channels/replay", asked), json=json)


@channels.command("feed")
def feed(team: Team) -> None:
    """Print the address of a team's Atom feed. Whoever has the address can read the team's alerts.

    Example:
        tocsin channels feed payments
    """
    url = setting("notify_url")
    path = call("GET", f"{url}/v1/feeds/{team}", setting("api_key"))["path"]
    typer.echo(f"{url.rstrip('/')}{path}")


@channels.command("addresses")
def addresses(
    team: Team,
    restore: Annotated[
        str | None, typer.Option("--restore", metavar="ADDRESS", help="Send mail to this one again.")
    ] = None,
    json: Json = False,
) -> None:
    """List which addresses have unsubscribed from a team's mail, or send to one again.

    Examples:
        tocsin channels addresses payments

        tocsin channels addresses payments --restore duty@payments.example
    """
    url, key = f"{setting('notify_url')}/v1/teams/{team}/unsubscribed", setting("api_key")
    if restore is not None:
        call("DELETE", url, key, params={"address": restore})
        output.console.print(output.plain(f"{restore} is sent mail of {team} again"))
        return
    rows = call("GET", url, key)["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("unsubscribed", "from", "at"),
        ((row["address"], row["channel"], shown(row["at"])) for row in rows),
        empty="Nobody has unsubscribed.",
    )
