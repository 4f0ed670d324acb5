"""Names of tomorrow are proposed behind a known family or maker; what is known, or is no name, is not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.candidates import MOST, MOST_CHARACTERS, Proposed, of_evidence
from tocsin.contracts import Classification, Evidence, Kind, NoticePublished, Tier

KNOWLEDGE = Knowledge.of(load_catalogue(), load_rules())
Write = Callable[..., NoticePublished]


def proposed(said: Classification) -> list[Proposed]:
    return [one for evidence in said.evidence if (one := of_evidence(evidence)) is not None]


@pytest.mark.parametrize(
    ("text", "name", "kind", "relative"),
    [
        ("Commerce bans Claude Zephyr 6", "Claude Zephyr 6", "model", "model:claude"),
        ("Italy bans GPT-9", "GPT-9", "model", "model:gpt"),
        ("Texas blocks Qwen9 on state devices", "Qwen9", "model", "model:qwen"),
        ("Access to Fable 9 is suspended", "Fable 9", "model", "model:claude-fable"),
        ("Claude Opus 9.5 Pro is no longer served", "Claude Opus 9.5 Pro", "model", "model:claude-opus"),
        ("Nvidia H300 sales to China need a licence", "H300", "chip", "vendor:nvidia"),
        ("Huawei Ascend 990 joins the list", "Huawei Ascend 990", "chip", "chip:ascend"),
        ("Italy blocks Anthropic's Quill", "Quill", "model", "vendor:anthropic"),
        ("Anthropic\u2019s Quill model is suspended", "Quill", "model", "vendor:anthropic"),
        ("OpenAI's Heron is now banned in Italy", "Heron", "model", "vendor:openai"),
    ],
)
def test_an_unknown_name_is_proposed(write: Write, text: str, name: str, kind: str, relative: str) -> None:
    notice = write(Tier.PRESS, text)
    said = classify(notice, KNOWLEDGE)
    assert proposed(said) == [Proposed(name, Kind(kind), relative)]
    span = next(one.span for one in said.evidence if one.claim == f"candidate={name}")
    assert span is not None
    assert notice.title[span.start : span.end] == name
    family = relative if relative.startswith("model:") else None
    assert family is None or family in {mention.id for mention in said.entities}  # a watch on it hears


@pytest.mark.parametrize(
    "text",
    [
        "Commerce bans Claude Opus 4.8 and GPT-5.2",
        "Anthropic says Claude 3 times as many users as before",
        "ChatGPT 50 million users",
        "Grok 90% cheaper",
        "Gemini in 2 minutes: an AI assistant",
        "OpenAI's Altman spoke on Monday",
        "Google's Android is blocked",
        "Meta's Large language models",
        "Nvidia FY26 results, AMD Q3",
        "Claude Jan 5: an incident",
        "Intel 2026 outlook",
    ],
)
def test_what_is_known_or_no_name_is_not_proposed(write: Write, text: str) -> None:
    assert proposed(classify(write(Tier.PRESS, text), KNOWLEDGE)) == []


def test_a_text_full_of_names_gives_few(write: Write) -> None:
    text = " ".join(f"Claude Zephyr {number} of Anthropic." for number in range(10, 99))
    assert len(proposed(classify(write(Tier.PRESS, "Anthropic", text), KNOWLEDGE))) == MOST


def test_other_evidence_is_no_candidate() -> None:
    assert of_evidence(Evidence(claim="action=imposed", rule="export.imposed")) is None
    assert of_evidence(Evidence(claim="candidate=X", rule="candidate authority of model:x")) is None


@given(st.text(alphabet="Claude GPT-9 Nvidia H30X's\n\x1b[31m\u202e5.%", max_size=120))
def test_a_candidate_is_short_and_safe_in_a_log(text: str) -> None:
    notice = NoticePublished.model_validate(
        {
            "id": "n",
            "document_id": "d",
            "revision": 1,
            "source": {"id": "s", "name": "S", "tier": "press", "kind": "feed"},
            "title": text,
            "text": "",
            "first_seen_at": "2026-06-13T00:00:00Z",
            "content_sha256": "0",
        }
    )
    for one in proposed(classify(notice, KNOWLEDGE)):
        assert one.name in text
        assert one.name.isascii()
        assert one.name.isprintable()
        assert len(one.name) <= MOST_CHARACTERS
