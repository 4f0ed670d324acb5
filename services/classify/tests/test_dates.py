"""From when and until when: every form of a date, counted from the notice's day, with the words for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify import Knowledge, classify
from tocsin.classify.folding import fold
from tocsin.classify.moments import FUTURE, PAST, moments
from tocsin.contracts import NoticePublished, Tier

SAID = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)  # a Saturday


def at(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


MOMENTS = [
    ("on 1 July 2026", at(7, 1)),
    ("on 1st of July", at(7, 1)),
    ("on July 1, 2026", at(7, 1)),
    ("on Jul. 1", at(7, 1)),
    ("on 2026-07-01", at(7, 1)),
    ("on 01.07.2026", at(7, 1)),
    ("am 1. Juli 2026", at(7, 1)),
    ("am 1. Jänner", at(1, 1)),
    ("à compter du 1er juillet 2026", at(7, 1)),
    ("a partir del 1 de julio de 2026", at(7, 1)),
    ("2026年7月1日", at(7, 1)),
    ("7月1日から", at(7, 1)),
    ("令和8年7月1日", at(7, 1)),
    ("民國115年7月1日", at(7, 1)),
    ("2026년 7월 1일부터", at(7, 1)),
    ("on 25/07/2026", at(7, 25)),
    ("on 07/25/2026", at(7, 25)),
    ("5 January", at(1, 5)),
    ("20 December", at(12, 20, year=2025)),
    ("midnight Eastern on 3 June", at(6, 3, 4)),
    ("11:59 p.m. ET on June 30", at(7, 1, 3, 59)),
    ("June 30 at 17:00 CET", at(6, 30, 15)),
    ("30 June, 12:00 UTC", at(6, 30, 12)),
    ("noon EST on December 1", at(12, 1, 17)),
    ("3 June 2026 at 9 a.m. BST", at(6, 3, 8)),
    ("on 3 June at midnight Beijing time", at(6, 2, 16)),
    ("3 June at 00:00 JST", at(6, 2, 15)),
    ("today", at(6, 13)),
    ("tonight", at(6, 13)),
    ("tomorrow", at(6, 14)),
    ("tomorrow at 9 am EDT", at(6, 14, 13)),
    ("with immediate effect", at(6, 13)),
    ("ab sofort", at(6, 13)),
    ("即日起", at(6, 13)),
    ("즉시", at(6, 13)),
    ("in 30 days", at(7, 13)),
    ("within 72 hours", SAID + timedelta(hours=72)),
    ("within seventy two hours", None),
    ("in two weeks", at(6, 27)),
    ("in three months", at(9, 13)),
    ("90 days after publication", at(9, 11)),
    ("30日後", at(7, 13)),
    ("30일 이내", at(7, 13)),
    ("binnen 72 Stunden", SAID + timedelta(hours=72)),
    ("dans 30 jours", at(7, 13)),
    ("next Monday", at(6, 15)),
    ("next week", at(6, 15)),
    ("next month", at(7, 1)),
    ("by the end of the month", at(6, 30)),
    ("by the end of the year", at(12, 31)),
    ("by the end of August", at(8, 31)),
    ("until further notice", None),
    ("on 31 February 2026", None),
    ("in the year 9999", None),
    ("on 1 July 9999", None),
    ("on 2026-13-45", None),
    ("on 3/4/2026", None),
    ("in 9999 years", None),
    ("section 12 may be amended", None),
    ("H20 and 910B", None),
    ("15 CFR 744.23", None),
    ("March 50%", None),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS, ids=[text for text, _ in MOMENTS])
def test_a_moment_is_read(text: str, expected: datetime | None) -> None:
    found = moments(fold(text).text, SAID)
    assert [moment.at for moment in found] == ([] if expected is None else [expected])


TERMS = [
    ("Commerce imposes export controls on the H20, effective 15 July 2026", "", at(7, 15), None),
    ("Commerce imposes export controls on the H20", "The rule takes effect on July 15.", at(7, 15), None),
    ("Commerce imposes export controls on the H20 tonight", "", at(6, 13), None),
    ("Commerce will lift export controls on the H20 by the end of the month", "", at(6, 30), None),
    ("Commerce suspends export controls on the H20 until 30 September", "", None, at(9, 30)),
    ("Commerce suspends export controls on the H20 for 90 days", "", None, at(9, 11)),
    ("Commerce suspends export controls on the H20 until further notice", "", None, None),
    (
        "Commerce imposes export controls on the H20",
        "They hold from 1 July until 30 September.",
        at(7, 1),
        at(9, 30),
    ),
    ("Commerce announced on 11 June that it imposed export controls on the H20", "", None, None),
    ("Italien sperrt DeepSeek ab 1. Juli 2026", "", at(7, 1), None),
    ("L'Italie bloque DeepSeek à compter du 1er juillet", "", at(7, 1), None),
    ("Italia bloquea DeepSeek a partir del 1 de julio", "", at(7, 1), None),
    ("イタリア、7月1日からDeepSeekの利用を禁止", "", at(7, 1), None),
    ("意大利自7月1日起封禁DeepSeek", "", at(7, 1), None),
    ("정부, 7월 1일부터 딥시크 접속 차단", "", at(7, 1), None),
]


@pytest.mark.parametrize(("title", "text", "starts", "ends"), TERMS, ids=[row[0] for row in TERMS])
def test_the_term_of_an_act(
    title: str,
    text: str,
    starts: datetime | None,
    ends: datetime | None,
    *,
    knowledge: Knowledge,
    write: Callable[..., NoticePublished],
) -> None:
    notice = write(Tier.PRESS, title, text)
    said = classify(notice, knowledge)
    assert (said.effective_at, said.ends_at) == (starts, ends)
    for evidence in said.evidence:
        if evidence.rule == "date":
            assert evidence.span is not None
            assert (
                getattr(notice, evidence.span.field)[evidence.span.start : evidence.span.end]
                == evidence.span.quote
            )


PIECES = [
    "1 july",
    "2026 07 01",
    "31.02.2026",
    " at 25:99 et",
    "in 9999 days",
    "7月99日",
    "midnight",
    " next ",
    "monday",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map(" ".join))
def test_no_text_makes_it_raise_and_every_moment_is_within_reach(text: str) -> None:
    folded = fold(text).text
    for moment in moments(folded, SAID):
        assert 0 <= moment.start < moment.end <= len(folded)
        assert -PAST - timedelta(days=2) < moment.at - SAID < FUTURE + timedelta(days=2)
