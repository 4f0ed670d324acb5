"""Silences in teams.yaml: each mistake is told at its line, and what they are about is known by ids."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.silences import of_row
from tocsin.cli.teamsfile import TeamsFile
from tocsin.cli.yamlfile import Mistaken
from tocsin.notify.routing.names import Names

NAMES = Names(load_catalogue())
CASES = {"C-7F3K2M": "C-7F3K2M", "C-AAAAAA": "C-7F3K2M"}  # the latter was merged into the former
NOW = datetime(2026, 6, 13, 12, tzinfo=UTC)

TEAMS = """\
include: [silences.yaml]
teams:
  - id: payments
    name: Payments
    watches: [{name: own, models: [Claude Fable 5]}]
"""
SILENCES = """\
silences:
  - team: payments
    case: C-7F3K2M
    entity: claude fable 5
    watch: own
    until: 2026-07-01T09:00:00+02:00
    reason: moved already
"""


def written(folder: Path, text: str = SILENCES) -> TeamsFile:
    (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    (folder / "silences.yaml").write_text(text, encoding="utf-8")
    return TeamsFile(folder)


def test_a_silence_of_an_included_file_is_known_by_ids(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.subscriptions()
    file.check_silences(NAMES, CASES, NOW)
    (made,) = file.silenced(NAMES, CASES, NOW)
    assert (made.entity, made.case, made.watch) == ("model:claude-fable-5", "C-7F3K2M", "own")
    assert made.until == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_what_is_the_same_in_other_words_is_one(tmp_path: Path) -> None:
    (first,) = SILENCES.split("silences:\n")[1:]
    other = (
        first.replace("C-7F3K2M", "C-AAAAAA")
        .replace("claude fable 5", "model:claude-fable-5")
        .replace("2026-07-01T09:00:00+02:00", "2026-07-01T07:00Z")
    )
    file = written(tmp_path, SILENCES + other)
    file.subscriptions()
    (made,) = file.silenced(NAMES, CASES, NOW)
    row = made.model_dump(mode="json") | {"case": "case-1", "case_ref": made.case, "number": 3}
    assert of_row(row) == made


UNTIL = "2026-07-01T09:00:00+02:00"
ZONE = "until: write a time with its zone, as 2026-12-01T09:00Z"
MISTAKES = [
    ("team: payments", "team: payment", (2, 11), "team: there is no team 'payment': the files have payments"),
    ("watch: own", "watch: other", (5, 12), "watch: payments has no watch 'other': it has own"),
    (UNTIL, "2026-07-01T09:00:00", (6, 12), ZONE),
    (UNTIL, "2026-07-01T09:00", (6, 12), ZONE),
    (UNTIL, "2026-07-01", (6, 12), ZONE),
    (UNTIL, "2026-06-31T09:00:00Z", (6, 12), ZONE),
    (UNTIL, "1782000000", (6, 12), ZONE),
    (UNTIL, "2d", (6, 12), ZONE),
    (UNTIL, "2026-06-13T12:00:00Z", (6, 12), "until: it is over: take the silence out, or give a time"),
    (UNTIL, "2026-09-11T12:00:01Z", (6, 12), "until: a silence lasts 90 days at most: make it shorter"),
    ("    reason: moved already\n", "", (2, 5), "reason: is missing: add it"),
    ("reason: moved already", "reason: ''", (7, 13), "reason: write one line of text, not empty"),
    (
        "    case: C-7F3K2M\n    entity: claude fable 5\n    watch: own\n",
        "",
        (2, 5),
        "silences: say what is silenced: add one or more of case, entity, source, category, watch",
    ),
    (
        "watch: own",
        "category: guidence",
        (5, 15),
        "category: there is no such value: did you mean 'guidance'?",
    ),
    ("watch: own", "sorce: A press", (5, 12), "sorce: there is no such field: did you mean 'source'?"),
    ("claude fable 5", "claude fabel 5", (4, 13), "entity: the catalogue knows no 'claude fabel 5'"),
    ("C-7F3K2M", "C-BBBBBB", (3, 11), "case: there is no case 'C-BBBBBB': tocsin cases lists them"),
]


@pytest.mark.parametrize(("old", "new", "at", "says"), MISTAKES)
def test_what_cannot_be_is_told_at_its_line_with_a_cure(
    tmp_path: Path, old: str, new: str, at: tuple[int, int], says: str
) -> None:
    file = written(tmp_path, SILENCES.replace(old, new))
    with pytest.raises(Mistaken) as caught:
        _checked(file)
    (line,) = caught.value.lines
    assert line.startswith(f"{tmp_path}/silences.yaml:{at[0]}:{at[1]}: {says}"), line


def _checked(file: TeamsFile) -> None:
    file.subscriptions()
    file.check_silences(NAMES, CASES, NOW)


def test_one_that_is_over_is_in_nobodys_way(tmp_path: Path) -> None:
    over = SILENCES.replace(UNTIL, "2026-06-13T12:00:00Z").replace("C-7F3K2M", "C-BBBBBB")
    file = written(tmp_path, over)
    file.subscriptions()
    assert file.silenced(NAMES, CASES, NOW) == []
