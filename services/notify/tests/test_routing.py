"""Routing: who is told, why, and who is owed the end of what they were told."""

from collections.abc import Callable
from typing import Any

import pytest

from tocsin.contracts import NoticeClassified, StepKind
from tocsin.contracts.subscriptions import Team, Watch
from tocsin.notify.cases.filing import Development, open_case
from tocsin.notify.routing.conditions import Conditions, check
from tocsin.notify.routing.index import Index
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.route import Recipient, Told, compile_team, route

Tell = Callable[..., NoticeClassified]

FABLE, ANTHROPIC, OPUS = "model:claude-fable-5", "vendor:anthropic", "model:claude-opus-4.8"
NOBODY: Told = {}


def watch(**what: Any) -> dict[str, Any]:
    return {"name": "ours"} | what


def news(fact: NoticeClassified, kind: StepKind = StepKind.OPENED) -> Development:
    opened = open_case(fact)
    assert opened is not None
    case, step = opened
    return Development(fact=fact, case=case, step=step.model_copy(update={"kind": kind}))


def told_to(
    names: Names, what: Development, *watches: dict[str, Any], told: Told = NOBODY
) -> Recipient | None:
    team = Team.model_validate({"id": "payments", "name": "Payments", "watches": watches})
    recipients = route(what, Index([compile_team(team, Conditions(names))]), told, names)
    return recipients[0] if recipients else None


WATCHES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"models": ["Claude Fable 5"]}, {}, True),
    ({"models": ["fable 5"]}, {}, True),
    ({"models": ["CLAUDE-FABLE-5"]}, {}, True),
    ({"models": ["Claude Mythos 5"]}, {}, False),
    ({"models": ["Claude Mythos 5", "Claude Fable 5"]}, {}, True),
    ({"models": ["Claude Fable 5"]}, {"about": ("mythos",), "beside": ("fable",)}, False),
    ({"families": ["Claude"]}, {}, True),
    ({"families": ["claude fable"]}, {}, True),
    ({"families": ["Claude Mythos"]}, {}, False),
    ({"families": ["GPT"]}, {}, False),
    ({"models": ["Claude Fable 5"]}, {"about": ("claude",)}, True),  # what hits the family hits it
    ({"models": ["Claude Fable 5"]}, {"about": ("claude fable",)}, True),
    ({"models": ["Claude Fable 5"]}, {"about": ("claude mythos",)}, False),
    ({"families": ["Claude Fable"]}, {"about": ("claude",)}, True),
    ({"families": ["Claude"]}, {"about": ("claude mythos",)}, True),
    ({"models": ["GPT-6"]}, {"about": ("claude",)}, False),
    ({"vendors": ["Anthropic"]}, {}, True),
    ({"vendors": ["OpenAI"]}, {}, False),
    ({"vendors": ["Anthropic"]}, {"about": ("anthropic",)}, True),
    ({"chips": ["h20"]}, {"about": ("h20",)}, True),
    ({"chips": ["H20"]}, {}, False),
    ({"categories": ["model_restriction"]}, {}, True),
    ({"categories": ["guidance"]}, {}, False),
    ({"models": ["Claude Fable 5"], "categories": ["export_control"]}, {"category": "export_control"}, True),
    ({"models": ["Claude Fable 5"], "categories": ["export_control"]}, {"category": "guidance"}, False),
    ({"jurisdictions": ["us"]}, {"jurisdictions": ("US",)}, True),
    ({"jurisdictions": ["EU"]}, {"jurisdictions": ("US",)}, False),
    ({"jurisdictions": ["US"]}, {}, False),
    ({"vendors": ["Anthropic"], "jurisdictions": ["EU"]}, {"jurisdictions": ("US",)}, False),
    ({"models": ["Claude Fable 5"], "min_severity": "critical"}, {"severity": "critical"}, True),
    ({"models": ["Claude Fable 5"], "min_severity": "critical"}, {"severity": "high"}, False),
    ({"models": ["Claude Fable 5"]}, {"severity": "low"}, True),
    ({"models": ["Claude Fable 5"]}, {"severity": "info"}, False),
    ({"models": ["Claude Nothing 9"]}, {}, False),
    ({"vendors": ["Anthropic"], "not": {"models": ["Fable 5"]}}, {}, False),  # nor its maker for it alone
    ({"vendors": ["Anthropic"], "not": {"models": ["Fable 5"]}}, {"about": ("fable", "opus")}, True),
    ({"vendors": ["Anthropic"], "not": {"models": ["Fable 5"]}}, {"about": ("anthropic",)}, True),
    ({"families": ["Claude"], "not": {"families": ["Claude Fable"]}}, {}, False),
    ({"families": ["Claude"], "not": {"families": ["Claude Fable"]}}, {"about": ("mythos",)}, True),
    ({"families": ["Claude"], "not": {"models": ["Fable 5"]}}, {"about": ("claude",)}, True),  # hits more
    ({"chips": ["H20"], "not": {"vendors": ["NVIDIA"]}}, {"about": ("h20",)}, False),
    ({"categories": ["model_restriction"], "not": {"vendors": ["NVIDIA"]}}, {"about": ("h20",)}, False),
    ({"categories": ["model_restriction"], "not": {"vendors": ["NVIDIA"]}}, {}, True),
    ({"categories": ["model_restriction"], "not": {"vendors": ["NVIDIA"]}}, {"about": ()}, True),
    ({"models": ["Fable 5"], "not": {"categories": ["guidance"]}}, {"category": "guidance"}, False),
    ({"models": ["Fable 5"], "not": {"categories": ["guidance"]}}, {}, True),
    ({"models": ["Fable 5"], "not": {"jurisdictions": ["us"]}}, {"jurisdictions": ("US",)}, False),
    ({"models": ["Fable 5"], "not": {"jurisdictions": ["us"]}}, {"jurisdictions": ("EU",)}, True),
]


