"""Alembic's entry point for every service: one transaction, one lock, one schema."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

URL: str = context.config.attributes["url"]
SCHEMA: str = context.config.attributes["schema"]


def upgrade(connection: Connection) -> None:
    """Migrate inside one transaction; the lock is let go with it."""
    connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"tocsin {SCHEMA}"})
    connection.execute(text(f'create schema if not exists "{SCHEMA}"'))
    connection.execute(text(f'set local search_path to "{SCHEMA}"'))
    context.configure(connection=connection, version_table_schema=SCHEMA)
    context.run_migrations()


async def main() -> None:
    """Connect, migrate, disconnect."""
    engine = create_async_engine(URL.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


asyncio.run(main())
