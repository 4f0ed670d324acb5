"""Scope words that no rule explains become a line of work; what is explained or out of scope does not."""

from collections.abc import Callable

import pytest

from tocsin.classify import Knowledge, classify
from tocsin.classify.unknown import wording_of
from tocsin.contracts import NoticePublished, Tier

Write = Callable[..., NoticePublished]


@pytest.mark.parametrize(
    ("title", "wording"),
    [
        ("Seoul pulls a fast one over Grok 4", "PLACE pulls a fast one over MODEL"),
        ("The ministry serenades Grok 4", "ministry serenades MODEL"),
        ("Grok 4 waltzes out of Italy", "MODEL waltzes out of PLACE"),
        ("A sonnet about the export controls", "export controls"),
    ],
)
def test_a_wording_is_told_with_its_names_masked(
    title: str, wording: str, knowledge: Knowledge, write: Write
) -> None:
    said = classify(write(Tier.PRESS, title), knowledge)
    evidence = wording_of(said)
    assert evidence is not None
    assert evidence.claim == f"unknown={wording}"
    assert evidence.span is not None
    assert title[evidence.span.start : evidence.span.end] == evidence.span.quote


@pytest.mark.parametrize(
    "title",
    [
        "Italy bans Grok 4",  # a rule knows it
        "Satire: Seoul serenades Grok 4",  # a veto explains it
        "China's Grok 4",  # nothing stands between
        "Italy, on a rainy day: Grok 4",  # not one clause
        "A new bakery opens in Italy",
        "AI powers the bakeries of Italy",  # only a named thing counts before who acts
    ],
)
def test_what_is_known_or_out_of_scope_is_no_work(title: str, knowledge: Knowledge, write: Write) -> None:
    assert wording_of(classify(write(Tier.PRESS, title), knowledge)) is None


def test_what_stands_below_the_lead_is_no_news(knowledge: Knowledge, write: Write) -> None:
    text = "It rained. The ministry serenades Grok 4."
    assert wording_of(classify(write(Tier.PRESS, "Weather", text), knowledge)) is None
