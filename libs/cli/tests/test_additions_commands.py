"""Additions to the catalogue as a person applies them, on real Kafka and rows, with notify's API there."""

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

from tocsin.chassis import topics
from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.table import Table, follow
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.seeding import seed
from tocsin.contracts import CATALOGUE, TOPICS, Entity
from tocsin.embedded import Engines
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.app import migrate
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.settings import NotifySettings
from tocsin.notify.sweep import Sweep

Run = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]

FILE = """\
catalogue:
  - {kind: vendor, name: Zephyr Works}
  - {kind: model, name: Zephyr Nine, vendor: Zephyr Works, aliases: [Zephyr 9]}
teams:
  - id: payments
    name: Payments
    watches: [{name: own, models: [Zephyr Nine]}]
    channels: [{kind: log, name: log}]
"""


@pytest.fixture
async def run(engines: Engines, database: str, tmp_path: Path) -> AsyncIterator[Run]:
    """Runs a command in a folder, with notify's API there, which follows the catalogue on Kafka."""
    bootstrap = engines.kafka.bootstrap
    (tmp_path / "teams.yaml").write_text(FILE, encoding="utf-8")
    await topics.apply(bootstrap, TOPICS)
    await seed(bootstrap, load_catalogue(), empty=False, prune=True)
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(database)))
    async with connect(SecretStr(database), "notify", Health()) as pool:
        directory = Directory(pool)
        table = Table(CATALOGUE, Entity, lambda rows: directory.know(rows.values()), Health())
        app = create_app("notify", Health())
        sweep = Sweep(Handler(pool, directory, lambda _: None))
        app.include_router(api.router(sweep, Door(pool, [SecretStr("key")]), lambda _: False, Bell()))
        async with follow(bootstrap, table, lambda _: None), serve(app, "127.0.0.1", 0) as address:
            there = {
                "TOCSIN_NOTIFY_URL": address,
                "TOCSIN_API_KEY": "key",
                "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
                "COLUMNS": "250",
            }

            async def ran(*words: str) -> subprocess.CompletedProcess[str]:
                return await asyncio.to_thread(_tocsin, tmp_path, there, *words)

            yield ran
    await seed(bootstrap, load_catalogue(), empty=False, prune=True)


def _tocsin(folder: Path, there: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        cwd=folder,
        env=dict(os.environ) | there,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_an_addition_is_planned_applied_with_its_watch_and_given_back(run: Run, tmp_path: Path) -> None:
    assert (await run("validate")).stdout.endswith("1 channel, 2 additions; names checked by notify\n")
    plan = await run("plan", "-f", ".", "--detailed-exitcode")
    assert plan.returncode == 2, plan.stderr
    assert plan.stdout.startswith("+ catalogue vendor 'Zephyr Works'\n+ catalogue model 'Zephyr Nine'\n")
    assert "+ payments\n" in plan.stdout
    assert (await run("catalogue", "list", "--own")).stdout.startswith("Nothing")  # it was a plan

    applied = await run("apply", "-f", ".", "--json")
    assert applied.returncode == 0, applied.stderr
    said = json.loads(applied.stdout)
    assert (said["catalogue"], said["teams"]) == (
        ["vendor:zephyr-works", "model:zephyr-nine"],
        {"payments": "added"},
    )
    own = json.loads((await run("catalogue", "list", "--own", "--json")).stdout)
    assert {(one["id"], one["from"]) for one in own} == {
        ("model:zephyr-nine", "accepted here"),
        ("vendor:zephyr-works", "accepted here"),
    }

    exported = (await run("export")).stdout
    assert {one["name"] for one in yaml.safe_load(exported)["catalogue"]} == {"Zephyr Nine", "Zephyr Works"}
    for text in (FILE, exported):
        (tmp_path / "teams.yaml").write_text(text, encoding="utf-8")
        again = await run("plan", "-f", ".", "--detailed-exitcode")
        assert (again.returncode, again.stdout[:9]) == (0, "No change"), again.stderr
        said = json.loads((await run("apply", "-f", ".", "--json")).stdout)
        assert (said["catalogue"], said["teams"]) == ([], {"payments": "unchanged"})


async def test_what_changes_is_shown_and_what_is_left_out_stays(run: Run, tmp_path: Path) -> None:
    await run("apply", "-f", ".")
    (tmp_path / "teams.yaml").write_text(FILE.replace("[Zephyr 9]", "[Zephyr IX]"), encoding="utf-8")
    plan = await run("plan", "-f", ".")
    assert plan.stdout.splitlines()[:2] == [
        "~ catalogue model 'Zephyr Nine'",
        "    aliases: Zephyr 9 → Zephyr IX",
    ]
    without = FILE.replace(FILE[: FILE.index("teams:")], "")
    (tmp_path / "teams.yaml").write_text(without, encoding="utf-8")
    assert (await run("plan", "-f", ".")).stdout.startswith("No change")


@pytest.mark.parametrize(
    ("old", "new", "words", "status", "says"),
    [
        ("Zephyr Works}", "OpenAI}", (), 2, "teams.yaml:2:26: name: the shipped catalogue has vendor:openai"),
        ("kind: log", "kind: slack, url_env: NOT_THERE", (), 2, "notify has no variable NOT_THERE"),
        ("kind: log", "kind: log", ("--expect", "v-of-yesterday"), 1, "plan again; nothing was changed"),
    ],
)
async def test_what_is_refused_leaves_the_catalogue_alone(  # noqa: PLR0917 # a row of the table
    run: Run, tmp_path: Path, old: str, new: str, words: tuple[str, ...], status: int, says: str
) -> None:
    (tmp_path / "teams.yaml").write_text(FILE.replace(old, new), encoding="utf-8")
    done = await run("apply", "-f", ".", *words)
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr
    assert (await run("catalogue", "list", "--own")).stdout.startswith("Nothing")
