"""Which validators a source is asked with, by what its answers taught."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.asking import WHOLE_SECONDS, Asking, Way
from tocsin.ingest.fetched import Validators

BOTH = Validators('"1"', "Mon")


def met(*answers: tuple[str | None, str | None, str], asking: Asking | None = None) -> Asking:
    """After whole answers, each an ETag, a date and a body, to what would have been asked."""
    asking = asking or Asking()
    for etag, date, body in answers:
        asking = asking.heard(asking.conditions(1.0), Validators(etag, date), body, 1.0)
    return asking


def answer(words: str) -> tuple[str | None, str | None, str]:
    etag, date, body = (None if word == "-" else word for word in words.split())
    return etag, date, body or ""


# Whole answers in a row: tag, date and body in short.
@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ("", (None, None)),
        ("1 Mon a", ("1", "Mon")),
        ("- - a", (None, None)),
        ("1 - a, 2 - a", ("2", None)),
        # The tag is another one with every answer, the date moves with the body: the date alone, soon.
        ("1 Mon a, 2 Tue b, 3 Tue b", (None, "Tue")),
        # The other way round.
        ("1 Mon a, 2 Tue b, 2 Wed b, 2 Thu b", ("2", None)),
        # The date stands still while the body moves: never the date alone.
        ("1 Mon a, 2 Mon b, 3 Mon b, 4 Mon b", ("4", "Mon")),
        # No way helps: all are tried in turn.
        ("1 Mon a, 2 Tue b, 3 Wed b, 4 Thu b, 5 Fri b", ("5", "Fri")),
    ],
)
def test_a_source_that_honours_only_one_is_learnt(answers: str, asked: tuple[str | None, str | None]) -> None:
    conditions = met(*map(answer, filter(None, answers.split(", ")))).conditions(1.0)
    assert (conditions.etag, conditions.last_modified) == asked


def test_a_date_that_stood_still_while_the_body_moved_is_not_trusted_again() -> None:
    learnt = met(("1", "Mon", "a"), ("2", "Tue", "b"), ("3", "Tue", "b"))
    assert learnt.way is Way.LAST_MODIFIED
    caught = met(("4", "Tue", "c"), asking=learnt)
    assert caught.way is Way.BOTH


def test_once_a_day_a_source_must_show_its_body() -> None:
    asking = Asking().heard(Validators(), BOTH, "a", 1_000.0)
    assert asking.conditions(999.0 + WHOLE_SECONDS) == BOTH
    assert asking.conditions(1_000.0 + WHOLE_SECONDS) == Validators()


tags = st.sampled_from([None, "1", "2", "3"])


@given(st.lists(st.tuples(tags, tags, st.sampled_from("abc"))))
def test_no_validator_is_sent_that_the_last_answer_did_not_give(
    answers: list[tuple[str | None, str | None, str]],
) -> None:
    asking = met(*answers)
    asked = asking.conditions(1.0)
    given = Validators(*answers[-1][:2]) if answers else Validators()
    assert asked.etag in {None, given.etag}
    assert asked.last_modified in {None, given.last_modified}
    assert (asked != Validators()) == (given != Validators())
