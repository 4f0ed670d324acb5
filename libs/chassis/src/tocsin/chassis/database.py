"""The connection pool of a service that keeps rows."""

import contextlib
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from tocsin.chassis import logs
from tocsin.chassis.health import Health
from tocsin.chassis.lifetime import insist

CONNECTIONS = 10
STATEMENT_SECONDS = 30

log = logs.get(__name__)


@contextlib.asynccontextmanager
async def connect(url: SecretStr, schema: str, health: Health) -> AsyncIterator[asyncpg.Pool]:
    """A pool whose connections live in one schema, speak UTC, and give jsonb as Python values.

    Waits for PostgreSQL as long as it takes. A statement that takes over 30 s is cancelled.
    """
    state: dict[str, str | None] = {"complaint": "not connected yet"}
    health.require("database", lambda: state["complaint"])
    dsn = url.get_secret_value()
    log.info("connecting", database=urlsplit(dsn).hostname)
    pool = await insist(
        "database",
        lambda: asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=CONNECTIONS,
            command_timeout=STATEMENT_SECONDS,
            init=_speak_json,
            server_settings={
                "search_path": schema,
                "timezone": "UTC",
                "application_name": f"tocsin-{schema}",
            },
        ),
    )
    state["complaint"] = None
    try:
        yield pool
    finally:
        await pool.close()


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
