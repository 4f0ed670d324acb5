"""Waking up when another transaction has work: PostgreSQL's LISTEN."""

import asyncio
from typing import Protocol

import asyncpg
from pydantic import SecretStr

from tocsin.chassis import logs
from tocsin.chassis.lifetime import insist

WAKE = "tocsin_deliveries"  # what is notified on commit

log = logs.get(__name__)


class Ringing(Protocol):
    """What can be rung: an ``asyncio.Event``, say."""

    def set(self) -> None:
        """Ring it."""


async def listen(url: SecretStr, *events: Ringing) -> None:
    """Set the events whenever alerts have been raised; for ever, on a connection of its own.

    A lost connection is made anew, and wakes everybody: something may have been missed.
    """

    def wake(*_: object) -> None:
        for event in events:
            event.set()

    async def connect() -> asyncpg.Connection:
        connection = await asyncpg.connect(url.get_secret_value())
        try:
            await connection.add_listener(WAKE, wake)
        except BaseException:
            connection.terminate()
            raise
        return connection

    while True:
        connection = await insist("wake-up", connect)
        try:
            wake()
            await _lost(connection)
            log.warning("wake-up connection lost")
        finally:
            connection.terminate()  # there is nothing to say good-bye for, and nobody may be there to hear it


async def _lost(connection: asyncpg.Connection) -> None:
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    if not connection.is_closed():
        await lost.wait()