@pytest.mark.parametrize(("what", "said", "told"), WATCHES)
def test_what_a_watch_matches(
    tell: Tell, names: Names, what: dict[str, Any], said: dict[str, Any], told: bool
) -> None:
    assert bool(told_to(names, news(tell(tier="official", **said)), watch(**what))) is told


BECAUSE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"models": ["fable 5"]},
        {},
        "You watch the model Claude Fable 5 (watch “ours”); it is named in the title.",
    ),
    (
        {"families": ["Claude"]},
        {"title": "An order", "text": "It is about Claude Fable 5."},
        "You watch the model Claude Fable 5 (watch “ours”); it is named in the text.",
    ),
    (
        {"models": ["Claude Fable 5"]},
        {"about": ("claude",)},
        "You watch a model of the family Claude (watch “ours”); it is named in the title.",
    ),
    (
        {"vendors": ["Anthropic"]},
        {"text": "No maker is named."},
        "You watch the vendor Anthropic (watch “ours”); it makes what the notice names.",
    ),
    (
        {"categories": ["model_restriction"], "jurisdictions": ["us"]},
        {"jurisdictions": ("US",)},
        "You watch US and model restriction (watch “ours”).",
    ),
]


@pytest.mark.parametrize(("what", "said", "because"), BECAUSE)
def test_the_reason_says_which_watch_and_where_it_stands(
    tell: Tell, names: Names, what: dict[str, Any], said: dict[str, Any], because: str
) -> None:
    recipient = told_to(names, news(tell(tier="official", **said)), watch(**what))
    assert recipient is not None
    assert [reason.because for reason in recipient.reasons] == [because]


def test_each_watch_that_matches_is_a_reason_of_one_alert(tell: Tell, names: Names) -> None:
    recipient = told_to(
        names,
        news(tell()),
        watch(name="one", models=["Claude Fable 5"]),
        watch(name="two", vendors=["Anthropic"]),
        watch(name="three", models=["GPT-6"]),
    )
    assert recipient is not None
    assert [(r.watch, [ref.id for ref in r.entities]) for r in recipient.reasons] == [
        ("one", [FABLE]),
        ("two", [ANTHROPIC]),
    ]


