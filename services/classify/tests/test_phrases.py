"""The phrase language says what it says, refuses what it cannot, and the prefilter never loses a match."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify import load_rules
from tocsin.classify.phrases import Unclear, compile_phrase
from tocsin.classify.prefilter import Prefilter
from tocsin.classify.rules.inflect import inflect

LEXICONS = {"LIFT": ("lift", "lifts", "roll* back"), "WHO": ("AUTHORITY", "court")}
RULES = load_rules()
PHRASES = [phrase for rule in RULES.rules for phrase in rule.phrases]
TOKENS = sorted({word for phrase in PHRASES for need in phrase.needs for word in need})
PREFILTER = Prefilter((phrase.written, phrase) for phrase in PHRASES)


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("lift ~2 ban", "lift the old ban", True),
        ("lift ~2 ban", "lift the very old ban", False),
        ("lift ~2 ban", "uplift the ban", False),
        ("suspen* access", "suspending access", True),
        ("ban|block MODEL", "block MMMMM", True),
        ("ban|block MODEL", "block mmmmm", False),
        ("ban the? MODEL", "ban MMM", True),
        ("{LIFT} ~1 ban", "roll the ban", False),
        ("{LIFT} ~1 ban", "rolls back the ban", True),
        ("{WHO} ~3 ban", "BBBB may soon ban", True),
        ("entity_list|sdn", "the entity list", True),
        ("^ opinion", "opinion: a ban", True),
        ("^ opinion", "his opinion", False),
        ("lift ~3 ?", "will they lift it?", True),
        ("lift ban", "lift; ban", False),
    ],
)
def test_a_phrase_matches(phrase: str, text: str, *, matches: bool) -> None:
    assert bool(compile_phrase(phrase, LEXICONS).pattern.search(text)) is matches


def test_han_tokens_touch_and_gaps_count_characters() -> None:
    phrase = compile_phrase("解除 ~4 管制", LEXICONS, han=True)
    assert phrase.pattern.search("美國解除出口管制")
    assert not phrase.pattern.search("解除了一些其他的管制")


@pytest.mark.parametrize("phrase", ["{NOPE} ban", "lift ~99 ban", "lift ~x ban", "the? ban"])
def test_an_unclear_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(Unclear, match=re.escape(repr(phrase))):
        compile_phrase(phrase, LEXICONS)


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=6)), max_size=12).map(" ".join))
def test_the_prefilter_loses_no_match(text: str) -> None:
    tried = {written for written, _ in PREFILTER.candidates(text)}
    for phrase in PHRASES:
        if phrase.pattern.search(text):
            assert phrase.written in tried


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("lift", ("lift", "lifts", "lifted", "lifting")),
        ("ban", ("ban", "bans", "banned", "banning")),
        ("revoke", ("revoke", "revokes", "revoked", "revoking")),
        ("nullify", ("nullify", "nullifies", "nullified", "nullifying")),
        ("quash", ("quash", "quashes", "quashed", "quashing")),
    ],
)
def test_verbs_are_inflected(verb: str, forms: tuple[str, ...]) -> None:
    assert inflect(verb) == forms
