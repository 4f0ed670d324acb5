"""Messages: golden ones load for ever, unknown fields are ignored, missing ones are named."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tocsin.contracts import TOPICS, AlertsSummarised
from tocsin.contracts.cloudevents import describe
from tocsin.contracts.message import Part

GOLDEN = Path(__file__).parents[1] / "golden"
MESSAGES: list[type[Part]] = [*(topic.value for topic in TOPICS), AlertsSummarised]
VALUES = {value.__name__: value for value in MESSAGES}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_every_golden_message_ever_shipped_still_loads(path: Path) -> None:
    value = VALUES[path.name.split(".")[0]]
    written = json.loads(path.read_bytes())
    read = value.model_validate_json(path.read_bytes())
    # Nothing that was written may be dropped in reading: a renamed field would be, silently.
    assert _contains(read.model_dump(mode="json"), written)


def test_each_message_has_a_golden_one() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.glob("*.json")} == VALUES.keys()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_a_field_from_the_future_is_ignored(path: Path) -> None:
    value = VALUES[path.name.split(".")[0]]
    known = value.model_validate_json(path.read_bytes())
    newer = json.loads(path.read_bytes()) | {"invented_in_2031": {"deep": [1]}}
    assert value.model_validate(newer) == known


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_missing_field_is_named(value: type[Part]) -> None:
    with pytest.raises(ValidationError) as caught:
        value.model_validate_json(b"{}")
    assert "id: Field required" in describe(caught.value)


def _contains(whole: object, part: object) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_contains, whole, part))
    return whole == part