PICKY = watch(models=["Claude Fable 5"], min_severity="critical", categories=["guidance"])
OWED: list[tuple[StepKind, dict[str, frozenset[str]], bool]] = [
    (StepKind.LIFTED, {"payments": frozenset({FABLE})}, True),
    (StepKind.EASED, {"payments": frozenset({FABLE})}, True),
    (StepKind.DENIED, {"payments": frozenset({FABLE})}, True),
    (StepKind.LIFTED, {"payments": frozenset({ANTHROPIC})}, True),
    (StepKind.LIFTED, {"payments": frozenset({OPUS})}, False),
    (StepKind.LIFTED, {"another": frozenset({FABLE})}, False),
    (StepKind.WIDENED, {"payments": frozenset({FABLE})}, False),
    (StepKind.LIFTED, {}, False),
]


@pytest.mark.parametrize(("kind", "told", "owed"), OWED)
def test_an_end_reaches_those_who_were_told_whatever_they_watch_by_now(
    tell: Tell, names: Names, kind: StepKind, told: Told, owed: bool
) -> None:
    recipient = told_to(names, news(tell(severity="high"), kind), PICKY, told=told)
    assert bool(recipient) is owed
    if recipient:
        assert recipient.reasons[0].because.startswith("You were told when ")


def test_what_is_named_not_hit_and_theirs_is_spared(tell: Tell, names: Names) -> None:
    fact = tell(about=("fable",), beside=("opus", "gpt"))
    recipient = told_to(names, news(fact), watch(families=["Claude"]))
    assert recipient is not None
    assert [ref.id for ref in recipient.spared] == [OPUS]


def test_what_the_step_is_about_is_never_called_spared(tell: Tell, names: Names) -> None:
    opened = news(tell(about=("fable", "opus")))
    fact = tell("end", about=("fable",), beside=("opus",), action="lifted")  # the step speaks of both
    recipient = told_to(
        names, opened.model_copy(update={"fact": fact}), watch(models=["Claude Opus 4.8", "Claude Fable 5"])
    )
    assert recipient is not None
    assert recipient.spared == ()


CHECKS: list[tuple[dict[str, Any], list[tuple[tuple[str | int, ...], str]]]] = [
    ({"models": ["Fable 5", "claude-fable-5"], "vendors": ["anthropic"], "families": ["claude"]}, []),
    ({"models": ["GPT-6", "Claude Fabel 5"]}, [(("models", 1), "did you mean 'Claude Fable 5'?")]),
    ({"families": ["Claud"]}, [(("families", 0), "did you mean 'Claude'?")]),
    ({"vendors": ["zzzzzz"]}, [(("vendors", 0), "`tocsin catalogue find` shows what is known")]),
    ({"vendors": ["Claude Fable 5"]}, [(("vendors", 0), "the catalogue knows no vendor")]),
    (
        {"models": ["H20"], "chips": ["Anthropic"]},
        [(("models", 0), "knows no model 'H20'"), (("chips", 0), "knows no chip 'Anthropic'")],
    ),
    (
        {"vendors": ["Anthropic"], "not": {"models": ["Claude Fabel 5"], "categories": ["guidance"]}},
        [(("not", "models", 0), "did you mean 'Claude Fable 5'?")],
    ),
]


@pytest.mark.parametrize(("what", "expected"), CHECKS)
def test_names_that_can_never_match_are_found_with_what_was_meant(
    names: Names, what: dict[str, Any], expected: list[tuple[tuple[str | int, ...], str]]
) -> None:
    found = list(check(Watch.model_validate(watch(**what)), names))
    assert [at for at, _ in found] == [at for at, _ in expected]
    for (_, detail), (_, part) in zip(found, expected, strict=True):
        assert part in detail
