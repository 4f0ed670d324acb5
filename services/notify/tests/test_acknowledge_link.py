"""The link to acknowledge: in every message that a person reads, and never without being given one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tocsin.contracts import AlertRaised
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import (
    Message,
    Purpose,
    alertmanager,
    email,
    matrix,
    pagerduty,
    slack,
    teams,
    webhook,
)
from tocsin.notify.letter import letter_of

Alert = Callable[..., AlertRaised]
Told = Callable[[Message], str]

LINK = "https://tocsin.example/acknowledge/abc.def"
NOW = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)


def mail(message: Message) -> str:
    parts = email.compose(message, "tocsin@x.example", "a@x.example").iter_parts()
    return "".join(part.get_content() for part in parts)


CHANNELS: dict[str, tuple[Told, int]] = {  # and how often it stands there
    "webhook": (lambda message: webhook.content(message, NOW), 1),
    "slack": (lambda message: json.dumps(slack.payload(letter_of(message))), 1),
    "teams": (lambda message: json.dumps(teams.envelope(letter_of(message))), 1),
    "email": (mail, 2),
    "pagerduty": (lambda message: json.dumps(pagerduty.event(message)), 2),
    "matrix": (lambda message: json.dumps(matrix.event(message)), 1),
    "alertmanager": (lambda message: json.dumps(alertmanager.alerts(message)[0]), 1),
}


@pytest.mark.parametrize("kind", CHANNELS)
def test_each_channel_shows_the_link_where_there_is_one(an_alert: Alert, kind: str) -> None:
    told, times = CHANNELS[kind]
    bare = Message("msg-1", an_alert(), "Payments", new_traceparent())
    linked = Message("msg-1", an_alert(), "Payments", new_traceparent(), Purpose.ALERT, LINK)
    assert told(linked).count(LINK) == times
    assert "cknowledge" not in told(bare)
