"""Destinations in trouble, as rows: whichever replica meets the trouble, all of them keep to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import asyncpg

from tocsin.notify.pacing.circuit import Circuit, Sign
from tocsin.notify.store import trouble
from tocsin.notify.store.wakeup import WAKE

ENTER = "insert into destinations (team_id, channel) values ($1, $2) on conflict do nothing"
READ = """
    select failures, opened_at, probes, held_until, now() as now
    from destinations where team_id = $1 and channel = $2 for update
"""
AWAY = "given up: the receiver was away for over three days"


class Turn(StrEnum):
    """What an attempt has made of a circuit."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True)
class Said:
    """What an attempt says of its destination: the time that it asked for, and how long it took to say so."""

    sign: Sign
    wish: timedelta | None
    took: timedelta
    why: str = ""


async def note(
    pool: asyncpg.Pool, to: tuple[str, str], said: Said, patience: timedelta, others: Sequence[str] = ()
) -> Turn | None:
    """Write down what an attempt says of a destination (team and channel), and what follows for the rest.

    A circuit that closes lets everything go at once; one that stays open gives up what has waited for longer
    than ``patience``. Both turns are told to the team on the first of the ``others`` that is well.
    """
    team, channel = to
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(ENTER, team, channel)
        row = await connection.fetchrow(READ, team, channel)
        before = Circuit(row["failures"], row["opened_at"], row["probes"], row["held_until"])
        after = before.after(said.sign, row["now"], said.wish, said.took)
        if after == Circuit():
            await connection.execute(
                "delete from destinations where team_id = $1 and channel = $2", team, channel
            )
        else:
            await _keep(connection, team, channel, after)
        if before.opened_at is not None and after.opened_at is None:
            waiting = await _let_go(connection, team, channel)
            await trouble.closed(connection, to, before.opened_at, waiting)
            return Turn.CLOSED
        if before.opened_at is None and after.opened_at is not None:
            await trouble.opened(connection, to, others, after.opened_at, said.why)
            return Turn.OPENED
        if before.opened_at is None:
            return None
        await _give_up(connection, team, channel, patience)
        return None


async def _keep(connection: asyncpg.Connection, team: str, channel: str, circuit: Circuit) -> None:
    await connection.execute(
        """
        update destinations set (failures, opened_at, probes, held_until) = ($3, $4, $5, $6)
        where team_id = $1 and channel = $2
        """,
        team,
        channel,
        circuit.failures,
        circuit.opened_at,
        circuit.probes,
        circuit.held_until,
    )


async def _let_go(connection: asyncpg.Connection, team: str, channel: str) -> int:
    """All that waits is due now, in the order in which it was raised; gives how much that is."""
    done = await connection.execute(
        """
        update deliveries set due_at = now()
        where team_id = $1 and channel = $2 and state = 'pending' and due_at > now()
        """,
        team,
        channel,
    )
    await connection.execute(f"notify {WAKE}")
    return int(done.rpartition(" ")[2])  # `UPDATE 17`


async def _give_up(connection: asyncpg.Connection, team: str, channel: str, patience: timedelta) -> None:
    await connection.execute(
        """
        update deliveries set state = 'failed', last_error = coalesce(last_error, $4)
        where team_id = $1 and channel = $2 and state = 'pending' and asked_at < now() - $3::interval
          and attempts = coalesce(asked_after, 0)
        """,
        team,
        channel,
        patience,
        AWAY,
    )
