"""What changes on a page without saying anything is noise; a date within a sentence may be the act."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.noise import compare, telling, told

NOISE = [
    "Last updated: 3 minutes ago",
    "Page last reviewed on 12 June 2026",
    "June 12, 2026",
    "Fri, 12 Jun 2026, 14:05 UTC",
    "12.06.2026",
    "14:05",
    "1,234 views",
    "Comments: 12",
    "5 min read",
    "2.4k likes",
    "17 people are viewing this page",
    "We use cookies to give you the best experience. Accept all or manage your preferences.",
    "© 2026 Vendor, all rights reserved",
    "Share on LinkedIn",
    "Read more",
    "· · ·",
    "",
]
TELLING = [
    "Access to both models is suspended from 12 June 2026.",
    "The rule takes effect at 14:05 UTC on 13 June 2026",
    "Two models suspended",
    "The vendor views this as final.",
    "Today the Bureau added 12 entities to its list",
    "The cookie factory in Oslo was sanctioned",
    "GPT-5",
]


@pytest.mark.parametrize("line", NOISE)
def test_noise_says_nothing(line: str) -> None:
    assert telling([line]) == []


@pytest.mark.parametrize("line", TELLING)
def test_what_says_something_stays(line: str) -> None:
    assert telling([line]) == [line]


def test_only_what_is_new_is_added_and_what_moved_or_counts_on_is_not() -> None:
    before = ["A ban · 3 hours ago · 12 comments", "Another act", "Gone now", "1 view"]
    now = ["New act", "Another  act", "A ban · 4 hours ago · 40 comments", "2 views"]
    assert compare(before, now) == (["New act"], ["Gone now"])


def test_another_date_within_a_sentence_is_a_change() -> None:
    added, gone = compare(["In force from 1 July 2026."], ["In force from 1 August 2026."])
    assert (added, len(gone)) == (["In force from 1 August 2026."], 1)


def test_what_is_gone_is_counted_and_never_quoted_as_if_it_were_in_force() -> None:
    assert told(["New"], []) == "New"
    assert told(["New"], ["Access is suspended"]) == "New\n1 line is gone from the page."
    assert told([], ["a", "b"]) == "2 lines are gone from the page."


@given(st.lists(st.text(max_size=30), max_size=8))
def test_a_page_compared_with_itself_has_not_changed(lines: list[str]) -> None:
    assert compare(lines, lines[::-1]) == ([], [])


@given(st.text(alphabet="0123456789 .,:-ago views min()\xa9", max_size=400))
def test_no_line_takes_long(line: str) -> None:
    telling([line])
