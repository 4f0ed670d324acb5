"""`tocsin plan`: what teams.yaml would change, and who would be paged more by it, or less."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tocsin.cli import known, output, silenced
from tocsin.cli.commands.options import HowManyDays, Json, TeamsPath
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.proposal import planned
from tocsin.cli.silences import about
from tocsin.cli.teamsfile import TeamsFile

CHANGES = 2  # the status by which `terraform plan -detailed-exitcode` says so
SIGNS = {"added": "+", "changed": "~", "removed": "-"}
LONGEST = 100  # characters of a value

Facts = dict[str, Any]


def plan(
    file: TeamsPath,
    *,
    days: HowManyDays = 90,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when something would change.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what a file would change, by name, and what the last days would have been like with it.

    Nothing is changed, and nothing is sent. With --detailed-exitcode the status is 0 for no change, 2 for
    changes, and 1 for whatever fails. The version that it prints goes to `tocsin apply --expect`.

    Examples:
        tocsin plan -f teams.yaml

        tocsin plan -f subscriptions/ --days 30 --detailed-exitcode --json
    """
    try:
        answer = proposed(TeamsFile(file), days)
    except Failure as failure:
        if detailed:
            raise Failure(Exit.FAILED, *failure.lines) from failure
        raise
    if json:
        output.as_json(answer)
    else:
        for line in _told(answer):
            output.console.print(output.plain(line), soft_wrap=True)
    if detailed and (answer["changes"] or answer["catalogue"] or answer["silences"]):
        raise typer.Exit(CHANGES)


def proposed(file: TeamsFile, days: int) -> Facts:
    """What notify says of a file; under ``catalogue`` what changes there, ``silences`` those to be made."""
    declared = file.subscriptions()
    there = known.catalogue() if file.additions or file.silences else {}
    entities = file.entities(there)
    answer: Facts = planned(file, declared, days, entities)
    made = silenced.missing(file, [*there.values(), *entities])
    return answer | {
        "catalogue": known.changes(entities, there),
        "silences": [one.model_dump(mode="json", exclude_none=True) for one in made],
        "warnings": [*answer["warnings"], *silenced.over(file)],
    }


def _told(answer: Facts) -> Iterator[str]:
    changes, silences = [*answer["catalogue"], *answer["changes"]], answer["silences"]
    if not changes and not silences:
        yield f"No change: what stands is {answer['version']}."
    for change in changes:
        yield from lines_of(change)
    for one in silences:
        yield f"+ silence {one['team']}: {about(one)} until {shown(one['until'])}"
        yield f"    reason: {_short(one['reason'])}"
    for effect in answer["effects"]:
        yield effect["says"]
    for warning in answer["warnings"]:
        yield f"warning: {warning['team']}: {warning['says']}"
    if changes or silences:
        yield f"To make it so, if nobody comes first: tocsin apply --expect {answer['version']}"


def lines_of(change: Facts) -> Iterator[str]:
    """One change as a person reads it: a line of its own, and one for each field that differs."""
    name = (
        change["team"]
        if change["sort"] == "team"
        else f"{change['team']} {change['sort']} {change['name']!r}"
    )
    yield f"{SIGNS[change['what']]} {name}"
    before, after = change["before"] or {}, change["after"] or {}
    for field in before | after:
        if field in {"id", "name", "kind"} and change["what"] != "changed":
            continue
        yield f"    {field}: {_shown(before, field, change)}"


def _shown(before: Facts, field: str, change: Facts) -> str:
    after = change["after"] or {}
    if change["what"] != "changed":
        return _short((before | after)[field])
    return f"{_short(before.get(field))} → {_short(after.get(field))}"


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        parts = [str(one.get("name", one)) if isinstance(one, dict) else str(one) for one in value]
        text = ", ".join(parts) or "none"
    else:
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
