"""Bare numbers and plural stand-ins mean the models that the notice names."""

from collections.abc import Callable

import pytest

from tocsin.classify import Knowledge, classify
from tocsin.contracts import NoticePublished, Tier

Write = Callable[..., NoticePublished]


@pytest.mark.parametrize(
    ("title", "text", "subjects"),
    [
        ("Commerce bans Claude Opus 4.7 and 4.8", "", {"Claude Opus 4.7", "Claude Opus 4.8"}),
        ("Controls on GPT-5.4, 5.5 and 5.6 lifted", "", {"GPT-5.4", "GPT-5.5", "GPT-5.6"}),
        ("Anthropic suspends access to Fable and Mythos 5", "", {"Claude Fable 5", "Claude Mythos 5"}),
        ("Claude Fable is suspended; only version 5 is hit", "", {"Claude Fable 5"}),
        (
            "Fable 5 and Mythos 5 under review",
            "On Friday Commerce banned the pair for all foreign users.",
            {"Claude Fable 5", "Claude Mythos 5"},
        ),
        (
            "Commerce acts on GPT-5.5 and Grok 4",
            "The department banned both models for everyone abroad.",
            {"GPT-5.5", "Grok 4"},
        ),
    ],
)
def test_a_stand_in_means_what_is_named(
    write: Write, knowledge: Knowledge, title: str, text: str, subjects: set[str]
) -> None:
    said = classify(write(Tier.PRESS, title, text), knowledge)
    assert {mention.name for mention in said.subjects() if mention.kind == "model"} == subjects
    notice = write(Tier.PRESS, title, text)
    for mention in said.entities:
        for span in mention.spans:
            assert getattr(notice, span.field)[span.start : span.end] == span.quote


@pytest.mark.parametrize(
    "title",
    [
        "Claude Opus 4.7 and 4.8 million users",
        "Claude Opus 4.7, 4.8% cheaper",
        "Claude Opus 4.7 and 4.85",
        "Version 4.8 of a text editor",
    ],
)
def test_other_numbers_mean_no_model(write: Write, knowledge: Knowledge, title: str) -> None:
    said = classify(write(Tier.PRESS, title), knowledge)
    assert "Claude Opus 4.8" not in {mention.name for mention in said.entities}


def test_a_family_stands_for_its_only_version_named(write: Write, knowledge: Knowledge) -> None:
    said = classify(write(Tier.PRESS, "Italy bans Gemini 3", "Google said that Gemini would go."), knowledge)
    models = [mention for mention in said.entities if mention.kind == "model"]
    assert [model.name for model in models] == ["Gemini 3"]
    assert len(models[0].spans) == 2


def test_a_newer_version_is_not_taken_for_the_one_that_is_known(write: Write, knowledge: Knowledge) -> None:
    said = classify(write(Tier.PRESS, "GPT-9 follows GPT-5.5 of OpenAI"), knowledge)
    assert {mention.name for mention in said.entities if mention.kind == "model"} == {"GPT", "GPT-5.5"}
