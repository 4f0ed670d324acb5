"""Silences in teams.yaml as a person applies them, with notify's API there on real rows."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
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
from tocsin.notify.cases.case import reference
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.settings import NotifySettings
from tocsin.notify.sweep import Sweep

WHOLE, PART = "case-00000000000000ff", "case-000000000000abcd"
END = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
FILE = f"""\
teams:
  - id: payments
    name: Payments
    watches: [{{name: own, models: [Claude Fable 5]}}]
    channels: [{{kind: log, name: log}}]
silences:
  - {{team: payments, case: {reference(PART)}, until: '{END.isoformat()}', reason: moved already}}
  - {{team: payments, entity: Claude Fable 5, watch: own, until: '{END.isoformat()}', reason: second}}
"""
A_CASE = """
    insert into cases (id, ref, state, documents, subjects, body, changed_at)
    values ($1, $2, 'in_force', '{}', '{}', $3, now())
"""
SECOND_WAITS = """
    create function wait() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(7); return new; end $$;
    create trigger wait before insert on silences for each row when (new.reason = 'second')
    execute function wait();
"""
WAITING = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"


@dataclass
class World:
    """A folder with a teams.yaml, and a notify that knows two cases."""

    folder: Path
    pool: asyncpg.Pool
    variables: dict[str, str]

    async def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        process = await self.start(*words)
        out, err = await process.communicate()
        return subprocess.CompletedProcess(words, process.returncode or 0, out.decode(), err.decode())

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tocsin.cli", *words),
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def write(self, text: str) -> None:
        (self.folder / "teams.yaml").write_text(text, encoding="utf-8")

    async def made(self) -> list[tuple[str, str]]:
        """Reason and author of every silence there ever was."""
        rows = await self.pool.fetch("select reason, author from silences order by number")
        return [(row["reason"], row["author"]) for row in rows]


@pytest.fixture
async def world(database: str, tmp_path: Path) -> AsyncIterator[World]:
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(database)))
    async with connect(SecretStr(database), "notify", Health()) as pool:
        for case in (WHOLE, PART):
            await pool.execute(A_CASE, case, reference(case), {"id": case})
        directory = Directory(pool)
        directory.know(load_catalogue())
        app = create_app("notify", Health())
        sweep = Sweep(Handler(pool, directory, lambda _: None))
        app.include_router(api.router(sweep, Door(pool, [SecretStr("key")]), lambda _: False, Bell()))
        async with serve(app, "127.0.0.1", 0) as address:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
            there = {"TOCSIN_NOTIFY_URL": address, "TOCSIN_API_KEY": "key", "TOCSIN_AUTHOR": "ann"}
            world = World(tmp_path, pool, clean | there | {"COLUMNS": "250", "TZ": "UTC"})
            world.write(FILE)
            yield world


async def test_silences_are_planned_made_after_their_team_and_given_back(world: World) -> None:
    valid = await world.run("validate")
    assert "1 channel, 2 silences; names checked by notify" in valid.stdout, valid.stderr
    plan = await world.run("plan", "-f", ".", "--detailed-exitcode")
    assert plan.returncode == 2, plan.stderr
    until = f"{END:%Y-%m-%d %H:%M:%S} UTC"
    assert f"+ silence payments: case {reference(PART)} until {until}\n    reason: moved" in plan.stdout
    assert f"+ silence payments: entity model:claude-fable-5, watch own until {until}\n" in plan.stdout
    assert await world.made() == []  # it was a plan

    applied = await world.run("apply", "-f", ".", "--json")
    assert applied.returncode == 0, applied.stderr
    said = json.loads(applied.stdout)
    assert [(one["case_ref"], one["entity"], one["author"]) for one in said["silences"]] == [
        (reference(PART), None, "ann"),
        (None, "model:claude-fable-5", "ann"),
    ]
    exported = (await world.run("export")).stdout
    assert [one["reason"] for one in yaml.safe_load(exported)["silences"]] == ["moved already", "second"]
    for text in (FILE, exported):
        world.write(text)
        await _changes_nothing(world)


async def _changes_nothing(world: World) -> None:
    before = await world.made()
    plan = await world.run("plan", "-f", ".", "--detailed-exitcode", "--json")
    assert (plan.returncode, json.loads(plan.stdout)["silences"]) == (0, []), plan.stderr
    applied = await world.run("apply", "-f", ".", "--json", "--author", "bob")
    assert (applied.returncode, json.loads(applied.stdout)["silences"]) == (0, []), applied.stderr
    assert await world.made() == before


async def test_what_was_ended_by_hand_or_merged_is_never_made_again(world: World) -> None:
    await world.run("apply", "-f", ".")
    assert (await world.run("silences", "payments", "--end", "2")).returncode == 0
    await world.pool.execute("update cases set merged_into = $1 where id = $2", WHOLE, PART)
    await _changes_nothing(world)
    exported = yaml.safe_load((await world.run("export")).stdout)["silences"]
    assert [one["case"] for one in exported] == [reference(WHOLE)]


async def test_nothing_is_ended_because_it_is_gone_from_the_file(world: World) -> None:
    await world.run("apply", "-f", ".")
    world.write(FILE[: FILE.index("silences:")])
    assert (await world.run("apply", "-f", ".")).returncode == 0
    assert await world.pool.fetchval("select count(*) from silences where ended_at is null") == 2


async def test_an_apply_that_is_cut_off_is_gone_on_with(world: World) -> None:
    await world.pool.execute(SECOND_WAITS)
    async with world.pool.acquire() as holder:
        await holder.execute("select pg_advisory_lock(7)")
        process = await world.start("apply", "-f", ".")
        await _until(lambda: holder.fetchval(WAITING))
        process.kill()
        await process.communicate()
        assert await world.made() == [("moved already", "ann")]
        again = await world.run("apply", "-f", ".")  # the call that was cut off is still in hand
        assert again.returncode == 1
        assert "0 of 1 silences made: apply again" in again.stderr
        await holder.execute("select pg_advisory_unlock(7)")
    await _until(lambda: world.pool.fetchval("select count(*) = 2 from silences"))
    assert (await world.run("apply", "-f", ".")).returncode == 0
    assert await world.made() == [("moved already", "ann"), ("second", "ann")]


async def _until(holds: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 # rows of a database: there is no event to wait for
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (reference(PART), "C-BBBBBB", "teams.yaml:7:28: case: there is no case 'C-BBBBBB'"),
        ("entity: Claude Fable 5", "entity: Claude Fabel 5", "teams.yaml:8:30: entity: the catalogue knows"),
        (f"until: '{END.isoformat()}'", "until: 2999-01-01T00:00Z", "a silence lasts 90 days at most"),
    ],
)
async def test_with_a_mistake_nothing_is_changed(world: World, old: str, new: str, says: str) -> None:
    world.write(FILE.replace(old, new))
    for words in (("validate",), ("plan", "-f", "."), ("apply", "-f", ".")):
        done = await world.run(*words)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert await world.pool.fetchval("select count(*) from teams where id = 'payments'") == 0


async def test_one_that_is_over_is_a_mistake_to_validate_and_a_warning_to_others(world: World) -> None:
    world.write(FILE.replace(END.isoformat(), "2026-01-01T00:00Z"))
    for words in (("validate",), ("validate", "--offline")):
        done = await world.run(*words)
        assert (done.returncode, done.stderr.count("it is over: take the silence out")) == (2, 2), done.stderr
    warning = f"warning: payments: the silence of case {reference(PART)} is over: take it out"
    assert warning in (await world.run("plan", "-f", ".")).stdout
    applied = await world.run("apply", "-f", ".")
    assert (applied.returncode, warning in applied.stderr) == (0, True), applied.stderr
    assert await world.made() == []
