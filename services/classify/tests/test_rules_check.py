"""`rules check` names file, rule and fault of every flaw, and the book says what the files say."""

from pathlib import Path

import pytest

from tocsin.classify import load_rules
from tocsin.classify.rules.book import NAMES, NoRules, chapters, entries, shipped, with_files_of
from tocsin.classify.rules.check import LISTS, Flaw, check

GOOD = """
- id: test.lifted
  words: A ban ends.
  source: press usage
  say: export_control/lifted
  weight: 6
  any: ["lift|lifts ~4 ban"]
  fires: [commerce lifts the ban]
  silent: [commerce keeps the ban]
"""
EMPTY = {name: "[]" if name in LISTS else "{}" for name in NAMES}  # of the right shape, and quickly checked


def test_the_shipped_files_hold() -> None:
    report = check(shipped())
    assert report.flaws == ()
    assert report.examples >= 2 * (report.rules + report.cues + report.vetoes)


@pytest.mark.parametrize(
    ("change", "rule", "says"),
    [
        (("lifts the ban", "sings"), "test.lifted", "does not fire on its example 'commerce sings'"),
        (("keeps the ban", "lifts a ban"), "test.lifted", "fires on its example 'commerce lifts a ban'"),
        (("  words: A ban ends.\n", ""), "test.lifted", "`words`"),
        (("  any:", "  some:"), "test.lifted", "lacks the field 'any'"),
        (("export_control/lifted", "export/lifted"), "test.lifted", "'export' is not a valid Category"),
        (("lift|lifts", "{NOTHING}"), "test.lifted", "there is no lexicon NOTHING"),
        (("  weight: 6", "  weight: 6\n  needs: [absent]"), "test.lifted", "needs absent, which is no rule"),
        (("- id", "id: [\n- id"), "", "is no YAML"),
    ],
)
def test_a_flaw_is_named(change: tuple[str, str], rule: str, says: str) -> None:
    report = check({**EMPTY, "listing": GOOD.replace(*change)})
    named = [flaw for flaw in report.flaws if (flaw.file, flaw.rule) == ("listing", rule)]
    assert any(says in flaw.says for flaw in named), report.flaws


def test_every_flaw_is_named_and_not_only_the_first() -> None:
    bad = {"listing": GOOD.replace("lifts the ban", "sings"), "net": GOOD + GOOD}
    assert {flaw.file for flaw in check({**EMPTY, **bad}).flaws} >= {"listing", "net"}
    assert Flaw("laws", "", "must be a mapping") in check({**EMPTY, "laws": "[]"}).flaws


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "[]", "{}", "- 1", "a: 1", "- id: x", "a: {b: [1]}", "\t"])
def test_a_check_never_raises(name: str, text: str) -> None:
    check({**EMPTY, name: text})


def test_a_folder_stands_in_for_the_shipped_files(tmp_path: Path) -> None:
    (tmp_path / "listing.yaml").write_text(GOOD)
    ids = {entry.id for _, entry in entries(with_files_of(tmp_path))}
    assert "test.lifted" in ids
    assert "list.removed" not in ids
    assert with_files_of(tmp_path / "listing.yaml") == with_files_of(tmp_path)
    (tmp_path / "mine.yaml").write_text("")
    with pytest.raises(NoRules, match=r"mine\.yaml is none"):
        with_files_of(tmp_path)


def test_the_book_holds_every_rule_cue_and_veto_with_words_and_source() -> None:
    rules, book = load_rules(), chapters(shipped())
    every = [entry for chapter in book for entry in chapter.entries]
    assert len(every) == len(rules.rules) + len(rules.cues) + len(rules.vetoes)
    assert all(entry.words and entry.source and entry.fires and entry.silent for entry in every)
    assert all(chapter.about for chapter in book)
