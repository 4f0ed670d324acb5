"""The examples of docs/subscriptions.md: they hold, and the schema that they name is there and takes them."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts.publishing import schema
from tocsin.contracts.teamsfile import TeamsFile as Declared
from tocsin.notify.routing.names import Names

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "subscriptions"
SILENCES = EXAMPLES / "silences.yaml"
FILES = [EXAMPLES / "teams.yaml", SILENCES, *sorted((EXAMPLES / "teams").glob("*.yaml"))]


def test_they_hold() -> None:
    file = TeamsFile(EXAMPLES)
    declared, shipped = file.subscriptions(), {entity.id: entity for entity in load_catalogue()}
    added = file.entities(shipped)
    assert added
    assert file.unknown(declared, Names([*shipped.values(), *added])) is None


def test_the_silences_hold_for_the_teams_until_their_time(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    root = tmp_path / "teams.yaml"
    text = root.read_text(encoding="utf-8")
    root.write_text(text.replace("include:\n", "include:\n  - silences.yaml\n"), encoding="utf-8")
    file = TeamsFile(root)
    file.subscriptions()
    before = min(one.until for one in file.silences) - timedelta(days=1)
    file.check_silences(Names(load_catalogue()), {}, before)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_editor_has_nothing_against_them(path: Path) -> None:
    named = path.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
    assert (path.parent / named).resolve() == EXAMPLES.parents[1] / "contracts" / "schemas" / "TeamsFile.json"
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(schema(Declared))))
    validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_pull_request_is_yaml_and_calls_commands_that_there_are() -> None:
    job = yaml.safe_load((EXAMPLES / "pull-request.yaml").read_text(encoding="utf-8"))["jobs"][
        "subscriptions"
    ]
    script = "\n".join(step.get("run", "") for step in job["steps"])
    assert all(f"tocsin {command}" in script for command in ("validate", "plan", "apply"))
