"""Migrations only expand: rows of before are kept and filled in, and what older code writes still goes in."""

import asyncio
import shutil
from pathlib import Path

from pydantic import SecretStr

from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.migrations import migrate
from tocsin.notify import app

VERSIONS = Path(app.__file__).parent / "migrations"
OLDER_CODE_WRITES = """
    insert into notices (id, body) values ('n-{0}', '{{}}');
    insert into cases (id, ref, state, documents, subjects, body, changed_at)
        values ('case-{0}', 'C-{0}', 'in_force', '{{}}', '{{}}', '{{"id": "case-{0}"}}', now());
    insert into tellings (case_id, notice_id, because) values ('case-{0}', 'n-{0}', 'it is the first');
    insert into steps (case_id, number, notice_id, body) values ('case-{0}', 1, 'n-{0}', '{{}}');
    insert into teams (id, declaration) values ('team-{0}', '{{}}');
    insert into alerts (id, team_id, case_id, step, concerns, body, traceparent, raised_at)
        values ('a-{0}', 'team-{0}', 'case-{0}', 1, '{{}}', '{{}}', '', now());
"""


async def test_older_code_runs_on_the_newer_tables(database: str, tmp_path: Path) -> None:
    shutil.copy(VERSIONS / "0001_first.py", tmp_path)
    await asyncio.to_thread(migrate, database, "notify", tmp_path)
    async with connect(SecretStr(database), "notify", Health()) as pool:
        await pool.execute(OLDER_CODE_WRITES.format("before"))
        await asyncio.to_thread(migrate, database, "notify", VERSIONS)
        await pool.execute(OLDER_CODE_WRITES.format("after"))
        rows = await pool.fetch("select case_id, turn, stood from tellings order by turn")
        assert [(row["case_id"], row["stood"]) for row in rows] == [
            ("case-before", {"id": "case-before"}),
            ("case-after", None),
        ]
        assert await pool.fetchval("select count(*) from teams where not retired") == 2


async def test_notices_of_the_last_days_are_counted_by_source(database: str, tmp_path: Path) -> None:
    shutil.copy(VERSIONS / "0001_first.py", tmp_path)
    await asyncio.to_thread(migrate, database, "notify", tmp_path)
    async with connect(SecretStr(database), "notify", Health()) as pool:
        await pool.execute(OLDER_CODE_WRITES.format("nobody"))  # a notice without a source
        await pool.execute(
            """
            insert into notices (id, body, recorded_at)
            select 'n-' || day, '{"notice": {"source": {"id": "a-wire"}}}', now() - day * interval '1 day'
            from unnest(array[0, 2, 40]) day
            """
        )
        await asyncio.to_thread(migrate, database, "notify", VERSIONS)
        rows = await pool.fetch(
            "select source, (now() at time zone 'UTC')::date - day, notices from source_days order by 2"
        )
        assert [tuple(row) for row in rows] == [("a-wire", 0, 1), ("a-wire", 2, 1)]
