"""teams.yaml: every mistake is told with file, line and cure."""

import itertools
from pathlib import Path

import pytest

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.teamsfile import TeamsFile
from tocsin.notify.routing.names import Names

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


MISTAKES = [
    ("id: payments", "id: Payments Team", (2, 9), "id: use lower-case letters, digits and hyphens"),
    ("models: [", "modles: [", (6, 9), "modles: there is no such field: did you mean 'models'?"),
    ("kind: webhook", "kind: webhok", (8, 9), "there is no such kind: did you mean 'webhook'?"),
    ("kind: webhook", "color: red", (8, 9), "say what kind of channel it is: add `kind`"),
    ("        secret_env: PAYMENTS_SECRET\n", "", (8, 9), "secret_env: is missing: add it"),
    ("secret_env: PAY", "secret_env: $PAY", (11, 21), "name an environment variable of notify"),
    ("to: [duty@payments.example]", "to: []", (12, 35), "to: needs at least 1: add one"),
    (
        "to: [duty@payments.example]",
        "to: duty@payments.example",
        (12, 39),
        "to: must be a list: put it into [ ]",
    ),
    ("to: [duty@", "to: [", (12, 40), "to: write one mail address"),
    ("models: [", "min_severity: hihg\n        models: [", (6, 23), "did you mean 'high'?"),
    ("name: pager", "name: mail", (2, 5), "two channels share the name 'mail'"),
    ("      - name: assistant", "      - name: *nobody", (5, 15), "undefined alias"),
    ("name: Payments", "name: [", (5, 7), "expected"),
    (
        "    name: Payments",
        "    name: Payments\n    name: Pay",
        (4, 5),
        "a second time, first in line 3: keep one",
    ),
    ("teams:", "color: red\nteams:", (1, 8), "color: there is no such field"),
]


@pytest.mark.parametrize(("old", "new", "at", "says"), MISTAKES)
def test_a_mistake_is_told_at_its_place_with_a_cure(
    tmp_path: Path, old: str, new: str, at: tuple[int, int], says: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(Failure) as caught:
        TeamsFile(path).subscriptions()
    assert caught.value.status is Exit.USAGE
    where = f"{path}:{at[0]}:{at[1]}: "
    assert any(told.startswith(where) and says in told for told in caught.value.lines), caught.value


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("models:", "modles:").replace("kind: email", "kind: pigeon").replace("id: p", "id: P")
    with pytest.raises(Failure) as caught:
        TeamsFile(written(tmp_path, text)).subscriptions()
    assert [line.split(":")[1] for line in caught.value.lines] == ["2", "6", "12"]


SECRETS = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "https://hooks.slack.com/services/T0/B0/notarealsecretatall",
    "https://user:hunter2hunter2@pager.example/hook",
    "https://flows.example/trigger?sp=1&sig=notarealsignature",
    "0123456789abcdef0123456789abcdef",
    "xoxb-1234567890-notarealtoken",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("field", ["secret_env", "url", "kind", "secret"])
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, secret: str, field: str) -> None:
    lines = GOOD.replace("PAYMENTS_SECRET", "PAYMENTS_SECRET\n        secret: x").splitlines()
    text = "\n".join(
        f"{line.split(':')[0]}: '{secret}'" if line.strip(" -").startswith(f"{field}:") else line
        for line in lines
    )
    with pytest.raises(Failure) as caught:
        TeamsFile(written(tmp_path, text)).subscriptions()
    assert any("put the new one into notify's environment" in line for line in caught.value.lines)
    assert secret not in str(caught.value)


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / "teams").mkdir(exist_ok=True)
        (path / name.replace("__", "/")).with_suffix(".yaml").write_text(text, encoding="utf-8")
    return path


def a_team(name: str, model: str = "Claude Fable 5") -> str:
    return f"teams:\n  - id: {name}\n    name: {name}\n    watches: [{{name: w, models: [{model}]}}]\n"


def test_what_is_included_counts_as_if_it_stood_there(tmp_path: Path) -> None:
    root = 'include: ["teams/*.yaml"]\n' + a_team("first")
    path = folder(tmp_path, teams=root, teams__b=a_team("b"), teams__a=a_team("a"))
    assert [team.id for team in TeamsFile(path).subscriptions().teams] == ["first", "a", "b"]


