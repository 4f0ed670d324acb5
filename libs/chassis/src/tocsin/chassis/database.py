"""The connection pool of a service that keeps rows."""

import asyncio
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
WATCH_SECONDS = 2.0
IDLE_TRANSACTION_MS = 45_000  # over the longest wait for Kafka inside one

log = logs.get(__name__)


@contextlib.asynccontextmanager
async def connect(url: SecretStr, schema: str, health: Health) -> AsyncIterator[asyncpg.Pool]:
    """A pool whose connections live in one schema, speak UTC, and give jsonb as Python values.

    Waits for PostgreSQL as long as it takes. A statement that takes over 30 s is cancelled, and a
    transaction that idles for 45 s. While PostgreSQL is away ``/ready`` says so.
    """
    watch = _Watch()
    health.require("database", lambda: watch.complaint)
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
                # A process that was stopped in the middle must not hold its locks for ever.
                "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_MS),
            },
        ),
    )
    watch.complaint = None
    looking = asyncio.create_task(watch.run(pool), name="watch database")
    try:
        yield pool
    finally:
        looking.cancel()
        await pool.close()


class _Watch:
    """Asks PostgreSQL from time to time whether it is there."""

    def __init__(self) -> None:
        self.complaint: str | None = "not connected yet"

    async def run(self, pool: asyncpg.Pool) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    await pool.fetchval("select 1")
                self.complaint = None
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer of /ready
                self.complaint = f"PostgreSQL does not answer: {error!r}"


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
