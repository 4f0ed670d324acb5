"""API keys as rows. A key itself is kept nowhere: only its SHA-256.

A fast hash is right here. A slow one makes guessing dear where people choose the secret; these are 256 random
bits, of which no guess is ever right, and every call has to be checked.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from tocsin.notify.access import Caller, Scope

PREFIX = "tocsin_"  # what a scanner for leaked secrets looks for
SHAPE = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
COARSE = timedelta(hours=1)  # a key that is used all day is written down once an hour
SHOWN = "id, label, scope, team, made_at, made_by, expires_at, last_used_at, revoked_at"
HOLDS = "revoked_at is null and (expires_at is null or expires_at > now())"

Row = dict[str, Any]  # a key as it is shown: without its hash


@dataclass(frozen=True)
class Wanted:
    """A key to make; ``team`` for scope team and no other."""

    label: str
    scope: Scope
    team: str | None = None
    lives: timedelta | None = None  # None: for ever


@dataclass(frozen=True)
class Made:
    """A new key; ``key`` is seen here and never again."""

    key: str
    row: Row


async def find(pool: asyncpg.Pool, key: str) -> Caller | None:
    """Whose key this is; None when it is none of ours, revoked, expired, or its team is retired."""
    return await holder(pool, digest_of(key)) if SHAPE.fullmatch(key) else None


async def holder(pool: asyncpg.Pool, digest: bytes) -> Caller | None:
    """Whose the key of this SHA-256 is, as ``find`` says.

    The row is found by the digest, which a caller cannot steer, and compared in constant time.
    """
    row = await pool.fetchrow(
        f"""
        select id, label, hash, scope, team,
          last_used_at is null or last_used_at < now() - $2::interval as stale
        from api_keys k where hash = $1 and {HOLDS}
          and (team is null or exists (select from teams t where t.id = k.team and not retired))
        """,  # noqa: S608 # constants of ours
        digest,
        COARSE,
    )
    if row is None or not hmac.compare_digest(row["hash"], digest):
        return None
    if row["stale"]:
        await pool.execute("update api_keys set last_used_at = now() where id = $1", row["id"])
    return Caller(f"{row['label']} ({row['id']})", Scope(row["scope"]), row["team"])


async def make(pool: asyncpg.Pool | asyncpg.Connection, wanted: Wanted, by: str) -> Made | None:
    """A new key; None when its team is not declared."""
    key = PREFIX + secrets.token_hex(32)
    row = await pool.fetchrow(
        f"""
        insert into api_keys (id, label, hash, scope, team, made_by, lives, expires_at)
        select $1, $2, $3, $4, $5, $6, $7::interval, now() + $7
        where $5::text is null or exists (select from teams where id = $5 and not retired)
        returning {SHOWN}
        """,  # noqa: S608 # constants of ours
        f"key-{secrets.token_hex(6)}",
        wanted.label,
        digest_of(key),
        wanted.scope,
        wanted.team,
        by,
        wanted.lives,
    )
    return Made(key, dict(row)) if row else None


async def rotate(pool: asyncpg.Pool, name: str, overlap: timedelta, by: str) -> Made | None:
    """A new key like an old one, which holds for ``overlap`` longer; None when none of that id holds.

    The new one is made to live as long as the old one was.
    """
    async with pool.acquire() as connection, connection.transaction():
        old = await connection.fetchrow(
            f"select label, scope, team, lives from api_keys where id = $1 and {HOLDS} for update",  # noqa: S608 # constants of ours
            name,
        )
        if old is None:
            return None
        await connection.execute(
            "update api_keys set expires_at = least(expires_at, now() + $2::interval) where id = $1",
            name,
            overlap,
        )
        wanted = Wanted(old["label"], Scope(old["scope"]), old["team"], old["lives"])
        return await make(connection, wanted, by)


async def revoke(pool: asyncpg.Pool, name: str) -> Row | None:
    """A key holds no longer, at once; None when none of that id holds."""
    row = await pool.fetchrow(
        f"update api_keys set revoked_at = now() where id = $1 and {HOLDS} returning {SHOWN}",  # noqa: S608 # constants of ours
        name,
    )
    return dict(row) if row else None


async def listed(pool: asyncpg.Pool) -> list[Row]:
    """Every key there ever was, newest first."""
    rows = await pool.fetch(f"select {SHOWN} from api_keys order by made_at desc, id")  # noqa: S608 # constants of ours
    return [dict(row) for row in rows]


def digest_of(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).digest()
