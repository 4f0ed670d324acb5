"""The quality gate: the corpus is complete, figures stay above their floors, the page is current."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest
import yaml

from tocsin.classify import Knowledge, load_catalogue
from tocsin.classify.evaluation import Item, Malformed, Marked, Tally, interval, load_corpus
from tocsin.classify.evaluation.corpus import Genre, Trap
from tocsin.classify.evaluation.marking import CASES, MEASURES, Register
from tocsin.classify.evaluation.page import BEGIN, END, NoPlace, made, parts, replaced, wrong
from tocsin.classify.evaluation.picture import as_svg, as_text
from tocsin.classify.evaluation.results import TOPICS, confusion, figures, run
from tocsin.classify.evaluation.tally import answer, names, total, yes_or_no
from tocsin.contracts import Action, Category, Kind

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT / "services" / "classify" / "corpus"
FLOORS = yaml.safe_load((CORPUS / "floors.yaml").read_text("utf-8"))
LANGUAGES = ("es", "zh", "de", "fr", "ja", "ko")
UNKNOWN = {"Corvid-7", "Lumenaar"}  # names of tomorrow: nothing may know them
ITEM = """
- id: tst-01
  title: "The ministry bans Grok"
  text: "It did so on Monday."
  from: {tier: press, genre: report, published: 2026-01-05}
  says: {category: model_restriction, action: imposed, certainty: official}
