"""Addresses that want no more mail from a channel, as rows."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tocsin.notify.links import Reader


@dataclass(frozen=True)
class Unsubscribed:
    """An address that has unsubscribed from a channel, and when."""

    channel: str
    address: str
    at: datetime


async def enter(pool: asyncpg.Pool, reader: Reader) -> None:
    """From now on nothing goes to this address; to say so twice changes nothing."""
    await pool.execute(
        "insert into unsubscribed (team_id, channel, address) values ($1, $2, $3) on conflict do nothing",
        reader.team,
        reader.channel,
        reader.address.lower(),
    )


async def on(pool: asyncpg.Pool, team: str, channel: str) -> frozenset[str]:
    """The addresses that have unsubscribed from one channel, in small letters."""
    rows = await pool.fetch(
        "select address from unsubscribed where team_id = $1 and channel = $2", team, channel
    )
    return frozenset(row["address"] for row in rows)


async def of(pool: asyncpg.Pool, team: str) -> list[Unsubscribed]:
    """Who has unsubscribed from any channel of a team, oldest first."""
    rows = await pool.fetch(
        "select channel, address, at from unsubscribed where team_id = $1 order by at, channel, address", team
    )
    return [Unsubscribed(**row) for row in rows]


async def restore(pool: asyncpg.Pool, team: str, address: str) -> int:
    """Send to an address again, on every channel of a team; gives on how many it had unsubscribed."""
    rows = await pool.fetch(
        "delete from unsubscribed where team_id = $1 and address = $2 returning channel",
        team,
        address.lower(),
    )
    return len(rows)
