"""Migrations: inside the service's schema, once, whoever else runs them at the same time."""

import asyncio
import sys
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from tocsin.chassis import database as pools
from tocsin.chassis.health import Health
from tocsin.chassis.migrations import migrate

VERSIONS = Path(__file__).with_name("migrations_of_a_test")


async def test_several_at_once_make_one_set_of_tables(database: str) -> None:
    program = f"import pathlib; migrate({database!r}, 'bells', pathlib.Path({str(VERSIONS)!r}))"
    command = [sys.executable, "-c", f"from tocsin.chassis.migrations import migrate; {program}"]
    running = [await asyncio.create_subprocess_exec(*command) for _ in range(4)]
    assert [await process.wait() for process in running] == [0, 0, 0, 0]
    connection = await asyncpg.connect(database)
    try:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'bells' order by 1"
        )
        assert [row[0] for row in tables] == ["alembic_version", "bells"]
    finally:
        await connection.close()


async def test_a_pool_lives_in_its_schema_and_speaks_utc_and_json(database: str) -> None:
    await asyncio.to_thread(migrate, database, "bells", VERSIONS)
    health = Health(started=True)
    async with pools.connect(SecretStr(database), "bells", health) as pool:
        assert health.unfit() == {}
        await pool.execute("insert into bells values ('a')")
        assert await pool.fetchval("show timezone") == "UTC"
        assert await pool.fetchval("select $1::jsonb", {"a": [1]}) == {"a": [1]}
        assert await pool.fetch("select * from unnest($1::jsonb[])", [{"a": 1}, {"b": 2}])