"""


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    return load_corpus(CORPUS)


@pytest.fixture(scope="module")
def marked(items: tuple[Item, ...], knowledge: Knowledge) -> list[Marked]:
    return run(items, knowledge, load_catalogue())


@pytest.mark.parametrize("measure", FLOORS)
def test_no_figure_falls_below_its_floor(measure: str, marked: list[Marked]) -> None:
    (figure,) = figures(marked, [measure])
    for name, floor in FLOORS[measure].items():
        reached = getattr(figure.tally, name)
        first = "\n  ".join(islice(wrong(marked, measure.split(",", maxsplit=1)[0]), 5))
        assert reached >= floor, (
            f"{measure}: {name} {reached:.3f} is below its floor {floor}; wrong are\n  {first}"
        )


def test_a_floor_is_under_a_measure_that_there_is() -> None:
    assert set(FLOORS) <= {*MEASURES, CASES}


def test_the_page_is_current(marked: list[Marked]) -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    picture = (ROOT / "docs" / "eval" / "confusion.svg").read_text("utf-8")
    assert replaced(page, made(marked)) == page, "run `make eval` and commit what it changes"
    assert as_svg(confusion(marked), TOPICS) == picture, "run `make eval` and commit what it changes"


def test_the_corpus_covers_what_it_promises(items: tuple[Item, ...]) -> None:
    assert len(items) >= 420
    assert 0.4 <= sum(item.relevant for item in items) / len(items) <= 0.55
    assert {item.says.category for item in items} == set(Category)
    assert {item.says.action for item in items} == set(Action)
    assert {item.origin.genre for item in items} == set(get_args(Genre))
    assert {item.trap for item in items} == {*get_args(Trap), None}
    languages = Counter(item.origin.language for item in items)
    assert all(languages[language] >= 10 for language in LANGUAGES)
    assert len(set(languages) - {"en", *LANGUAGES}) >= 5


def test_thirty_items_are_golden_and_cover_categories_languages_and_traps(items: tuple[Item, ...]) -> None:
    golden = [item for item in items if item.golden]
    assert len(golden) == 30
    assert not any(item.aside for item in golden)  # their explanations are read
    assert {item.says.category for item in golden} == set(Category)
    assert {item.origin.language for item in golden} >= {"en", *LANGUAGES}
    assert len({item.trap for item in golden}) > 10


def test_about_a_third_is_set_aside_and_whole_events_stay_together(items: tuple[Item, ...]) -> None:
    assert 0.28 < sum(item.aside for item in items) / len(items) < 0.38
    sides: dict[str, set[bool]] = {}
    for item in items:
        sides.setdefault(item.happening, set()).add(item.aside)
    assert all(len(side) == 1 for side in sides.values())


def test_every_name_is_in_the_catalogue(items: tuple[Item, ...]) -> None:
    register = Register.of(load_catalogue())
    missing = {
        name
        for item in items
        for kind, field in ((Kind.MODEL, "models"), (Kind.VENDOR, "vendors"), (Kind.CHIP, "chips"))
        for name in (*getattr(item.subjects, field), *getattr(item.mentioned, field))
        if not register.known(kind, name)
    }
    assert missing == UNKNOWN


def test_what_is_set_aside_is_never_shown(marked: list[Marked]) -> None:
    aside = {one.item.id for one in marked if one.item.aside}
    shown = {line.split()[0] for line in wrong(marked)}
    assert shown
    assert not shown & aside
    assert {name: len(found) for name, found in parts(marked).items()} == {
        "all": len(marked),
        "open": len(marked) - len(aside),
        "set aside": len(aside),
    }


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("tier: press", "from.tier"),
        ("genre: report", "from.genre"),
        ("action: imposed", "says.action"),
        ("id: tst-01", "id"),
        ("category: model_restriction", "says.category"),
    ],
)
def test_a_malformed_field_is_refused_by_file_item_and_field(written: str, told: str, tmp_path: Path) -> None:
    key = written.split(":", maxsplit=1)[0]
    (tmp_path / "theme.yaml").write_text(ITEM.replace(written, f"{key}: no-such"), "utf-8")
    with pytest.raises(Malformed, match=rf"^theme\.yaml: (tst-01|no-such): {told}: "):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("replace", "by", "told"),
    [
        (", certainty: official", "", "says.certainty"),
        ("category: model_restriction", "category: not_regulatory", "says.category"),
        ("action: imposed", "action: denied, page: true", "says.page"),
        ("genre: report", "genre: headline", "text"),
    ],
)
def test_labels_that_contradict_each_other_are_refused(
    replace: str, by: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "theme.yaml").write_text(ITEM.replace(replace, by), "utf-8")
    with pytest.raises(Malformed, match=rf"tst-01: .*{told}: "):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"), [("a: [", "not YAML"), ("a: 1", "list of items"), ("- 3", "item 1")]
)
def test_a_file_that_is_no_list_of_items_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "theme.yaml").write_text(text, "utf-8")
    with pytest.raises(Malformed, match=rf"theme\.yaml: .*{told}"):
        load_corpus(tmp_path)


def test_two_items_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(ITEM, "utf-8")
    with pytest.raises(Malformed, match=r"two\.yaml: tst-01: id"):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("tally", "precision", "recall", "f1"),
    [
        (Tally(), 1.0, 1.0, 1.0),
        (Tally(3, 1, 0), 0.75, 1.0, 6 / 7),
        (total([answer(right=True), answer(right=True), answer(right=False)]), 2 / 3, 2 / 3, 2 / 3),
        (total([yes_or_no(True, True), yes_or_no(True, False), yes_or_no(False, False)]), 0.5, 1.0, 2 / 3),
        (names({"a", "b"}, {"b", "c", "d"}), 0.5, 1 / 3, 0.4),
    ],
)
def test_tallies_come_to_precision_recall_and_f1(
    tally: Tally, precision: float, recall: float, f1: float
) -> None:
    assert (tally.precision, tally.recall, tally.f1) == pytest.approx((precision, recall, f1))


@pytest.mark.parametrize("count", [20, 200])
def test_an_interval_holds_the_figure_narrows_with_events_and_is_the_same_twice(count: int) -> None:
    def drawn(events: int) -> Sequence[Tally]:
        return [answer(right=number % 4 > 0) for number in range(events)]

    low, high = interval(drawn(count))
    assert low < 0.75 < high
    assert (low, high) == interval(drawn(count))
    wider = interval(drawn(count // 4))
    assert wider[1] - wider[0] > high - low


def test_the_matrix_is_drawn_with_its_counts_and_escaped() -> None:
    counts = Counter({("a<b", "a<b"): 3, ("a<b", "c"): 1})
    picture, text = as_svg(counts, ["a<b", "c"]), as_text(counts, ["a<b", "c"])
    assert "a&lt;b" in picture
    assert ">3</text>" in picture
    assert text[1].split() == ["1", "a<b", "3", "1"]
    assert text[2].split() == ["2", "c", ".", "."]


def test_only_the_made_part_of_the_page_is_replaced() -> None:
    assert replaced(f"before\n{BEGIN}\nold\n{END}\nafter", "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    with pytest.raises(NoPlace):
        replaced("nothing to replace", "new")


def test_the_program_names_what_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "theme.yaml").write_text("- 3", "utf-8")
    asked = [sys.executable, "-m", "tocsin.classify.evaluation", str(tmp_path), str(tmp_path)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("theme.yaml: item 1")
