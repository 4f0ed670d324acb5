"""An explanation shows what was read, in true quotations, and every change that it names is computed."""

import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.classify import Knowledge, classify
from tocsin.classify.explain import Explanation, explain
from tocsin.classify.explain.marking import parted
from tocsin.classify.explain.page import page
from tocsin.contracts import NoticePublished, Severity, Tier

Write = Callable[..., NoticePublished]

TITLE = "Commerce orders Anthropic to suspend access to Claude Fable 5"
TEXT = "The department acted on Friday. Sources said talks to lift the export controls had failed."
OURS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "section", "blockquote"}
    | {"mark", "sup", "a", "table", "caption", "thead", "tbody", "tr", "th", "td", "code", "br", "small"}
    | {"strong", "span", "footer"}
)


@pytest.fixture(scope="session")
def told(knowledge: Knowledge, write: Write) -> Explanation:
    return explain(write(Tier.PRESS, TITLE, TEXT), knowledge)


def test_every_mark_quotes_the_text_and_is_numbered_in_its_order(told: Explanation) -> None:
    fields = {"title": TITLE, "text": TEXT}
    for mark in told.marks:
        assert fields[mark.span.field][mark.span.start : mark.span.end] == mark.span.quote
    assert [mark.number for mark in told.marks] == list(range(1, len(told.marks) + 1))
    places = [(mark.span.field != "title", mark.span.start) for mark in told.marks]
    assert places == sorted(places)


def test_the_verdict_is_that_of_classify_and_stands_on_one_act(
    told: Explanation, knowledge: Knowledge, write: Write
) -> None:
    assert told.classification == classify(write(Tier.PRESS, TITLE, TEXT), knowledge)
    (act,) = (act for act in told.acts if act.part == "verdict")
    assert (told.verdict.action, told.verdict.severity) == (act.action, Severity.CRITICAL)
    assert act.rule in told.because
    assert act.words
    assert act.source
    assert act.clause in TITLE
    assert told.runner_up is not None
    assert told.runner_up.score <= act.score


def test_the_parts_of_a_score_add_up(told: Explanation) -> None:
    for act in told.acts:
        assert sum(act.points.values()) == pytest.approx(act.score, abs=0.01)


def test_a_cue_is_quoted_where_it_governs_the_act(told: Explanation) -> None:
    cues = {act.cue.quote for act in told.acts if act.cue is not None}
    assert any("talks" in quote for quote in cues)


def test_a_name_says_why_it_is_meant_and_what_its_part_is(told: Explanation) -> None:
    fable = next(name for name in told.names if name.id == "model:claude-fable-5")
    assert fable.marks
    assert fable.because[-1] == "subject: it is named in the sentence of the act"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Fable, the role-playing game, is delayed.", "role playing game"),
        ("A crypto exchange, Gemini, pays a fine.", "crypto exchange"),
    ],
)
def test_a_name_that_means_something_else_says_which_word_told(
    text: str, word: str, knowledge: Knowledge, write: Write
) -> None:
    left = explain(write(Tier.PRESS, "", text), knowledge).left_out
    assert word in left[0].because[0]


def test_the_word_that_makes_an_ambiguous_name_a_model_is_told(knowledge: Knowledge, write: Write) -> None:
    names = explain(write(Tier.PRESS, "Italy blocks the chatbot Gemini"), knowledge).names
    gemini = next(name for name in names if name.name == "Gemini")
    assert "“chatbot”" in "; ".join(gemini.because)


def test_a_veto_is_named_with_its_words_and_what_would_be_without_it(
    knowledge: Knowledge, write: Write
) -> None:
    told = explain(write(Tier.PRESS, f"Satire: {TITLE}"), knowledge)
    assert told.veto is not None
    assert told.marks[told.veto.mark - 1].span.quote.casefold() == "satire"
    without = next(one for one in told.what_if if one.change.startswith(f"without the veto {told.veto.id}"))
    assert without.becomes.severity is Severity.CRITICAL
    assert "severity" in without.differs


