"""Subscriptions as code: the commands as a person runs them, against notify's API on real rows."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.app import migrate
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.settings import NotifySettings
from tocsin.notify.sweep import Sweep

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Awaitable[Done]]

TEAMS = """\
# yaml-language-server: $schema=teams.schema.json
include: [teams/*.yaml]
teams:
  - id: payments
    name: Payments
    watches:
      - {name: assistant, models: [Claude Fable 5], not: {categories: [guidance]}}
    channels:
      - {kind: log, name: log}
"""
RESEARCH = """\
teams:
  - id: research
    name: Research
    watches: [{name: chips, chips: [H20], min_severity: high}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    (tmp_path / "teams" / "research.yaml").write_text(RESEARCH, encoding="utf-8")
    return tmp_path


def tocsin(folder: Path, *words: str, **variables: str) -> Done:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        cwd=folder,
        env=clean | {"COLUMNS": "250"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
async def run(database: str, folder: Path) -> AsyncIterator[Run]:
    """Runs a command in the folder, with notify's API there on real rows."""
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(database)))
    async with connect(SecretStr(database), "notify", Health()) as pool:
        directory = Directory(pool)
        directory.know(load_catalogue())
        app = create_app("notify", Health())
        sweep = Sweep(Handler(pool, directory, lambda _: None))
        app.include_router(api.router(sweep, Door(pool, [SecretStr("key")]), lambda _: False, Bell()))
        async with serve(app, "127.0.0.1", 0) as address:

            async def ran(*words: str) -> Done:
                there = {"TOCSIN_NOTIFY_URL": address, "TOCSIN_API_KEY": "key", "TOCSIN_AUTHOR": "ann"}
                return await asyncio.to_thread(tocsin, folder, *words, **there)

            yield ran


def test_a_folder_is_checked_without_anybody(folder: Path) -> None:
    done = tocsin(folder, "validate", ".")
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "all holds: 2 files, 2 teams, 2 watches, 1 channel; names checked by the shipped catalogue",
    )
    assert "secrets were not looked for" in done.stderr


def test_mistakes_are_lines_for_people_and_objects_for_programs(folder: Path) -> None:
    path = folder / "teams" / "research.yaml"
    path.write_text(RESEARCH.replace("chips: [H20]", "models: [Claude Fabel 5, GTP-4]"), encoding="utf-8")
    done = tocsin(folder, "validate")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert done.stderr.startswith(
        "teams/research.yaml:4:38: models: the catalogue knows no model 'Claude Fabel 5'"
    )
    said = json.loads(tocsin(folder, "validate", "--json").stdout)
    assert (said["holds"], [one["column"] for one in said["mistakes"]]) == (False, [38, 54])


def test_a_watch_that_can_never_match_is_warned_of(folder: Path) -> None:
    text = TEAMS.replace("categories: [guidance]", "families: [Claude]")
    (folder / "teams.yaml").write_text(text, encoding="utf-8")
    done = tocsin(folder, "validate", "--offline")
    assert (done.returncode, "warning: payments: watch “assistant” can never match" in done.stderr) == (
        0,
        True,
    )


def test_the_schema_of_an_editor_takes_what_validate_takes(folder: Path) -> None:
    schema = json.loads(tocsin(folder, "validate", "--schema").stdout)
    assert set(schema["properties"]) == {"include", "catalogue", "teams", "silences"}


async def test_plan_apply_export_and_history_go_round(run: Run, folder: Path) -> None:
    assert (await run("validate")).stdout.endswith("names checked by notify\n")
    plan = await run("plan", "-f", "teams.yaml", "--detailed-exitcode")
    assert plan.returncode == 2, plan.stderr
    assert plan.stdout.startswith("+ payments\n")
    version = plan.stdout.rpartition("--expect ")[2].strip()
    applied = await run("apply", "-f", ".", "--expect", version, "--reason", "the first")
    assert applied.returncode == 0, applied.stderr
    again = await run("plan", "-f", ".", "--detailed-exitcode")
    assert (again.returncode, again.stdout[:9]) == (0, "No change")

    exported = (await run("export")).stdout
    assert [team["id"] for team in yaml.safe_load(exported)["teams"]] == ["payments", "research"]
    (folder / "teams.yaml").write_text(exported, encoding="utf-8")
    assert "unchanged" in (await run("apply", "-f", "teams.yaml")).stdout
    history = (await run("history")).stdout
    assert "ann: the first" in history
    assert history.count(" UTC  ann") == 1


async def test_a_change_is_shown_as_it_was_and_is_to_be(run: Run, folder: Path) -> None:
    await run("apply", "-f", ".")
    (folder / "teams.yaml").write_text(TEAMS.replace("Claude Fable 5", "Claude Opus 4.8"), encoding="utf-8")
    shown = (await run("plan", "-f", ".")).stdout.splitlines()
    assert shown[:3] == [
        "~ payments watch 'assistant'",
        "    models: Claude Fable 5 → Claude Opus 4.8",
        "payments: the last 7 days would have been the same",
    ]


async def test_whoever_comes_second_is_told_of_the_first(run: Run) -> None:
    await run("apply", "-f", ".")
    done = await run("apply", "-f", "teams/research.yaml", "--expect", "v-of-yesterday")
    assert (done.returncode, "ann changed them at" in done.stderr) == (1, True), done.stderr


async def test_what_fails_is_no_change_to_a_pipeline(run: Run, folder: Path) -> None:
    (folder / "teams.yaml").write_text("teams: [", encoding="utf-8")
    assert (await run("plan", "-f", ".", "--detailed-exitcode")).returncode == 1
    assert (await run("plan", "-f", ".")).returncode == 2


async def test_a_mistake_that_only_notify_knows_has_its_line(run: Run, folder: Path) -> None:
    slack = TEAMS.replace("{kind: log, name: log}", "{kind: slack, name: chat, url_env: NOT_THERE}")
    (folder / "teams.yaml").write_text(slack, encoding="utf-8")
    for words in (("validate",), ("plan", "-f", "."), ("apply", "-f", ".")):
        done = await run(*words)
        assert done.returncode == 2
        assert done.stderr.startswith("teams.yaml:9:44: url_env: notify has no"), done.stderr


async def test_a_watch_is_tried_as_declared_or_as_a_file_has_it(run: Run) -> None:
    await run("apply", "-f", ".")
    for words in (("payments",), ("research", "--file", "teams/research.yaml", "--watch", "chips")):
        done = await run("watch", "test", *words)
        assert (done.returncode, "It would have told nothing." in done.stdout) == (0, True), done.stderr
    missed = await run("watch", "test", "payments", "--must", "C-7F3K2M")
    assert (missed.returncode, "missed C-7F3K2M: no such case" in missed.stderr) == (1, True)
    wrong: list[tuple[tuple[str, ...], str]] = [
        (("payments", "-w", "x"), "it has assistant"),
        (("x", "-f", "."), "it has payments"),
    ]
    for named, says in wrong:
        done = await run("watches", "test", *named)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "research" in (await run("watches", "dead")).stdout
