"""`tocsin watches`: try a watch on what is on record, and list what can never tell anybody anything."""

import json as codec
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call, follow
from tocsin.cli.commands.options import HowManyDays, Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.place import setting
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts.subscriptions import Team

watches = typer.Typer(no_args_is_help=True, help="Watches: try them on history, find those that are dead.")

Facts = dict[str, Any]


@watches.command("test")
def try_out(  # noqa: PLR0913 # options of a command
    team: Annotated[str, typer.Argument(help="Id of the team.")],
    *,
    watch: Annotated[str | None, typer.Option("--watch", "-w", help="Only this watch, by name.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="As this file declares it; else as it stands.")
    ] = None,
    days: HowManyDays = 90,
    must: Annotated[
        list[str] | None, typer.Option("--must", "-m", help="A case that it has to tell; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, max=200, help="Most rows.")] = 20,
    json: Json = False,
) -> None:
    """Run the watches of a team over the last days, as on record: what they would have told. Never sends.

    It decides as notify does, but knows nothing of digests, caps, quiet hours and silences. A page is an
    alert that is critical. The exit status is 1 when a case that it must tell would have been missed.

    Examples:
        tocsin watch test payments --days 30

        tocsin watch test payments --file teams.yaml --watch checkout --must C-7F3K2M
    """
    asked = {"team": _declared(team, watch, file), "days": days, "must": must or []}
    with output.progress() as tell:
        url = f"{setting('notify_url')}/v1/watches/test"
        answer = follow(url, setting("api_key"), body=Body(codec.dumps(asked).encode()), tell=tell)
    if json:
        output.as_json(answer)
    else:
        _show(answer, limit)
    missed = [one for one in answer["must"] if not one["told"]]
    if missed:
        raise Failure(
            Exit.FAILED, *(f"missed {one['case_ref']}: {'; '.join(one['because'])}" for one in missed)
        )


@watches.command("dead")
def dead(json: Json = False) -> None:
    """List what is declared and can tell nobody anything, and what to do about it.

    Watches that can never match, names that the catalogue lacks, channels on which nothing ever arrived,
    teams all of whose channels fail, and teams without one. Notify tells the owners, too, once a month.

    Example:
        tocsin watches dead
    """
    rows = call("GET", f"{setting('notify_url')}/v1/watches/dead", setting("api_key"))["items"]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("team", "", "what to do"),
        ((row["team"], row["flaw"], row["says"]) for row in rows),
        empty="Everything that is declared can tell somebody something.",
    )


def _declared(name: str, watch: str | None, file: Path | None) -> Facts:
    if file is not None:
        teams = TeamsFile(file).subscriptions().teams
        team = next((one for one in teams if one.id == name), None)
        if team is None:
            known = ", ".join(one.id for one in teams) or "none"
            raise Failure(Exit.USAGE, f"{file} declares no team {name!r}; it has {known}")
    else:
        url = f"{setting('notify_url')}/v1/teams/{name}"
        team = Team.model_validate(call("GET", url, setting("api_key")))
    if watch is not None:
        chosen = tuple(one for one in team.watches if one.name == watch)
        if not chosen:
            known = ", ".join(one.name for one in team.watches)
            raise Failure(Exit.USAGE, f"team {name} has no watch {watch!r}; it has {known}")
        team = team.model_copy(update={"watches": chosen})
    return team.model_dump(mode="json", exclude_defaults=True)


def _show(answer: Facts, limit: int) -> None:
    output.table(
        ("when", "case", "step", "severity", "what", "watches"),
        (
            (
                shown(one["at"]),
                one["case_ref"],
                one["step"],
                one["severity"],
                one["headline"],
                ", ".join(one["watches"]),
            )
            for one in answer["told"][:limit]
        ),
        empty="It would have told nothing.",
    )
    burden, days = answer["burden"], answer["days"]
    output.console.print(
        f"{burden['alerts']} alerts of {burden['cases']} cases, {burden['pages']} of them pages, from "
        f"{answer['steps']} steps; a week of the last {days} days: about {burden['alerts_a_week']} alerts, "
        f"{burden['pages_a_week']} pages. Nothing was sent.",
        soft_wrap=True,
    )
    for one in answer["must"]:
        if one["told"]:
            output.console.print(output.plain(f"told {one['case_ref']}: {'; '.join(one['because'])}"))
    for warning in burden["warnings"]:
        output.errors.print(output.plain(f"warning: {warning}"), soft_wrap=True)
