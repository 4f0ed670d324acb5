"""Slack, Teams, PagerDuty, Alertmanager, Matrix: what each is told, and that outside text stays text."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tocsin.contracts import AlertRaised, EntityRef, Kind, Severity, StepKind
from tocsin.contracts.channels import Alertmanager, Log, Matrix
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Message, Outcome, Purpose, alertmanager, matrix, pagerduty, slack, teams
from tocsin.notify.channels.log import LogChannel
from tocsin.notify.channels.post import bytes_of
from tocsin.notify.letter import within, write

AnAlert = Callable[..., AlertRaised]
Receiver = Any  # of conftest

MYTHOS = EntityRef(id="model:claude-mythos-5", name="Claude Mythos 5", kind=Kind.MODEL)


def told(alert: AlertRaised) -> Message:
    return Message("msg-1", alert, "Payments & Co", new_traceparent())


def lifted(an_alert: AnAlert, **other: Any) -> AlertRaised:
    return an_alert(step=2, kind=StepKind.LIFTED, severity=Severity.HIGH, **other)


def test_slack_gets_blocks_within_its_limits_and_our_own_link(an_alert: AnAlert) -> None:
    alert = an_alert(headline="H" * 400, happened="&" * 9000, case_url="https://tocsin.example/c?a=1&b=2")
    said: Any = slack.payload(write(alert, "Payments & Co"))
    header, *parts, link = said["blocks"]
    assert (header["text"]["type"], len(header["text"]["text"])) == ("plain_text", 150)
    texts = ["".join(e["text"] for e in part["elements"][0]["elements"]) for part in parts]
    assert [text.split("\n")[0] for text in texts[1:]] == [
        "What happened",
        "Why it matters to Payments & Co",
        "What to watch next",
    ]
    assert all(1 <= len(text) <= 3100 for text in texts)
    assert link["elements"][0]["elements"] == [
        {"type": "link", "url": "https://tocsin.example/c?a=1&b=2", "text": "Open the case"}
    ]


@pytest.mark.parametrize("raw", ["<!channel>", "<https://x|y>", "*bold* _it_ `code` ~no~", "@here", ":fire:"])
def test_nothing_outside_becomes_markup_or_a_mention_in_slack(an_alert: AnAlert, raw: str) -> None:
    said: Any = slack.payload(write(an_alert(headline=raw, happened=raw, provenance=raw), raw))
    header, *parts = said["blocks"]
    assert header["text"] == {"type": "plain_text", "text": f"CRITICAL · {raw}", "emoji": False}
    elements = [element for part in parts for element in part["elements"][0]["elements"]]
    assert {part["type"] for part in parts} == {"rich_text"}
    assert {element["type"] for element in elements} == {"text"}, "all but text may mention, link or show"
    assert (said["mrkdwn"], "<" in said["text"]) == (False, False)


def test_a_teams_card_has_text_in_runs_alone(an_alert: AnAlert) -> None:
    hostile = "**bold** [x](https://evil.example) <at>all</at> {{DATE(2026-01-01T00:00:00Z)}}"
    alert = an_alert(headline=hostile, happened=hostile, case_url="https://tocsin.example/c")
    said: Any = teams.envelope(write(alert, "Payments"))
    (attachment,) = said["attachments"]
    card = attachment["content"]
    assert (said["type"], attachment["contentType"]) == (
        "message",
        "application/vnd.microsoft.card.adaptive",
    )
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert card["msteams"].keys() == {"width"}, "mentions need entities, and there are none"
    assert [action["url"] for action in card["actions"]] == ["https://tocsin.example/c"]


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [("critical", "critical"), ("high", "error"), ("medium", "warning"), ("low", "info"), ("info", "info")],
)
def test_pagerduty_has_its_own_words_for_severities(an_alert: AnAlert, severity: str, theirs: str) -> None:
    said: Any = pagerduty.event(told(an_alert(severity=Severity(severity))))
    assert said["payload"]["severity"] == theirs


def test_pagerduty_keeps_one_incident_a_case_and_team_until_all_of_it_is_over(an_alert: AnAlert) -> None:
    opened: Any = pagerduty.event(told(an_alert(case_url="https://tocsin.example/c")))
    part: Any = pagerduty.event(told(lifted(an_alert, still_hit=(MYTHOS,))))
    whole: Any = pagerduty.event(told(lifted(an_alert)))
    denied: Any = pagerduty.event(told(an_alert(kind=StepKind.DENIED)))
    eased: Any = pagerduty.event(told(an_alert(kind=StepKind.EASED)))
    actions = [said["event_action"] for said in (opened, part, whole, denied, eased)]
    assert actions == ["trigger", "trigger", "resolve", "resolve", "trigger"]
    assert len({said["dedup_key"] for said in (opened, part, whole, denied, eased)}) == 1
    other: Any = pagerduty.event(told(an_alert(team="research")))
    assert other["dedup_key"] != opened["dedup_key"]
    assert len(opened["dedup_key"]) <= 255
    assert opened["payload"]["summary"] == "CRITICAL · Claude Fable 5: restriction of access in force"
    assert opened["payload"]["component"] == "Claude Fable 5"
    assert opened["client_url"] == opened["links"][0]["href"] == "https://tocsin.example/c"
    assert "What to watch next" in opened["payload"]["custom_details"]["alert"]


@given(
    lines=st.lists(st.text(max_size=60), max_size=8),
    most=st.integers(0, 200),
    measure=st.sampled_from([len, bytes_of]),
)
def test_what_is_cut_fits_and_what_fits_is_not_cut(
    lines: list[str], most: int, measure: Callable[[str], int]
) -> None:
    kept = within(lines, most, measure)
    assert sum(measure(one) + 1 for one in kept) - 1 <= most
    if sum(measure(f"{one}…") + 1 for one in lines) <= most:
        assert list(kept) == lines


def fires(alert: AlertRaised) -> dict[str, bool]:
    """By severity: whether Alertmanager holds an alert of the case and team after this one."""
    return {
        str(one["labels"]["severity"]): one["endsAt"] > one["startsAt"]  # type: ignore[index,operator]  # JSON
        for one in alertmanager.alerts(told(alert))
    }


def test_alertmanager_holds_one_alert_a_case_and_team_at_the_severity_of_the_last_step(
    an_alert: AnAlert,
) -> None:
    nothing = dict.fromkeys(("critical", "high", "medium", "low", "info"), False)
    assert fires(an_alert()) == nothing | {"critical": True}
    assert fires(an_alert(severity=Severity.HIGH, step=2)) == nothing | {"high": True}
    assert fires(lifted(an_alert, still_hit=(MYTHOS,))) == nothing | {"high": True}
    assert fires(lifted(an_alert)) == nothing


def test_an_alarm_that_no_end_reaches_is_ended_by_its_last_alert_with_purpose(an_alert: AnAlert) -> None:
    message = replace(told(an_alert()), purpose=Purpose.RESOLVE)
    held: Any = pagerduty.event(told(an_alert()))
    said: Any = pagerduty.event(message)
    assert (said["event_action"], said["dedup_key"]) == ("resolve", held["dedup_key"])
    ended: Any = alertmanager.alerts(message)
    assert [one["labels"] for one in ended] == [
        one["labels"] for one in alertmanager.alerts(told(an_alert()))
    ]
    assert all(one["endsAt"] == one["startsAt"] for one in ended)


def test_alertmanager_gets_labels_to_route_by_and_a_text_to_read(an_alert: AnAlert) -> None:
    alert = an_alert(case_url="https://tocsin.example/c")
    fired: Any = alertmanager.alerts(told(alert))[0]
    assert fired["labels"] == {
        "alertname": "Tocsin",
        "team": "payments",
        "case": "C-7F3K2M",
        "case_id": alert.case_id,
        "severity": "critical",
    }
    assert fired["startsAt"] == alert.raised_at.isoformat()
    assert fired["endsAt"] == (alert.raised_at + timedelta(days=90)).isoformat()
    assert fired["generatorURL"] == "https://tocsin.example/c"
    annotations = fired["annotations"]
    assert annotations["summary"] == "CRITICAL · Claude Fable 5: restriction of access in force"
    assert "Why it matters to Payments & Co" in annotations["description"]


def test_a_matrix_message_is_plain_text_that_mentions_nobody(an_alert: AnAlert) -> None:
    said = matrix.event(told(an_alert(happened="@room <b>now</b>")))
    assert said.keys() == {"msgtype", "body", "m.mentions"}
    assert (said["msgtype"], said["m.mentions"]) == ("m.text", {})
    assert "@room <b>now</b>" in str(said["body"])


async def test_matrix_gets_the_deliverys_id_as_the_transactions(
    receiver: Receiver, session: aiohttp.ClientSession, an_alert: AnAlert
) -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.method} {request.raw_path} {request.headers['authorization']}")
        return web.json_response({"event_id": "$1"})

    receiver.answer = take
    root = receiver.address.removesuffix("/hook")
    target = Matrix(kind="matrix", name="room", url=f"{root}/", room="!a/b:x.example", token_env="T")
    await matrix.MatrixChannel(session, {"T": "hush"}).send(told(an_alert()), target)
    path = "/_matrix/client/v3/rooms/!a%2Fb:x.example/send/m.room.message/msg-1"
    assert asked == [f"PUT {path} Bearer hush"]


async def test_alertmanager_is_asked_where_its_api_is(
    receiver: Receiver, session: aiohttp.ClientSession, an_alert: AnAlert
) -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.method} {request.path}")
        return web.Response()

    receiver.answer = take
    target = Alertmanager(kind="alertmanager", name="am", url=receiver.address.removesuffix("hook"))
    await alertmanager.AlertmanagerChannel(session).send(told(an_alert()), target)
    assert asked == ["POST /api/v2/alerts"]


async def test_the_log_channel_writes_the_alert(an_alert: AnAlert) -> None:
    message = told(an_alert())
    with capture_logs() as lines:
        answer = await LogChannel().send(message, Log(kind="log", name="log"))
    assert answer.outcome is Outcome.DELIVERED
    (line,) = lines
    assert (line["team"], line["case"]) == ("payments", "C-7F3K2M")
    assert line["headline"] == message.alert.headline
