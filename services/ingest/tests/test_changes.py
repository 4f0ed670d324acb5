"""What is news, under which id, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import document_id, notice_id
from tocsin.ingest.changes import Known, Verdict, digest, distinct, judge, oldest_first, rounds
from tocsin.ingest.entry import Entry

DAY = datetime(2026, 6, 13, tzinfo=UTC)
ENTRY = Entry("guid-1", "Access paused", "The model is paused.\nOther models work.")

entries = st.builds(
    Entry,
    native_id=st.sampled_from(["a", "b", "c"]),
    title=st.text(max_size=4),
    text=st.text(max_size=4),
    url=st.sampled_from([None, "https://example.org/1", "https://example.org/2"]),
    updated_at=st.none() | st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
)


class Memory:
    """A document's revisions, kept as the store keeps them."""

    def __init__(self) -> None:
        self.told: list[Verdict] = []

    def see(self, entry: Entry) -> Verdict:
        verdict = judge("s", entry, self._known(digest(entry)))
        if verdict.is_news:
            self.told.append(verdict)
        return verdict

    def _known(self, now: str) -> Known | None:
        if not self.told:
            return None
        last, earlier = self.told[-1], [v.digest for v in self.told[:-1]]
        return Known(last.revision, last.digest, last.notice_id, seen_before=now in earlier)


def test_a_first_sight_is_revision_one_under_the_contracts_ids() -> None:
    verdict = judge("s", ENTRY, None)
    assert verdict.is_news
    assert verdict.revision == 1
    assert verdict.document_id == document_id("s", "guid-1")
    assert verdict.notice_id == notice_id(verdict.document_id, digest(ENTRY))


@pytest.mark.parametrize(
    "touched",
    [
        replace(ENTRY, text="The  model is paused.\n\nOther models work. "),
        replace(ENTRY, updated_at=DAY),
        replace(ENTRY, url="https://example.org/moved", links=("https://example.org/x",)),
        replace(ENTRY, title="Access\u00a0paused"),
    ],
    ids=["white space", "date", "address", "no-break space"],
)
def test_what_says_nothing_new_is_silent(touched: Entry) -> None:
    memory = Memory()
    first = memory.see(ENTRY)
    again = memory.see(touched)
    assert not again.is_news
    assert (again.notice_id, again.revision) == (first.notice_id, 1)


def test_unicode_forms_of_one_text_are_one() -> None:
    assert digest(replace(ENTRY, title="Caf\u00e9")) == digest(replace(ENTRY, title="Cafe\u0301"))


def test_title_and_text_are_not_interchangeable() -> None:
    assert digest(Entry("1", "a b", "c")) != digest(Entry("1", "a", "b c"))


def test_a_text_that_comes_back_is_news_under_an_id_of_its_own() -> None:
    memory = Memory()
    up, down = replace(ENTRY, text="All works."), replace(ENTRY, text="Suspended.")
    told = [memory.see(entry) for entry in (up, down, up, down, up)]
    assert all(verdict.is_news for verdict in told)
    assert [verdict.revision for verdict in told] == [1, 2, 3, 4, 5]
    assert len({verdict.notice_id for verdict in told}) == 5


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_only_a_change_is_told_and_every_change_once(texts: list[str]) -> None:
    memory = Memory()
    told = [memory.see(replace(ENTRY, text=text)).is_news for text in texts]
    assert told == [index == 0 or texts[index - 1] != text for index, text in enumerate(texts)]
    assert len({verdict.notice_id for verdict in memory.told}) == len(memory.told)
    assert [verdict.revision for verdict in memory.told] == list(range(1, sum(told) + 1))


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1))
def test_a_crash_before_remembering_repeats_the_same_id(texts: list[str]) -> None:
    memory = Memory()
    for text in texts:
        forgotten = Memory()
        forgotten.told = list(memory.told)
        crashed = forgotten.see(replace(ENTRY, text=text))
        assert memory.see(replace(ENTRY, text=text)) == crashed


def test_states_of_one_document_leave_the_latest() -> None:
    early, late = replace(ENTRY, updated_at=DAY), replace(ENTRY, text="new", updated_at=DAY + timedelta(1))
    assert distinct([late, early]) == [late]
    assert distinct([early, late]) == [late]
    assert distinct([ENTRY, replace(ENTRY, text="other")]) == [ENTRY]


def test_an_id_on_two_addresses_is_no_id() -> None:
    one = replace(ENTRY, url="https://example.org/1")
    two = replace(ENTRY, url="https://example.org/2", text="another story")
    kept = distinct([one, two])
    assert [entry.text for entry in kept] == [one.text, two.text]
    assert len({entry.native_id for entry in kept}) == 2


@given(st.lists(entries))
def test_distinct_gives_one_entry_an_id_and_settles(some: list[Entry]) -> None:
    kept = distinct(some)
    assert len({entry.native_id for entry in kept}) == len(kept)
    assert {entry.url for entry in kept} == {entry.url for entry in some}
    assert distinct(kept) == kept


def test_news_are_told_in_the_order_they_happened() -> None:
    lift, ban = replace(ENTRY, published_at=DAY + timedelta(18)), replace(ENTRY, published_at=DAY)
    assert oldest_first([lift, ban]) == [ban, lift]
    assert oldest_first([lift, ENTRY, ban]) == [lift, ENTRY, ban]


@given(st.lists(entries), st.integers(1, 4))
def test_rounds_keep_everything_in_order_and_no_document_twice(some: list[Entry], most: int) -> None:
    cut = list(rounds(some, most))
    assert [entry for part in cut for entry in part] == some
    for part in cut:
        assert 0 < len(part) <= most
        assert len({entry.native_id for entry in part}) == len(part)
