"""teams.yaml as a model: what is refused says why."""

import pytest
from pydantic import ValidationError

from tocsin.contracts.cloudevents import describe
from tocsin.contracts.subscriptions import Subscriptions

WATCH = {"name": "assistant", "models": ["Claude Fable 5"]}
HOOK = {"kind": "webhook", "name": "hook", "url": "https://pager.example", "secret_env": "HOOK_SECRET"}
TEAM = {"id": "payments", "name": "Payments", "watches": [WATCH], "channels": [HOOK]}


def test_a_whole_declaration_is_read() -> None:
    team = Subscriptions.model_validate({"teams": [TEAM]}).teams[0]
    assert (team.id, team.watches[0].models, team.channels[0].kind) == (
        "payments",
        ("Claude Fable 5",),
        "webhook",
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "Payments Team"}, "teams.0.id"),
        ({"watches": []}, "teams.0.watches"),
        ({"watches": [{"name": "empty"}]}, "at least one of models"),
        ({"watches": [WATCH | {"modles": ["x"]}]}, "teams.0.watches.0.modles: Extra inputs"),
        ({"watches": [WATCH, WATCH]}, "two watches share the name 'assistant'"),
        ({"watches": [WATCH | {"min_severity": "urgent"}]}, "min_severity"),
        ({"channels": [HOOK | {"kind": "pigeon"}]}, "teams.0.channels.0"),
        ({"channels": [HOOK, HOOK]}, "two channels share the name 'hook'"),
        ({"channels": [{"kind": "email", "name": "mail", "to": []}]}, "teams.0.channels.0.email.to"),
        ({"channels": [{"kind": "email", "name": "m", "to": ["a@b\nBcc: c@d"]}]}, "channels.0.email.to.0"),
        ({"channels": [HOOK | {"url": "file:///etc/passwd"}]}, "channels.0.webhook.url"),
        ({"channels": [HOOK | {"secret_env": "whsec_c2VjcmV0"}]}, "channels.0.webhook.secret_env"),
        ({"name": "two\nlines"}, "teams.0.name"),
    ],
)
def test_a_mistake_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Subscriptions.model_validate({"teams": [TEAM | change]})
    assert says in describe(caught.value)


def test_two_teams_of_one_id_are_refused() -> None:
    with pytest.raises(ValidationError, match="two teams share the name 'payments'"):
        Subscriptions.model_validate({"teams": [TEAM, TEAM]})
