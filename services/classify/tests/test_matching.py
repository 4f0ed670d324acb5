"""Names are found however they are spelt, and every span quotes the original."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.folding import fold
from tocsin.contracts import Entity, Kind, NoticePublished, Tier

KNOWLEDGE = Knowledge.of(load_catalogue(), load_rules())
NAMES = ["Claude Fable 5", "Fable 5", "NVIDIA H20", "GPT-4o", "深度求索", "Commerce", "DeepSeek-R1"]
WIDE = "".join(chr(ord(char) + 0xFEE0) if char != " " else char for char in "Claude Fable 5")
JUNK = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
WORDS = st.sampled_from(
    [*NAMES, "bans", "lifts export controls on", "\u00ad", "ﬁ", "İ", "\u200b", " - ", "\n"]
)


def found(text: str) -> dict[str, str]:
    hits = KNOWLEDGE.matcher.find(fold(text), text)
    return {
        thing.id: text[slice(*fold(text).span(hit.start, hit.end))]
        for hit in hits
        for thing in hit.name.things
        if hasattr(thing, "id")
    }


@pytest.mark.parametrize(
    ("text", "id_", "quote"),
    [
        ("claude-fable-5 is down", "model:claude-fable-5", "claude-fable-5"),
        ("CLAUDE FABLE 5", "model:claude-fable-5", "CLAUDE FABLE 5"),
        ("the Claude\u00a0Fable\u00a05 model", "model:claude-fable-5", "Claude\u00a0Fable\u00a05"),
        ("Claude Fable\u20115", "model:claude-fable-5", "Claude Fable\u20115"),
        ("Claude  Fable   5", "model:claude-fable-5", "Claude  Fable   5"),
        ("Cla\u00adude Fable 5", "model:claude-fable-5", "Cla\u00adude Fable 5"),
        (WIDE, "model:claude-fable-5", WIDE),
        ("GPT4o and more", "model:gpt-4o", "GPT4o"),
        ("two H20s were seized", "chip:h20", "H20"),
        ("公務機關禁用DeepSeek。", "vendor:deepseek", "DeepSeek"),
        ("is there a siri/alexa for this", "model:alexa", "alexa"),
        ("qwen99 is out", "model:qwen", "qwen"),
        ("nvidia drivers", "vendor:nvidia", "nvidia"),
    ],
)
def test_one_name_in_many_spellings(text: str, id_: str, quote: str) -> None:
    assert found(text).get(id_) == quote


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("Claude Fable 55", "model:claude-fable-5"),
        ("Claude Opus 4.85", "model:claude-opus-4.8"),
        ("GPT-4.9", "model:gpt-4"),
        ("metabolism", "vendor:meta"),
        ("see news.google.com", "vendor:google"),
        ("at reddit.com/r/claude", "model:claude"),
        ("Llamas", "model:llama"),
        ("claudette5", "model:claude"),
        ("tell us more", "authority:commerce"),
    ],
)
def test_part_of_a_word_or_version_is_no_name(text: str, id_: str) -> None:
    assert id_ not in found(text)


def test_the_longer_name_wins() -> None:
    assert set(found("Claude Fable 5")) == {"model:claude-fable-5"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Fable, the role-playing game, comes to Xbox", False),
        ("Fable, a chatbot of Anthropic", True),
        ("Gemini, the crypto exchange", False),
        ("Gemini, Google's AI assistant", True),
        ("Claude Monet, painter", False),
        ("Step 3: ask the AI assistant", False),
        ("Air quality plans for O3", False),
        ("OpenAI withdraws o3", True),
        ("StepFun bans the public from Step 3", True),
        ("Italy bans GPT-9", True),
    ],
)
def test_the_other_words_decide_the_sense(
    text: str, named: bool, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, text), KNOWLEDGE)
    assert any(mention.kind == "model" for mention in said.entities) is named


@pytest.mark.parametrize(
    ("text", "id_", "named"),
    [
        ("Airworthiness directive for B200 airplanes", "chip:b200", False),
        ("Licence for B200 GPUs", "chip:b200", True),
        ("View full coverage on Google News", "vendor:google", False),
        ("Google is fined", "vendor:google", True),
        ("Follow us on Twitter", "vendor:x-corp", False),
        ("Meta description of a page", "vendor:meta", False),
        ("General named chief of Intel, once head of military intelligence", "vendor:intel", False),
        ("Intel is denied a licence for chips", "vendor:intel", True),
    ],
)
def test_words_roads_and_places_are_no_parties(
    text: str, id_: str, named: bool, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, text), KNOWLEDGE)
    assert (id_ in {mention.id for mention in said.entities}) is named


def test_a_live_catalogue_with_clashes_does_no_harm(write: Callable[..., NoticePublished]) -> None:
    acme = Entity(id="vendor:acme", kind=Kind.VENDOR, name="Acme")
    twin = Entity(id="vendor:acme2", kind=Kind.VENDOR, name="Acme")
    loop = Entity(id="model:loop", kind=Kind.MODEL, name="Loop", family="Loop", vendor="vendor:gone")
    knowledge = Knowledge.of((acme, twin, loop), KNOWLEDGE.rules)
    said = classify(write(Tier.PRESS, "Italy bans Loop of Acme, an AI chatbot"), knowledge)
    assert {mention.id for mention in said.entities} == {"vendor:acme", "model:loop"}


def test_without_a_catalogue_nothing_is_named(write: Callable[..., NoticePublished]) -> None:
    said = classify(write(Tier.PRESS, "Italy bans Claude Fable 5"), Knowledge.of((), KNOWLEDGE.rules))
    assert said.entities == ()


@given(st.lists(st.one_of(WORDS, JUNK), max_size=12).map(" ".join))
def test_every_span_quotes_the_original(text: str) -> None:
    notice = NoticePublished.model_validate(
        {
            "id": "n",
            "document_id": "d",
            "revision": 1,
            "source": {"id": "s", "name": "S", "tier": "press", "kind": "feed"},
            "title": text[:1000],
            "text": text[::-1] + text,
            "first_seen_at": "2026-06-13T00:00:00Z",
            "content_sha256": "0",
        }
    )
    said = classify(notice, KNOWLEDGE)
    spans = [span for mention in said.entities for span in mention.spans]
    spans += [evidence.span for evidence in said.evidence if evidence.span is not None]
    for span in spans:
        assert getattr(notice, span.field)[span.start : span.end] == span.quote


@given(JUNK)
def test_folding_keeps_offsets_in_the_text(text: str) -> None:
    folded = fold(text)
    if folded.origin is None:
        assert len(folded.text) == len(text)
    assert not any("A" <= char <= "Z" for char in folded.text)  # so that no text can forge a mask
    for start in range(len(folded.text)):
        first, last = folded.span(start, start + 1)
        assert 0 <= first < last <= len(text)
