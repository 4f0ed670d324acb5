"""Trouble with a channel, told to its team on another one, in the transaction that records the trouble."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from tocsin.contracts import SummarySort
from tocsin.notify.store import summaries

CARRIES = """
    select exists (
        select from summaries s join deliveries d on d.summary_id = s.id
        where s.team_id = $1 and s.channel = $2 and s.sort = 'trouble'
          and (d.state = 'pending' or d.state = 'failed' and s.due_at > now() - interval '1 day'))
"""
WELL = """
    select name from unnest($2::text[]) with ordinality o (name, place)
    where not exists (
        select from destinations where team_id = $1 and channel = name and opened_at is not null)
    order by place limit 1
"""
# Two channels of a team that fail at the same moment: the second sees that the first is no place to tell it.
IN_TURN = "select pg_advisory_xact_lock(hashtext('tocsin trouble'), hashtext($1))"
TOLD = "select channel from summaries where team_id = $1 and sort = 'trouble' and key = $2"


async def opened(
    connection: asyncpg.Connection, to: tuple[str, str], others: Sequence[str], at: datetime, why: str
) -> str | None:
    """Tell a team (of team and channel) that one of its channels is away, once an opening.

    It is told on the first of the others that is well; gives which. None when there is none, or when the
    channel itself carries word of another's trouble: nobody is told of trouble with telling of trouble.
    """
    headline = f"Your channel {to[1]} does not take messages"
    lines = (
        f"It failed several times in a row, last with: {why}",
        "What is meant for it waits and is sent, in order, once it is back; it is tried every two minutes.",
        f"Try it with: tocsin channels test {to[0]} {to[1]}",
    )
    return await _tell(connection, to, others, _key(to[1], at), at, headline, lines)


async def closed(
    connection: asyncpg.Connection, to: tuple[str, str], opened_at: datetime, waiting: int
) -> None:
    """Tell whoever was told that it was away that a channel works again, on the channel that told so."""
    carrier = await connection.fetchval(TOLD, to[0], _key(to[1], opened_at))
    if carrier is None:
        return
    messages = "message is" if waiting == 1 else "messages are"
    headline = f"Your channel {to[1]} works again; {waiting} waiting {messages} on the way"
    key = f"{_key(to[1], opened_at)} closed"
    now = await connection.fetchval("select now()")
    await summaries.tell(connection, to[0], carrier, SummarySort.TROUBLE, key, headline, (), now)


async def gone(pool: asyncpg.Pool, to: tuple[str, str], others: Sequence[str], why: str) -> str | None:
    """Tell a team, once a day, that a receiver wants no more messages (410)."""
    async with pool.acquire() as connection, connection.transaction():
        now = await connection.fetchval("select now()")
        headline = f"Your channel {to[1]} wants no more messages"
        lines = (
            f"It answered: {why}",
            "Each alert for it is given up. Declare its new address, or take the channel out.",
            f"What it missed can be sent with: tocsin channels replay {to[0]} {to[1]} --since 1d",
        )
        return await _tell(connection, to, others, f"{to[1]} gone {now:%Y-%m-%d}", now, headline, lines)


async def _tell(  # noqa: PLR0913, PLR0917 - each is a word of what is told, to whom and when
    connection: asyncpg.Connection,
    to: tuple[str, str],
    others: Sequence[str],
    key: str,
    at: datetime,
    headline: str,
    lines: Sequence[str],
) -> str | None:
    team, channel = to
    await connection.execute(IN_TURN, team)
    if await connection.fetchval(CARRIES, team, channel):
        return None
    carrier: str | None = await connection.fetchval(WELL, team, [one for one in others if one != channel])
    if carrier is None:
        return None
    await summaries.tell(connection, team, carrier, SummarySort.TROUBLE, key, headline, lines, at)
    return carrier


def _key(channel: str, opened_at: datetime) -> str:
    return f"{channel} {opened_at.isoformat()}"
