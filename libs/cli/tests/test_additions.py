"""Additions to the catalogue in teams.yaml: checked at their lines, and made into entries."""

from pathlib import Path

import pytest

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.additions import additions_of, entries
from tocsin.cli.teamsfile import TeamsFile
from tocsin.cli.yamlfile import Mistaken
from tocsin.contracts import Entity, Kind
from tocsin.notify.routing.names import Names

SHIPPED = {entity.id: entity for entity in load_catalogue()}

GOOD = """\
include: [teams/*.yaml]
catalogue:
  - {kind: vendor, name: Zephyr Works, jurisdiction: DE}
  - kind: model
    name: Zephyr Nine
    vendor: Zephyr Works
    aliases: [Zephyr 9]
    ambiguous: true
"""
TEAM = """\
catalogue:
  - {kind: model, name: Zephyr Nine Mini, vendor: 'vendor:zephyr-works', family: zephyr nine}
teams:
  - id: payments
    name: Payments
    watches: [{name: own, models: [zephyr 9], families: [Zephyr Nine]}]
"""


def written(folder: Path, text: str = GOOD) -> TeamsFile:
    (folder / "teams").mkdir()
    (folder / "teams.yaml").write_text(text, encoding="utf-8")
    (folder / "teams" / "payments.yaml").write_text(TEAM, encoding="utf-8")
    return TeamsFile(folder)


def test_additions_of_all_files_are_entries_that_watches_may_name(tmp_path: Path) -> None:
    file = written(tmp_path)
    declared = file.subscriptions()
    made = file.entities(SHIPPED)
    assert [(one.id, one.vendor, one.family) for one in made] == [
        ("vendor:zephyr-works", None, None),
        ("model:zephyr-nine", "vendor:zephyr-works", None),
        ("model:zephyr-nine-mini", "vendor:zephyr-works", "Zephyr Nine"),
    ]
    assert file.unknown(declared, Names([*SHIPPED.values(), *made])) is None
    assert file.unknown(declared, Names(SHIPPED.values())) is not None


MISTAKES = [
    ("name: Zephyr Nine", "name: Claude Opus", (5, 11), "the shipped catalogue has model:claude-opus"),
    ("[Zephyr 9]", "[Claude Opus]", (5, 11), "model:claude-opus is called 'claude opus' already"),
    ("vendor: Zephyr", "vendor: Zefyr", (6, 13), "vendor: the catalogue knows no vendor 'Zefyr Works'"),
    ("    vendor: Zephyr Works\n", "", (4, 5), "say who makes it: add `vendor`"),
    ("ambiguous:", "family: Nothing\n    ambiguous:", (8, 13), "the catalogue knows no model 'Nothing'"),
    ("ambiguous:", "id: chip:zephyr\n    ambiguous:", (8, 9), "the id of a model begins with model:"),
    ("name: Zephyr Works", "name: '...'", (3, 26), "no id can be made of it: add one, as `id: vendor:x`"),
]


@pytest.mark.parametrize(("old", "new", "at", "says"), MISTAKES)
def test_what_cannot_join_is_told_at_its_line_with_a_cure(
    tmp_path: Path, old: str, new: str, at: tuple[int, int], says: str
) -> None:
    file = written(tmp_path, GOOD.replace(old, new, 1))
    file.subscriptions()
    with pytest.raises(Mistaken) as caught:
        file.entities(SHIPPED)
    where = f"{tmp_path}/teams.yaml:{at[0]}:{at[1]}: "
    assert any(line.startswith(where) and says in line for line in caught.value.lines), caught.value


def test_what_is_added_twice_is_told_where_it_stands_again(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("name: Zephyr Nine", "name: Zephyr Nine Mini"))
    file.subscriptions()
    with pytest.raises(Mistaken) as caught:
        file.entities(SHIPPED)
    assert f"{tmp_path}/teams/payments.yaml:2:25: name: model:zephyr-nine-mini is added twice" in str(
        caught.value
    )


def test_a_field_that_there_is_not_is_told_as_anywhere(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("aliases:", "alias:"))
    with pytest.raises(Mistaken, match="alias: there is no such field: did you mean 'aliases'"):
        file.subscriptions()


def test_an_entry_comes_back_as_the_addition_that_makes_it() -> None:
    own = Entity(id="model:zephyr", kind=Kind.MODEL, name="Zephyr 9", vendor="vendor:openai", api_ids=("z9",))
    (back,) = additions_of([own])
    assert back.id == own.id  # which is not the one that its name would give
    assert entries([back], SHIPPED | {own.id: own}, SHIPPED) == [own]
