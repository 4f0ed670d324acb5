"""Wording: every quote stands in the notice, and outside text never breaks a line that it does not own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contracts import AlertRaised, NoticeClassified, Severity, StepKind
from tocsin.contracts.subscriptions import Team
from tocsin.notify.cases.filing import Case, Development, advance, open_case
from tocsin.notify.letter import as_text, write
from tocsin.notify.routing.conditions import Conditions
from tocsin.notify.routing.index import Index
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.route import compile_team, route
from tocsin.notify.wording import LONGEST_QUOTE, MOST_QUOTES, compose, quotes

Tell = Callable[..., NoticeClassified]

HOSTILE = "Bad\r\nBcc: x@y\x00\x1b[31m <!channel> \u2028 <b>&\u202e"


def opened(fact: NoticeClassified) -> Development:
    start = open_case(fact)
    assert start is not None
    return Development(fact=fact, case=start[0], step=start[1])


def then(case: Case, fact: NoticeClassified) -> Development:
    after, step = advance(case, fact)
    assert step is not None
    return Development(fact=fact, case=after, step=step)


def alert(names: Names, news: Development, **watch: Any) -> AlertRaised:
    watches = [{"name": "ours"} | (watch or {"families": ["Claude"]})]
    team = Team.model_validate({"id": "payments", "name": "Payments", "watches": watches})
    (recipient,) = route(news, Index([compile_team(team, Conditions(names))]), {}, names)
    at = news.fact.classified_at + timedelta(seconds=1)
    return compose(news, recipient, raised_at=at, case_url="https://tocsin.example/v1/cases/C-1")


def test_the_three_parts_stand_in_their_order(tell: Tell, names: Names) -> None:
    fact = tell(
        tier="party",
        about=("fable",),
        beside=("opus",),
        title="Access to Claude Fable 5 suspended",
        text="Monitoring: more soon.\nSuspended for all customers. Other models work.",
        jurisdictions=("US",),
        targets=("foreign nationals",),
    )
    letter = write(alert(names, opened(fact)), "Payments")
    assert letter.subject == "CRITICAL · Claude Fable 5: restriction of access in force"
    since, sure, case = letter.byline
    assert since == "Published 12 Jun 2026 22:00 UTC"
    assert (case.startswith("Case C-"), case.endswith(" · step 1")) == (True, True)
    assert sure == "Reported by the vendor itself · not yet confirmed by the authority"
    what, why, following = letter.sections
    assert [what.heading, why.heading, following.heading] == [
        "What happened",
        "Why it matters to Payments",
        "What to watch next",
    ]
    assert what.lines == (
        "Restriction of access in force on Claude Fable 5 by US for foreign nationals.",
        "“Monitoring: more soon.”",
        "  A party source (party) · 12 Jun 2026 22:00 UTC, seen 22:01 UTC · sha256 9c1f9c1f9c1f",
        "  https://news.example/1",
    )
    assert why.lines == (
        "You watch the model Claude Fable 5 (watch “ours”); it is named in the title.",
        "Hit and yours: Claude Fable 5.",
        "Named, not hit, and yours: Claude Opus 4.8.",
    )
    assert following.lines == (
        "Confirmation by the authority (no official source yet)",
        "Who may still use it",
        "An easing or a lift (no end stated)",
    )
    assert letter.link == "https://tocsin.example/v1/cases/C-1"
    text = as_text(letter)
    positions = [
        text.index(part)
        for part in (letter.subject, *letter.byline, *(s.heading for s in letter.sections), letter.link)
    ]
    assert positions == sorted(positions)


def test_an_alert_holds_what_is_needed_to_check_it(tell: Tell, names: Names) -> None:
    fact = tell(tier="official")
    told = alert(names, opened(fact))
    quote = told.quotes[0]
    assert (quote.notice_id, quote.sha256, quote.url) == (
        fact.id,
        fact.notice.content_sha256,
        fact.notice.url,
    )
    assert (told.seen_at, told.classified_at) == (fact.notice.first_seen_at, fact.classified_at)
    assert told.raised_at > told.classified_at
    again = alert(names, opened(fact))
    assert told.id == again.id


@pytest.mark.parametrize(
    ("tier", "starts"),
    [
        ("official", "stated by the authority itself"),
        ("party", "reported by the vendor itself · not yet confirmed"),
        ("press", "reported by the press · not yet confirmed"),
        ("community", "posted in a community, by nobody who answers for it · not yet confirmed"),
    ],
)
def test_who_says_so_and_who_has_not_yet(tell: Tell, names: Names, tier: str, starts: str) -> None:
    assert alert(names, opened(tell(tier=tier))).provenance.startswith(starts)


def test_the_headline_names_what_is_theirs_first(tell: Tell, names: Names) -> None:
    news = opened(tell(about=("fable", "mythos"), tier="official"))
    assert alert(names, news, models=["Claude Mythos 5"]).headline.startswith(
        "Claude Mythos 5 and Claude Fable 5: "
    )


def test_headlines_of_later_steps(tell: Tell, names: Names) -> None:
    first = opened(tell("a", ("fable", "mythos"), tier="party"))
    confirmed = then(first.case, tell("b", ("fable", "mythos"), tier="official", hours=1))
    widened = then(confirmed.case, tell("c", ("opus",), tier="official", hours=2))
    eased = then(widened.case, tell("d", ("mythos",), tier="official", hours=3, action="eased"))
    assert alert(names, confirmed).headline.endswith("restriction of access confirmed by the authority")
    assert alert(names, widened).headline == "Claude Opus 4.8: restriction of access widened"
    told = alert(names, eased)
    assert (told.kind, told.headline) == (StepKind.EASED, "Claude Mythos 5: restriction of access eased")
    assert "Claude Fable 5 and Claude Opus 4.8: unchanged" in told.watch_next
    assert told.severity is not Severity.LOW


def test_a_lift_of_one_of_two_says_that_the_other_is_still_hit(tell: Tell, names: Names) -> None:
    first = opened(tell("a", ("fable", "mythos"), tier="official"))
    part = then(
        first.case, tell("b", ("fable",), tier="official", hours=1, action="lifted", beside=("mythos",))
    )
    told = alert(names, part)
    assert ([ref.name for ref in told.still_hit], told.over) == (["Claude Mythos 5"], False)
    assert told.unaffected == (), "what is named beside a lift and still hit is not spared"
    what, why, _ = write(told, "Payments").sections
    assert what.lines[1] == "Not so for Claude Mythos 5: still hit."
    assert why.lines[1] == "Free again and yours: Claude Fable 5."
    rest = then(part.case, tell("c", ("mythos",), tier="official", hours=2, action="lifted"))
    whole = alert(names, rest)
    assert (whole.still_hit, whole.over) == ((), True)


def test_what_is_only_eased_is_not_over(tell: Tell, names: Names) -> None:
    first = opened(tell("a", ("fable", "mythos"), tier="official"))
    eased = then(first.case, tell("b", ("mythos",), tier="official", hours=1, action="eased"))
    lifted = then(eased.case, tell("c", ("fable",), tier="official", hours=2, action="lifted"))
    assert [ref.name for ref in alert(names, lifted).still_hit] == ["Claude Mythos 5"]


def test_a_quote_forges_no_line_of_the_letter(tell: Tell, names: Names) -> None:
    told = alert(names, opened(tell(tier="official")))
    evil = "gone\r\nWhat to watch next\u2028 nothing\x0b\x1b[2J\u202e"
    quote = told.quotes[0].model_copy(update={"text": evil, "url": f"https://x.example/{evil}"})
    text = as_text(write(told.model_copy(update={"quotes": (quote,)}), "Payments"))
    assert [one.strip() for one in text.splitlines()].count("What to watch next") == 1
    assert all(char.isprintable() or char == "\n" for char in text)


TEXTS = st.text(st.sampled_from("ab .!?\n\t\r\x0b…“é中\u2028"), max_size=900)


@settings(max_examples=300)
@given(title=st.text(max_size=80), text=TEXTS, data=st.data())
def test_every_quote_is_a_substring_of_the_notice(
    tell: Tell, title: str, text: str, data: st.DataObject
) -> None:
    spans = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["title", "text"]), st.integers(0, 1000), st.integers(0, 400)),
            max_size=5,
        )
    )
    evidence = [
        {
            "claim": "category=x",
            "rule": "r",
            "span": {"field": field, "start": start, "end": start + length, "quote": "?"},
        }
        for field, start, length in spans
    ]
    fact = tell(title=title, text=text, evidence=evidence)
    told = quotes(fact)
    assert 1 <= len(told) <= MOST_QUOTES
    for quote in told:
        assert quote.text.removeprefix("…").removesuffix("…") in title + "\0" + text or _stands(
            quote.text, fact
        )
        assert len(quote.text) <= LONGEST_QUOTE + 2
    if title.strip():
        assert all(quote.text.strip() for quote in told), "an empty quotation proves nothing"


def _stands(words: str, fact: NoticeClassified) -> bool:
    """The notice itself may hold the sign for a cut."""
    return words in fact.notice.title or words in fact.notice.text


def test_a_quote_holds_the_words_of_its_span(tell: Tell) -> None:
    text = "x" * 400 + " the act itself " + "y" * 400
    span = {"field": "text", "start": 401, "end": 415, "quote": "the act itself"}
    (quote,) = quotes(tell(text=text, evidence=[{"claim": "action=imposed", "rule": "r", "span": span}]))
    assert "the act itself" in quote.text
    assert quote.text.startswith("…")
    assert quote.text.endswith("…")


def test_the_act_is_quoted_first(tell: Tell) -> None:
    text = "A law is named. It was suspended."
    evidence = [
        {
            "claim": "category=law",
            "rule": "r",
            "span": {"field": "text", "start": 2, "end": 5, "quote": "law"},
        },
        {
            "claim": "action=imposed",
            "rule": "r",
            "span": {"field": "text", "start": 23, "end": 32, "quote": "suspended"},
        },
    ]
    assert [q.text for q in quotes(tell(text=text, evidence=evidence))] == [
        "It was suspended.",
        "A law is named.",
    ]


@settings(max_examples=200)
@given(title=st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=100)))
def test_a_title_never_breaks_the_subject_line(tell: Tell, names: Names, title: str) -> None:
    news = opened(tell(about=(), title=title, tier="official"))
    subject = write(alert(names, news, categories=["model_restriction"]), "Payments").subject
    assert subject.splitlines() == [subject]
    assert subject.isprintable()
    assert "restriction of access in force" in subject


def test_a_title_of_any_length_leaves_room_for_what_happened(tell: Tell, names: Names) -> None:
    told = alert(names, opened(tell(about=(), title="W" * 1000)), categories=["model_restriction"])
    assert len(told.headline) < 150
    assert told.headline.endswith("restriction of access reported, not confirmed")
