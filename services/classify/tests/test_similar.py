"""Signatures: a copy is known again under other headlines, cut, edited and framed; another report is not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify import Knowledge, classify
from tocsin.classify.folding import fold
from tocsin.classify.similar import TEXT, TITLE, prints_of
from tocsin.contracts import NoticePublished, Tier
from tocsin.contracts.signature import alike, written

COPY = 0.5  # as notify has it

TITLE_OF_COPY = "Commerce orders halt to foreign access to Claude Fable 5"
REPORT = (
    "The Commerce Department on Friday told Anthropic to end access to its Claude Fable 5 model for "
    "customers outside the United States, two people familiar with the letter said. The company has "
    "until midnight to comply. A spokeswoman for the department did not answer a request for comment. "
    "Shares of cloud providers fell in late trading as customers in Europe asked whether their "
    "contracts still stood."
)
SENTENCES = REPORT.split(". ")
ANOTHER = (
    "Anthropic has until midnight to shut out users abroad from Claude Fable 5 under an order by the "
    "Commerce Department, according to the company, which called the step unprecedented. Banks and "
    "hospitals in Europe said that they would move to other models over the weekend."
)
JAPANESE = (
    "商務省は金曜日、米国外の顧客によるモデルの利用を停止するよう企業に命じた。"
    "関係者によると期限は深夜である。"
)
JAPANESE_ANOTHER = "企業は米国外の利用者を締め出すよう求める命令を受けたと発表し、前例のない措置だと述べた。"


def signature(title: str, text: str) -> str:
    return written(prints_of(fold(title).text, TITLE), prints_of(fold(text).text, TEXT))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("US cuts off AI model for users abroad", REPORT),
        ("US cuts off AI model for users abroad", f"WASHINGTON, June 12 (Reuters) - {REPORT}"),
        ("US cuts off AI model for users abroad", f"{SENTENCES[0]}."),
        ("US cuts off AI model for users abroad", f"(AP) \u2014 {SENTENCES[0]}. {SENTENCES[1]} ..."),
        ("Fable 5: shut", f"Sign up for our letter of the week to read more like this. {REPORT} Read on."),
        ("Fable 5: shut", REPORT.replace("on Friday", "late Friday").replace("two people", "three sources")),
        ("Fable 5: shut", REPORT.upper()),
        (TITLE_OF_COPY, ""),
        (TITLE_OF_COPY, "Read more at our site"),
        ("Commerce orders halt to foreign access to \u2026", ""),
    ],
)
def test_a_copy_is_known_again(title: str, text: str) -> None:
    assert alike(signature(TITLE_OF_COPY, REPORT), signature(title, text)) >= COPY


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (TITLE_OF_COPY, ANOTHER),
        ("Commerce halts Claude Fable 5 abroad", ""),
        ("Claude Fable 5", "Read more"),
        ("", ""),
    ],
)
def test_another_report_of_the_same_act_is_none(title: str, text: str) -> None:
    assert alike(signature(TITLE_OF_COPY, REPORT), signature(title, text)) < COPY


def test_words_without_spaces_between_are_told_apart_as_well() -> None:
    assert alike(signature("", JAPANESE), signature("", f"【ワシントン共同】{JAPANESE[:34]}")) >= COPY
    assert alike(signature("", JAPANESE), signature("", JAPANESE_ANOTHER)) < COPY


def test_a_signature_is_the_same_in_every_version_and_on_every_machine() -> None:
    assert signature(TITLE_OF_COPY, SENTENCES[0]) == "IANMDXM4irrN1NsY4PLrXQ.HEpH70lLUnx3so33kgGkFvRi"


def test_a_classification_carries_it_and_it_stays_short(
    knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, TITLE_OF_COPY, REPORT), knowledge)
    assert said.signature == signature(TITLE_OF_COPY, REPORT)
    endless = " ".join(f"word{number}" for number in range(3_000))
    assert len(classify(write(Tier.PRESS, endless[:1_000], endless), knowledge).signature) < 500


WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=12, max_size=120)


@given(words=WORDS, cut=st.integers(12, 120), before=WORDS)
def test_what_is_cut_short_is_held_by_the_whole(words: list[str], cut: int, before: list[str]) -> None:
    whole, short = signature("", " ".join(words)), signature("", " ".join(words[:cut]))
    assert alike(whole, short) == (1.0 if short else 0.0)
    framed = signature("", " ".join([*before[:30], *words]))
    assert alike(short, framed) == (1.0 if short else 0.0)


@given(text=st.text(max_size=300))
def test_any_text_has_one(text: str) -> None:
    assert prints_of(fold(text).text, TEXT) == prints_of(fold(fold(text).text).text, TEXT)
