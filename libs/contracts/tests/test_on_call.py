"""On call as teams declare it: who is told, and what cannot be meant."""

from typing import Any

import pytest
from pydantic import ValidationError

from tocsin.contracts import Severity
from tocsin.contracts.subscriptions import Team

CHAT, DUTY = {"kind": "log", "name": "chat"}, {"kind": "log", "name": "duty"}
USUAL = {"id": "payments", "name": "Payments", "watches": [{"name": "ours", "models": ["Claude Fable 5"]}]}


def team(on_call: dict[str, Any] | None, *channels: dict[str, str]) -> Team:
    return Team.model_validate(USUAL | {"channels": channels, "on_call": on_call})


def told(team: Team) -> list[str]:
    return [channel.name for channel in team.told]


def test_alerts_go_to_every_channel_but_the_fallback() -> None:
    assert told(team(None, CHAT, DUTY)) == ["chat", "duty"]
    assert told(team({}, CHAT, DUTY)) == ["chat", "duty"]
    assert told(team({"fallback": "duty"}, CHAT, DUTY)) == ["chat"]


def test_only_what_is_critical_is_watched_unless_a_team_says_otherwise() -> None:
    on_call = team({}, CHAT).on_call
    assert on_call is not None
    assert (on_call.min_severity, on_call.fallback) == (Severity.CRITICAL, None)
    assert on_call.remind_after_minutes < on_call.fallback_after_minutes


WRONG: list[tuple[dict[str, Any], list[dict[str, str]], str]] = [
    ({"fallback": "nobody"}, [CHAT, DUTY], "'nobody', is no channel of the team: it has chat, duty"),
    ({"fallback": "duty"}, [DUTY], "on_call needs a channel that alerts go to"),
    ({}, [], "on_call needs a channel that alerts go to"),
    (
        {"fallback": "duty", "remind_after_minutes": 30, "fallback_after_minutes": 30},
        [CHAT, DUTY],
        "make it longer",
    ),
    ({"remind_after_minutes": 0}, [CHAT], "greater than or equal to 1"),
    ({"remind_after": 5}, [CHAT], "Extra inputs"),
]


@pytest.mark.parametrize(("on_call", "channels", "part"), WRONG)
def test_what_cannot_be_meant_is_refused_with_what_to_do(
    on_call: dict[str, Any], channels: list[dict[str, str]], part: str
) -> None:
    with pytest.raises(ValidationError, match=part):
        team(on_call, *channels)
