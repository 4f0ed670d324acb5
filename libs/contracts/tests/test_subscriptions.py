"""teams.yaml as a model: what is refused says why."""

import pytest
from pydantic import ValidationError

from tocsin.contracts.channels import variables
from tocsin.contracts.cloudevents import describe
from tocsin.contracts.subscriptions import Subscriptions, Team, held

WATCH = {"name": "assistant", "models": ["Claude Fable 5"]}
HOOK = {"kind": "webhook", "name": "hook", "url": "https://pager.example", "secret_env": "HOOK_SECRET"}
ROOM = {"kind": "matrix", "name": "m", "url": "https://m.example", "room": "!r:m.example", "token_env": "T"}
SLACK = {"kind": "slack", "name": "s"}
BOT = {"token_env": "T", "channel": "C0PS"}
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
        ({"watches": [WATCH | {"not": {}}]}, "`not` needs at least one of models, families"),
        ({"watches": [WATCH | {"not": {"name": "x", "models": ["x"]}}]}, "watches.0.not.name: Extra inputs"),
        ({"watches": [WATCH | {"excluded": {"models": ["x"]}}]}, "watches.0.excluded: Extra inputs"),
        ({"channels": [HOOK | {"kind": "pigeon"}]}, "teams.0.channels.0"),
        ({"channels": [HOOK, HOOK]}, "two channels share the name 'hook'"),
        ({"channels": [{"kind": "email", "name": "mail", "to": []}]}, "teams.0.channels.0.email.to"),
        ({"channels": [{"kind": "email", "name": "m", "to": ["a@b\nBcc: c@d"]}]}, "channels.0.email.to.0"),
        ({"channels": [HOOK | {"url": "file:///etc/passwd"}]}, "channels.0.webhook.url"),
        ({"channels": [HOOK | {"secret_env": "whsec_c2VjcmV0"}]}, "channels.0.webhook.secret_env"),
        ({"channels": [HOOK | {"old_secret_env": "whsec_c2Vj"}]}, "channels.0.webhook.old_secret_env"),
        ({"channels": [{"kind": "pagerduty", "name": "p"}]}, "channels.0.pagerduty.routing_key_env"),
        ({"channels": [{"kind": "alertmanager", "name": "a"}]}, "channels.0.alertmanager.url"),
        ({"channels": [{"kind": "teams", "name": "t"}]}, "channels.0.teams.url_env"),
        ({"channels": [SLACK]}, "slack needs `url_env`"),
        ({"channels": [SLACK | {"token_env": "T"}]}, "slack needs `url_env`"),
        ({"channels": [SLACK | {"url_env": "U", "channel": "C0PS"}]}, "slack needs `url_env`"),
        ({"channels": [SLACK | BOT | {"url_env": "U"}]}, "or `token_env` and `channel` for a bot"),
        ({"channels": [SLACK | BOT | {"channel": "#ops"}]}, "channels.0.slack.channel"),
        ({"channels": [ROOM | {"room": "#ops:x.example"}]}, "channels.0.matrix.room"),
        ({"channels": [ROOM | {"room": "!a b"}]}, "channels.0.matrix.room"),
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


def test_the_variables_that_a_channel_names_are_known_by_field() -> None:
    teams = {"teams": [TEAM | {"channels": [HOOK | {"old_secret_env": "OLD"}, HOOK | {"name": "b"}, ROOM]}]}
    both, one, room = Subscriptions.model_validate(teams).teams[0].channels
    assert variables(both) == {"secret_env": "HOOK_SECRET", "old_secret_env": "OLD"}
    assert variables(one) == {"secret_env": "HOOK_SECRET"}
    assert variables(room) == {"token_env": "T"}


def test_slack_is_a_webhook_or_a_bot_and_a_webhook_is_written_as_it_always_was() -> None:
    hook, bot = SLACK | {"url_env": "U"}, SLACK | {"name": "t"} | BOT
    declared = Subscriptions.model_validate({"teams": [TEAM | {"channels": [hook, bot]}]})
    (written,) = declared.model_dump(mode="json", exclude_defaults=True)["teams"]
    assert written["channels"] == [hook, bot]
    assert [variables(one) for one in declared.teams[0].channels] == [{"url_env": "U"}, {"token_env": "T"}]


def test_what_a_watch_does_not_mean_is_called_not_wherever_it_is_written() -> None:
    watch = WATCH | {"not": {"models": ["Claude Opus 4.8"]}}
    declared = Subscriptions.model_validate({"teams": [TEAM | {"watches": [watch]}]})
    (written,) = declared.model_dump(mode="json", exclude_defaults=True)["teams"]
    assert written["watches"] == [watch]
    assert Subscriptions.model_validate_json(declared.model_dump_json()) == declared


PACED = {
    "id": "payments",
    "name": "Payments",
    "watches": [{"name": "w", "models": ["m"]}],
    "channels": [{"kind": "log", "name": "l", "digest": "daily", "most_an_hour": 5}],
    "time_zone": "Europe/Berlin",
    "quiet_hours": {"from": "22:00", "to": "07:00", "days": ["fri"]},
    "urgent": "high",
    "digest_at": "08:30",
    "most_an_hour": 50,
}


def test_what_is_declared_of_the_pace_comes_back_as_it_was() -> None:
    assert Team.model_validate(PACED).model_dump(mode="json", exclude_defaults=True) == PACED


def test_a_team_that_declares_no_pace_is_written_as_it_always_was() -> None:
    """What decisions stood on is known by its text: a new default must not show in it."""
    plain = {name: PACED[name] for name in ("id", "name", "watches")} | {
        "channels": [{"kind": "log", "name": "l"}]
    }
    assert Team.model_validate(plain).model_dump(mode="json", exclude_defaults=True) == plain


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"time_zone": "Berlin"}, "is no time zone"),
        ({"time_zone": "Europe"}, "is no time zone"),  # a folder
        ({"time_zone": "../../etc/passwd"}, "pattern"),
        ({"quiet_hours": {"from": 1320, "to": "07:00"}}, "in quotes"),  # 22:00 to YAML 1.1
        ({"quiet_hours": {"from": "22:00", "to": "24:00"}}, "pattern"),
        ({"quiet_hours": {"from": "22:00", "to": "22:00"}}, "would hold everything"),
        ({"quiet_hours": {"from": "22:00", "to": "07:00", "days": []}}, "need a day"),
        ({"digest_at": "9:00"}, "pattern"),
        ({"most_an_hour": 0}, "greater than or equal to 1"),
        ({"channels": [{"kind": "log", "name": "l", "digest": "yearly"}]}, "immediate"),
        (
            {"channels": [{"kind": "pagerduty", "name": "p", "routing_key_env": "KEY", "digest": "daily"}]},
            "pagerduty holds alarms and no letters",
        ),
    ],
)
def test_a_pace_that_cannot_be_kept_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Team.model_validate(PACED | wrong)


def test_a_row_of_a_newer_replica_is_read_without_what_is_new_in_it() -> None:
    row = TEAM | {"tomorrow": 1, "watches": [WATCH | {"later": True}], "channels": [HOOK | {"new": []}]}
    assert held(row) == Team.model_validate(TEAM)
    with pytest.raises(ValidationError):
        Team.model_validate(row)
