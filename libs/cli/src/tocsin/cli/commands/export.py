"""`tocsin export`: teams and silences as they stand, and what was added to the catalogue, as a teams.yaml."""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli import known, silenced
from tocsin.cli.additions import additions_of
from tocsin.cli.client import call
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting
from tocsin.contracts import Entity
from tocsin.contracts.cloudevents import describe
from tocsin.contracts.subscriptions import Subscriptions, Team
from tocsin.contracts.teamsfile import Silence, TeamsFile

HEAD = """\
# yaml-language-server: $schema=teams.schema.json
# As it stands in Tocsin. Comments, and which file a team was in, are not kept there.
"""


def export(
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there, not to the screen.")
    ] = None,
) -> None:
    """Write out the teams, silences that stand, and what was added to the catalogue.

    Applying that changes nothing.

    Comments and the order of files are not kept by Tocsin: keep your own files where you have them. The
    schema that the first line names comes from `tocsin validate --schema`.

    Examples:
        tocsin export > teams.yaml

        tocsin export -o teams.yaml
    """
    answer = call("GET", f"{setting('notify_url')}/v1/subscriptions", setting("api_key"))
    try:
        teams = Subscriptions.model_validate(answer).teams
        catalogue = known.catalogue()
        declared = TeamsFile(
            catalogue=tuple(additions_of(_own(catalogue))),
            teams=teams,
            silences=tuple(one for team in teams for one in _standing(team, catalogue)),
        )
    except ValidationError as error:
        newer = f"notify declares what this tocsin does not know, so it is newer: {describe(error)}"
        raise Failure(Exit.FAILED, newer) from error
    text = HEAD + yaml.safe_dump(
        {"teams": []} | declared.model_dump(mode="json", exclude_defaults=True),
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(Exit.FAILED, f"cannot write {to}: {error.strerror}") from error


def _own(catalogue: Mapping[str, Entity]) -> list[Entity]:
    """What the catalogue has that is not shipped, by id."""
    shipped = {one.id for one in load_catalogue()}
    return [one for identity, one in sorted(catalogue.items()) if identity not in shipped]


def _standing(team: Team, catalogue: Collection[str]) -> list[Silence]:
    """Silences of a team that stand, but for those of a watch or entity that is gone: they hide nothing."""
    entities, watches = {None, *catalogue}, {None, *(watch.name for watch in team.watches)}
    return [one for one in silenced.standing(team.id) if one.entity in entities and one.watch in watches]
