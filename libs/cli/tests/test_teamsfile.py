"""teams.yaml: every mistake is told with file, line and cure."""

from pathlib import Path

import pytest

from tocsin.cli.failure import Exit, Failure
from tocsin.cli.teamsfile import TeamsFile

GOOD = """\
teams:
  - id: payments
    name: Payments
    watches:
      - name: assistant
        models: [Claude Fable 5]
    channels:
      - kind: webhook
        name: pager
        url: https://pager.example
        secret_env: PAYMENTS_SECRET
      - {kind: email, name: mail, to: [duty@payments.example]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "teams.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    teams = TeamsFile(written(tmp_path, GOOD)).subscriptions().teams
    assert [channel.kind for channel in teams[0].channels] == ["webhook", "email"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("id: payments", "id: Payments Team", 2, "id: String should match"),
        ("models: [", "modles: [", 6, "modles: Extra inputs are not permitted"),
        ("kind: webhook", "kind: pigeon", 8, "'pigeon'"),
        ("        secret_env: PAYMENTS_SECRET\n", "", 8, "secret_env: Field required"),
        ("to: [duty@payments.example]", "to: []", 12, "to: Tuple should have at least 1 item"),
        ("name: pager", "name: mail", 2, "two channels share the name 'mail'"),
        ("      - name: assistant", "      - name: *nobody", 5, "undefined alias"),
        ("name: Payments", "name: [", 5, "expected"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(Failure) as caught:
        TeamsFile(path).subscriptions()
    assert caught.value.status is Exit.USAGE
    assert any(told.startswith(f"{path}:{line}") and says in told for told in caught.value.lines), (
        caught.value
    )


@pytest.mark.parametrize("text", ["", "teams: 5", "- 1", "!!python/object:os.system {}", "\x00"])
def test_what_is_no_teams_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failure):
        TeamsFile(written(tmp_path, text)).subscriptions()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        TeamsFile(tmp_path / "absent.yaml")
