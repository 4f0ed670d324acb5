"""The published documents: valid by their own specifications, and what the repository holds is current."""

import gzip
import json
from pathlib import Path

import jsonschema
import pytest

from tocsin.contracts import TOPICS
from tocsin.contracts.publishing import asyncapi, schemas, write

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parents[1] / "golden"
# The AsyncAPI Initiative's own JSON Schema of its version 3.0.0 (package @asyncapi/specs, Apache-2.0).
SPECIFICATION = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")


def test_the_asyncapi_document_is_valid() -> None:
    specification = json.loads(gzip.decompress(SPECIFICATION.read_bytes()))
    jsonschema.Draft7Validator(specification).validate(asyncapi())


def test_every_reference_in_it_leads_somewhere() -> None:
    document = asyncapi()
    for reference in _references(document):
        found: object = document
        for name in reference.removeprefix("#/").split("/"):
            assert isinstance(found, dict)
            assert name in found, reference
            found = found[name]


def test_every_topic_is_in_it_under_its_address() -> None:
    assert {channel["address"] for channel in asyncapi()["channels"].values()} == {t.name for t in TOPICS}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_golden_messages_satisfy_the_published_schemas(path: Path) -> None:
    published = schemas()[f"{path.name.split('.')[0]}.json"]
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.Draft202012Validator(published).validate(json.loads(path.read_bytes()))


def test_every_message_says_what_it_promises() -> None:
    for name, published in schemas().items():
        assert published.get("description"), f"{name} has no docstring"


def test_the_documents_in_the_repository_are_current(tmp_path: Path) -> None:
    for path in write(tmp_path):
        kept = ROOT / "docs" / "contracts" / path.relative_to(tmp_path)
        assert kept.read_bytes() == path.read_bytes(), "run `make contracts` and commit what it changes"


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [reference for value in node.values() for reference in _references(value)]
    if isinstance(node, list):
        return [reference for value in node for reference in _references(value)]
    return []
