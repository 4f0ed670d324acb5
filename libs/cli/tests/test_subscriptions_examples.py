"""The examples of docs/subscriptions.md: they hold, and the schema that they name is there and takes them."""

import json
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
FILES = [EXAMPLES / "teams.yaml", *sorted((EXAMPLES / "teams").glob("*.yaml"))]


def test_they_hold() -> None:
    file = TeamsFile(EXAMPLES)
    declared, shipped = file.subscriptions(), {entity.id: entity for entity in load_catalogue()}
    added = file.entities(shipped)
    assert added
    assert file.unknown(declared, Names([*shipped.values(), *added])) is None


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
