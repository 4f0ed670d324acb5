"""A watch tried on 90 days of 100,000 stored notices, one in ten a step, over HTTP as the CLI does.

make bench-history
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import aiohttp
import asyncpg
from pydantic import SecretStr

from bench import machine
from bench.texts import notices
from tocsin.chassis import database, logs
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import Entity, Kind, NoticeClassified
from tocsin.embedded import Engines
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.app import migrate
from tocsin.notify.cases.filing import open_case
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.settings import NotifySettings
from tocsin.notify.store import standings
from tocsin.notify.sweep import Sweep

DAYS, STEP_IN, ROWS, RUNS = 90, 10, 2_000, 5
MODELS = [Entity(id=f"model:bench-{n}", kind=Kind.MODEL, name=f"Bench {n}") for n in range(1_000)]
KEY = "bench"


def facts(count: int) -> Iterator[NoticeClassified]:
    """Everyday notices of 1 KB; one in ten restricts a model, and one in a hundred of these is critical."""
    for number, notice in enumerate(notices(count, [""], acts=False)):
        acts = number % STEP_IN == 0
        model = MODELS[number // STEP_IN % len(MODELS)]
        span = {"field": "title", "start": 0, "end": 3, "quote": notice.title[:3]}
        subject = {"id": model.id, "name": model.name, "kind": "model", "role": "subject", "spans": [span]}
        yield NoticeClassified.model_validate(
            {
                "id": notice.id,
                "notice": notice,
                "classification": {
                    "category": "model_restriction" if acts else "not_regulatory",
                    "action": "imposed" if acts else "none",
                    "certainty": "official",
                    "severity": "critical" if number % (STEP_IN * 100) == 0 else "medium",
                    "entities": [subject] if acts else [],
                    "evidence": [{"claim": "action=imposed", "rule": "bench", "span": span}],
                },
                "rules_version": "bench",
                "classified_at": datetime.now(UTC),
            }
        )


async def fill(pool: asyncpg.Pool, directory: Directory, count: int) -> None:
    """Rows as the handler leaves them, but in bulk."""
    standing = await directory.refresh()
    await standings.keep(pool, standing)
    start, now = datetime.now(UTC) - timedelta(days=DAYS - 1), datetime.now(UTC)
    rows: list[tuple[NoticeClassified, datetime]] = []
    for number, fact in enumerate(facts(count)):
        rows.append((fact, start + (now - start) * number / count))
        if len(rows) == ROWS or number == count - 1:
            await _write(pool, rows, standing.id)
            rows = []
    await pool.execute("vacuum analyze")


async def _write(pool: asyncpg.Pool, rows: list[tuple[NoticeClassified, datetime]], standing: str) -> None:
    await pool.execute(
        """
        insert into notices (id, body, standing, recorded_at)
        select * from unnest($1::text[], $2::jsonb[], $3::text[], $4::timestamptz[])
        """,
        [fact.id for fact, _ in rows],
        [fact.model_dump(mode="json") for fact, _ in rows],
        [standing if fact.classification.entities else None for fact, _ in rows],
        [at for _, at in rows],
    )
    opened = [(open_case(fact), fact, at) for fact, at in rows if fact.classification.entities]
    cases = [(*made, fact.id, at) for made, fact, at in opened if made is not None]
    bodies = [case.model_dump(mode="json") for case, _, _, _ in cases]
    ids = [case.id for case, _, _, _ in cases]
    await pool.execute(
        """
        insert into cases (id, ref, state, documents, subjects, body, changed_at)
        select id, ref, 'in_force', '{}', '{}', body, now()
        from unnest($1::text[], $2::text[], $3::jsonb[]) r (id, ref, body)
        """,
        ids,
        [case.ref for case, _, _, _ in cases],
        bodies,
    )
    await pool.execute(
        """
        insert into tellings (case_id, notice_id, because, stood)
        select a, b, 'bench', c from unnest($1::text[], $2::text[], $3::jsonb[]) r (a, b, c)
        """,
        ids,
        [notice for _, _, notice, _ in cases],
        bodies,
    )
    await pool.execute(
        """
        insert into steps (case_id, number, notice_id, body, taken_at)
        select a, 1, b, c, d
        from unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[]) r (a, b, c, d)
        """,
        ids,
        [notice for _, _, notice, _ in cases],
        [step.model_dump(mode="json") for _, step, _, _ in cases],
        [at for _, _, _, at in cases],
    )


async def measure(url: SecretStr, count: int) -> list[str]:
    """The figures as lines to print."""
    await asyncio.to_thread(migrate, NotifySettings(database_url=url))
    async with database.connect(url, "notify", Health()) as pool:
        directory = Directory(pool)
        directory.know(MODELS)
        began = time.perf_counter()
        await fill(pool, directory, count)
        print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        app = create_app("notify", Health())
        handler = Handler(pool, directory, lambda _: None)
        door = Door(pool, [SecretStr(KEY)])
        app.include_router(api.router(Sweep(handler), door, lambda _: True, Bell()))
        async with serve(app, "127.0.0.1", 0) as address:
            return [
                await _try(address, {"name": "one model", "models": ["Bench 7"]}),
                await _try(address, {"name": "everything", "categories": ["model_restriction"]}),
            ]


async def _try(address: str, watch: dict[str, object]) -> str:
    spent, cpu, lines, trial = [], [], 0, {}
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/x-ndjson"}
    async with aiohttp.ClientSession(read_bufsize=2**24) as session:
        for _ in range(RUNS):
            began, before, lines = time.perf_counter(), time.process_time(), 0
            body = {"watch": watch, "days": DAYS}
            async with session.post(f"{address}/v1/watches/test", json=body, headers=headers) as response:
                async for line in response.content:
                    trial, lines = json.loads(line), lines + 1
            spent.append(time.perf_counter() - began)
            cpu.append(time.process_time() - before)
    burden, took, used = trial["burden"], sorted(spent)[RUNS // 2], sorted(cpu)[RUNS // 2]
    return (
        f"{watch['name']}: {trial['steps']} steps, {burden['alerts']} alerts, {burden['pages']} pages; "
        f"median {took:.2f} s, worst {max(spent):.2f} s, of which {used:.2f} s "
        f"CPU in this process; {lines} lines of progress; load of the machine {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Print the figures for 100,000 notices, or for as many as are given."""
    logs.configure("bench", level="critical", fmt="console")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(machine.describe())
    print(f"{count} notices of 1 KB in {DAYS} days, one in {STEP_IN} a step; {RUNS} runs each")
    with Engines() as engines:
        url = SecretStr(engines.postgres.create_database("bench"))
        for line in asyncio.run(measure(url, count)):
            print(line)


if __name__ == "__main__":
    main()
