"""What a summary says, and how each channel dresses it: nothing untrusted becomes markup or a header."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.contracts import AlertsSummarised, Severity, StepKind, SummarisedAlert, SummarySort
from tocsin.notify.channels import Summary, alertmanager, email, matrix, pagerduty, slack, teams, webhook
from tocsin.notify.letter import letter_of
from tocsin.notify.pacing.summing import MOST, Open, compose

NOON = datetime(2026, 6, 12, 12, 0, tzinfo=UTC)
HOSTILE = "<!channel> <b>x</b> @room\r\nBcc: eve@evil.example"
STORM = Open("s-1", "payments", "chat", SummarySort.STORM, NOON)


def alert(
    number: int, severity: Severity = Severity.HIGH, headline: str = "GPT-6: in force"
) -> SummarisedAlert:
    return SummarisedAlert(
        id=f"a-{number}",
        case_ref="C-7F3K2M",
        kind=StepKind.OPENED,
        severity=severity,
        headline=headline,
        raised_at=NOON,
        case_url="https://tocsin.example/v1/cases/C-7F3K2M",
    )


def told(*alerts: SummarisedAlert, **other: Any) -> Summary:
    summary = compose(STORM, alerts, NOON, lambda name: f"https://tocsin.example/{name}")
    return Summary("msg-1", summary.model_copy(update=other), "Payments", "00-1-2-01")


def test_the_gravest_are_named_in_the_order_in_which_they_came_and_the_rest_is_counted() -> None:
    alerts = [alert(n, Severity.CRITICAL if n % 3 == 0 else Severity.LOW) for n in range(120)]
    said = told(*alerts).told
    named = [one.id for one in said.items]
    assert (said.count, len(named), said.more, said.severity) == (120, MOST, 70, Severity.CRITICAL)
    assert named == sorted(named, key=lambda name: int(name[2:]))
    assert {f"a-{n}" for n in range(0, 120, 3)} <= set(named)
    assert said.headline == "120 more alerts: too many came at once to tell each"
    assert AlertsSummarised.model_validate_json(said.model_dump_json()) == said


def test_one_alert_is_one_alert() -> None:
    assert told(alert(1)).told.headline == "1 more alert: too many came at once to tell each"


BODIES: dict[str, Callable[[Summary], object]] = {
    "webhook": lambda one: json.loads(webhook.content(one, NOON)),
    "slack": lambda one: slack.payload(letter_of(one)),
    "teams": lambda one: teams.envelope(letter_of(one)),
    "matrix": matrix.event,
    "pagerduty": pagerduty.notice,
    "alertmanager": alertmanager.notice,
    "email": lambda one: email.compose(one, "t@tocsin.example", "a@b.example").as_string(),
}


@pytest.mark.parametrize("kind", BODIES)
def test_every_channel_tells_it_with_its_count_and_link(kind: str) -> None:
    body = json.dumps(BODIES[kind](told(alert(1), alert(2))), ensure_ascii=False)
    for needed in ("2 more alerts", "GPT-6: in force", "C-7F3K2M", "https://tocsin.example/s-1"):
        assert needed in body.replace("=\\n", "")


def test_a_pager_is_informed_under_the_id_of_the_summary_and_not_woken() -> None:
    event: Any = pagerduty.notice(told(alert(1, Severity.CRITICAL)))
    assert (event["dedup_key"], event["payload"]["severity"]) == ("s-1", "info")
    one: Any = alertmanager.notice(told(alert(1, Severity.CRITICAL)))[0]
    assert (one["labels"]["summary_id"], one["labels"]["severity"]) == ("s-1", "info")


def test_what_others_wrote_is_no_markup_no_mention_and_no_header() -> None:
    message = told(alert(1, headline=HOSTILE), headline=HOSTILE, lines=(HOSTILE,))
    chat: Any = slack.payload(letter_of(message))
    assert "<!channel>" not in chat["text"]
    assert all(block["type"] in {"header", "rich_text"} for block in chat["blocks"])
    assert matrix.event(message)["m.mentions"] == {}
    mail = email.compose(message, "t@tocsin.example", "a@b.example")
    assert mail["Bcc"] is None
    html = next(part for part in mail.iter_parts() if part.get_content_subtype() == "html")
    assert "<b>x</b>" not in html.get_content()
