"""Thirty explanations kept whole, so that a change of any is read and agreed to: see `make golden`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.classify import Knowledge, load_catalogue, load_rules
from tocsin.classify.evaluation import Item, load_corpus
from tocsin.classify.explain import explain

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
ITEMS = {item.id: item for item in load_corpus(HERE.parent / "corpus") if item.golden}


def explained(item: Item, knowledge: Knowledge) -> dict[str, Any]:
    """What is kept: all but the digest of rules and catalogue, which changes with any of them."""
    told: dict[str, Any] = explain(item.notice(), knowledge).model_dump(
        mode="json", exclude={"rules_version"}
    )
    return told


def test_thirty_explanations_are_kept_and_no_others() -> None:
    assert len(ITEMS) == 30
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(ITEMS)


@pytest.mark.parametrize("id_", sorted(ITEMS))
def test_an_explanation_is_as_it_was(id_: str, knowledge: Knowledge) -> None:
    kept = json.loads((GOLDEN / f"{id_}.json").read_text("utf-8"))
    assert explained(ITEMS[id_], knowledge) == kept, (
        "if it should be so: `make golden`, and read the difference"
    )


def written() -> Iterator[str]:
    """Write each anew; gives the names of the files."""
    knowledge = Knowledge.of(load_catalogue(), load_rules())
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.glob("*.json"):
        path.unlink()
    for id_, item in ITEMS.items():
        text = json.dumps(explained(item, knowledge), ensure_ascii=False, indent=1) + "\n"
        (GOLDEN / f"{id_}.json").write_text(text, "utf-8")
        yield id_


if __name__ == "__main__":
    print("golden explanations:", *written())  # noqa: T201 - it is a script here
