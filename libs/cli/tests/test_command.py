"""The command as a user meets it: help with examples, words for every failure, honest exit statuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

COMMANDS = (
    "demo",
    "up",
    "apply",
    "push",
    "alerts",
    "cases",
    "deliveries",
    "audit",
    "classify",
    "explain",
    "doctor",
    "dead list",
    "dead show",
    "dead retry",
    "dead drop",
    "sources list",
    "sources show",
    "sources test",
    "sources add",
    "sources import",
    "sources export",
    "sources reparse",
    "sources failed list",
    "sources failed show",
    "sources failed retry",
    "sources failed drop",
    "snapshot show",
    "topics list",
    "topics apply",
    "channels test",
    "channels feed",
    "channels addresses",
    "catalogue apply",
    "catalogue find",
    "catalogue list",
    "catalogue check",
    "catalogue candidates",
    "catalogue accept",
    "rules check",
    "rules list",
    "rules test",
    "rules unknown",
)


def tocsin(*words: str, cwd: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        cwd=cwd,
        env=clean | {"COLUMNS": "200"} | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, tmp_path: Path) -> None:
    shown = tocsin(*command.split(), "--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert f"tocsin {command}" in shown.stdout.split("Example", 1)[1]


def test_without_a_tocsin_the_reader_is_told_how_to_start_one(tmp_path: Path) -> None:
    failed = tocsin("alerts", cwd=tmp_path)
    assert failed.returncode == 2
    assert "TOCSIN_NOTIFY_URL" in failed.stderr
    assert "tocsin up" in failed.stderr


def test_a_service_that_does_not_answer_is_exit_3(tmp_path: Path) -> None:
    away = {"TOCSIN_NOTIFY_URL": "http://127.0.0.1:1", "TOCSIN_API_KEY": "k"}
    failed = tocsin("cases", cwd=tmp_path, **away)
    assert failed.returncode == 3
    assert "does not answer" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_kafka_that_does_not_answer_is_exit_3(tmp_path: Path) -> None:
    for words in (("topics", "apply"), ("dead", "list")):
        failed = tocsin(*words, cwd=tmp_path, TOCSIN_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
        assert failed.returncode == 3
        assert "Kafka at 127.0.0.1:1 does not answer" in failed.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("alerts", "--since", "yesterday"), "is no time"),
        (("push", "--title", "only"), "give --file, or --source and --title"),
        (("apply", "-f", "absent.yaml"), "cannot read"),
        (("classify", "--input", "absent.jsonl"), "cannot read"),
        (("explain", ""), "needs a title or a text"),
        (("up", "--sources", "absent.yaml"), "there is no file"),
        (("dead", "show", "seventeen"), "is no letter: give TOPIC/PARTITION/OFFSET"),
        (("dead", "list", "--topic", "mine"), "has no dead letters: these topics have"),
        (("dead", "retry"), "name letters, give a filter, or --everything"),
        (("dead", "drop", "--everything"), "--reason"),
    ],
)
def test_a_mistake_in_the_call_is_exit_2_and_says_what_to_do(
    words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    away = {
        "TOCSIN_NOTIFY_URL": "http://127.0.0.1:1",
        "TOCSIN_API_KEY": "k",
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    failed = tocsin(*words, cwd=tmp_path, **away)
    assert (failed.returncode, says in failed.stderr) == (2, True), failed.stderr


def test_classify_keeps_order_and_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    good = {"id": "1", "title": "Access to Claude Fable 5 suspended", "source_type": "vendor"}
    items.write_text(f"{json.dumps(good)}\nnot json\n\n[1]\n{json.dumps(good | {'id': '2'})}\n")
    done = tocsin("classify", "-i", "items.jsonl", "-o", "out.jsonl", cwd=tmp_path)
    predicted = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(p["id"], p["category"], p["action"]) for p in predicted] == [
        ("1", "model_restriction", "imposed"),
        ("2", "model_restriction", "imposed"),
    ]
    assert done.returncode == 1
    assert "line 2:" in done.stderr
    assert "line 4: an item is a JSON object" in done.stderr
    piped = tocsin("classify", cwd=tmp_path, stdin=json.dumps(good))
    assert json.loads(piped.stdout)["id"] == "1"


def test_explain_quotes_the_words_and_names_the_rule(tmp_path: Path) -> None:
    text = "Commerce lifted the export controls on Claude Fable 5."
    shown = tocsin("explain", text, cwd=tmp_path)
    assert "export_control / lifted" in shown.stdout
    assert "Claude Fable 5" in shown.stdout
    told = json.loads(tocsin("explain", "-", "--json", cwd=tmp_path, stdin=text).stdout)
    assert told["verdict"]["action"] == "lifted"


def test_hostile_text_cannot_move_the_cursor(tmp_path: Path) -> None:
    shown = tocsin("explain", "Claude Fable 5\x1b[2J\x1b]0;owned\x07 banned", cwd=tmp_path)
    assert "\x1b" not in shown.stdout


def test_topics_are_listed_for_people_and_for_programs(tmp_path: Path) -> None:
    assert "tocsin.alerts.v1" in tocsin("topics", "list", cwd=tmp_path).stdout
    names = {plan["name"] for plan in json.loads(tocsin("topics", "list", "--json", cwd=tmp_path).stdout)}
    assert "tocsin.notices.published.v1.dead" in names


def test_the_catalogue_is_found_by_any_name(tmp_path: Path) -> None:
    found = json.loads(tocsin("catalogue", "find", "claude-fable-5", "--json", cwd=tmp_path).stdout)
    assert [entity["name"] for entity in found] == ["Claude Fable 5", "Claude Fable 5.1"]


def test_the_stack_that_runs_here_is_found_and_its_key_is_the_owners(tmp_path: Path) -> None:
    from tocsin.cli.place import Place, announce, setting, withdraw  # noqa: PLC0415 - used here alone

    announce(Place("http://i", "http://n", "k:1", "secret"), tmp_path)
    assert setting("api_key", tmp_path) == "secret"
    assert (tmp_path / "up.json").stat().st_mode & 0o077 == 0
    withdraw(tmp_path)
    assert not (tmp_path / "up.json").exists()


def test_the_readme_example_of_a_teams_file_holds() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```yaml\n# teams.yaml\n")[1].split("```")[0]
    from tocsin.contracts.subscriptions import Subscriptions  # noqa: PLC0415 - used here alone

    assert Subscriptions.model_validate(yaml.safe_load(example)).teams[0].id == "payments"


def test_the_catalogue_agrees_with_itself(tmp_path: Path) -> None:
    kinds = json.loads(tocsin("catalogue", "check", "--json", cwd=tmp_path).stdout)
    assert sum(kinds.values()) >= 2000