def test_what_would_change_it_holds_when_it_is_done(knowledge: Knowledge, write: Write) -> None:
    told = explain(write(Tier.COMMUNITY, TITLE, TEXT), knowledge)
    for tier in Tier:
        said = classify(write(tier, TITLE, TEXT), knowledge)
        named = [one for one in told.what_if if one.change == f"with tier {tier}"]
        for one in named:
            assert (one.becomes.certainty, one.becomes.severity) == (said.certainty, said.severity)
        if not named:
            assert (said.certainty, said.severity) == (told.verdict.certainty, told.verdict.severity)


def test_a_stale_notice_says_that_a_fresh_one_would_page(knowledge: Knowledge, write: Write) -> None:
    fresh = explain(write(Tier.PRESS, TITLE, TEXT), knowledge)
    earlier = next(one for one in fresh.what_if if one.change == "published 3 days earlier")
    assert earlier.becomes.severity is not Severity.CRITICAL
    stale = explain(write(Tier.PRESS, TITLE, TEXT, age=timedelta(days=9)), knowledge)
    just_now = next(one for one in stale.what_if if one.change == "published at the moment it was seen")
    assert just_now.becomes.severity is Severity.CRITICAL


def test_an_act_under_the_threshold_says_by_how_much(knowledge: Knowledge, write: Write) -> None:
    filler = "It rained. " * 5
    told = explain(write(Tier.PRESS, "News", f"{filler}Italy bans chatbots."), knowledge)
    short = told.enough - told.acts[0].score
    assert short > 0
    assert f"{short:.1f} points under" in told.because


def test_a_long_text_is_shown_as_far_as_it_carries_anything(knowledge: Knowledge, write: Write) -> None:
    told = explain(write(Tier.PRESS, TITLE, "word " * 30_000), knowledge)
    assert told.characters == 150_000
    assert len(told.text) < 1_000
    assert len(page(told)) < 50_000


def test_parts_of_a_text_are_the_text(told: Explanation) -> None:
    for field, written in (("title", TITLE), ("text", TEXT)):
        marks = [mark for mark in told.marks if mark.span.field == field]
        pieces = list(parted(written, marks))
        assert "".join(words for words, _, _ in pieces) == written
        assert sorted(mark.number for _, _, ending in pieces for mark in ending) == [m.number for m in marks]


class Tags(HTMLParser):
    """Every tag and attribute of a page, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def test_a_page_needs_nothing_else_and_runs_nothing(told: Explanation) -> None:
    text = page(told)
    tags = Tags(text)
    assert tags.open == []
    assert {tag for tag, _ in tags.tags} <= OURS
    assert not re.search(r"https?:|url\(|@import", text)
    assert all(not name.startswith("on") for _, attributes in tags.tags for name in attributes)
    assert ("html", {"lang": "en"}) in tags.tags
    ids = {attributes["id"] for _, attributes in tags.tags if "id" in attributes}
    links = {str(attributes["href"]) for tag, attributes in tags.tags if tag == "a"}
    assert links == {f"#mark-{mark.number}" for mark in told.marks}
    assert {link.removeprefix("#") for link in links} <= ids
    assert "prefers-color-scheme: dark" in text


BITS = [
    "<script>alert(1)</script>",
    " Grok 4 ",
    " bans ",
    "Commerce",
    '" onload="x',
    "-->",
    "<",
    "&",
    "\u202e",
    "\x1b",
]
HOSTILE = st.lists(st.sampled_from(BITS) | st.characters(codec="utf-8"), max_size=20).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=HOSTILE, text=HOSTILE)
def test_hostile_text_never_becomes_markup(title: str, text: str, knowledge: Knowledge, write: Write) -> None:
    tags = Tags(
        page(explain(write(Tier.PRESS, f"Commerce bans {title}", f"Grok 4 banned. {text}"), knowledge))
    )
    assert tags.open == []
    assert {tag for tag, _ in tags.tags} <= OURS
    names = {name for _, attributes in tags.tags for name in attributes}
    assert names <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "title",
        "href",
        "id",
        "scope",
    } | {
        "aria-label",
        "aria-labelledby",
        "tabindex",
        "dir",
    }
    assert not any(char in word for word in tags.words for char in "\u202e\x1b\x00")