def test_a_mistake_that_notify_finds_is_told_in_the_file_that_made_it(tmp_path: Path) -> None:
    path = folder(
        tmp_path, teams="include: [teams/*.yaml]", teams__a=a_team("a"), teams__b=a_team("b", "Fabel")
    )
    file = TeamsFile(path)
    unknown = file.unknown(file.subscriptions(), Names(load_catalogue()))
    assert unknown is not None
    (line,) = unknown.lines
    assert line.startswith(
        f"{path}/teams/b.yaml:4:34: models: the catalogue knows no model 'Fabel': did you mean"
    )


INCLUDES: list[tuple[dict[str, str], str, str]] = [
    ({"teams": "include: [teams.yaml]"}, "teams.yaml:1:11", "would include itself"),
    (
        {"teams": "include: [teams/a.yaml]", "teams__a": "include: [../teams.yaml]"},
        "a.yaml:1:11",
        "include itself",
    ),
    ({"teams": "include: [teams/a.yaml, teams/*.yaml]", "teams__a": a_team("a")}, "teams.yaml:1:25", "twice"),
    ({"teams": "include: [../other.yaml]"}, "teams.yaml:1:11", "is outside"),
    ({"teams": "include: [/etc/passwd]"}, "teams.yaml:1:11", "name files beside this one or below it"),
    ({"teams": "include: [absent.yaml]"}, "teams.yaml:1:11", "there is no such file"),
    ({"teams": "include: [teams]", "teams__a": a_team("a")}, "teams.yaml:1:11", "name the files in it"),
    ({"teams": "include: [teams/a.yaml]", "teams__a": "teams: ["}, "a.yaml:1:9", "this is no YAML"),
    (
        {"teams": "include: [teams/*]\n" + a_team("a"), "teams__a": a_team("a")},
        "a.yaml:2:9",
        "share the name 'a'",
    ),
    ({"teams": "include: teams/a.yaml", "teams__a": a_team("a")}, "teams.yaml:1:10", "must be a list"),
]


@pytest.mark.parametrize(("files", "where", "says"), INCLUDES)
def test_what_cannot_be_included_is_told_where_it_is_named(
    tmp_path: Path, files: dict[str, str], where: str, says: str
) -> None:
    (tmp_path / "other.yaml").write_text(a_team("other"), encoding="utf-8")
    (tmp_path / "mine").mkdir()
    with pytest.raises(Failure) as caught:
        TeamsFile(folder(tmp_path / "mine", **files)).subscriptions()
    assert any(f"{where}: " in line and says in line for line in caught.value.lines), caught.value.lines


def test_a_link_leads_nowhere_outside(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(a_team("other"), encoding="utf-8")
    mine = tmp_path / "mine"
    mine.mkdir()
    folder(mine, teams="include: [link.yaml, r*.yaml]")
    (mine / "link.yaml").symlink_to("../other.yaml")
    (mine / "round.yaml").symlink_to("round.yaml")
    with pytest.raises(Failure) as caught:
        TeamsFile(mine).subscriptions()
    assert ["is outside" in caught.value.lines[0], "cannot be read" in caught.value.lines[1]] == [True, True]


def test_a_folder_without_the_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"has no teams\.yaml: begin one"):
        TeamsFile(tmp_path)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in itertools.pairwise("abcdefgh")
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "over 200000 values"),
        ("teams: &a [*a]", "it contains itself"),
        ("[" * 50_000, "nested too deeply"),
        ("x" * 1_000_001, "split it"),
        ("teams: [{id: !!int x}]", "this is no YAML"),
    ],
)
def test_what_is_small_to_write_and_large_to_read_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Failure, match=says):
        TeamsFile(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", "teams: 5", "- 1", "!!python/object:os.system {}", "\x00"])
def test_what_is_no_teams_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failure):
        TeamsFile(written(tmp_path, text)).subscriptions()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        TeamsFile(tmp_path / "absent.yaml")
