"""Sessions of the console as rows. One holds for a working day, and no longer than the key that opened it."""

from datetime import timedelta

import asyncpg

LIVES = timedelta(hours=12)


async def begin(pool: asyncpg.Pool, token: bytes, key: bytes) -> None:
    """Open a session; both are SHA-256 digests. What is long over is cleared away."""
    await pool.execute("delete from console_sessions where expires_at < now()")
    await pool.execute(
        "insert into console_sessions (token, key, expires_at) values ($1, $2, now() + $3::interval)",
        token,
        key,
        LIVES,
    )


async def key_of(pool: asyncpg.Pool, token: bytes) -> bytes | None:
    """The digest of the key that opened a session; None when there is no such session, or it is over."""
    key: bytes | None = await pool.fetchval(
        "select key from console_sessions where token = $1 and expires_at > now()", token
    )
    return key


async def end(pool: asyncpg.Pool, token: bytes) -> None:
    """Close a session, if there is one."""
    await pool.execute("delete from console_sessions where token = $1", token)
