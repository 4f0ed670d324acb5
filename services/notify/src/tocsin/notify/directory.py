"""The directory: the teams as last declared, compiled against the catalogue as it stands."""

from collections.abc import Iterable

import asyncpg

from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Channel
from tocsin.notify import reserved
from tocsin.notify.standing import Standing
from tocsin.notify.store import standings, teams


class Directory:
    """Who is told, kept current: read again when a version in the store says so."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._version = -1
        self._kept: str | None = None
        self.standing = Standing((), ())

    def know(self, entities: Iterable[Entity]) -> None:
        """A new catalogue: names of watches mean what it says from now on."""
        self.standing = Standing(self.standing.teams.values(), entities)

    async def refresh(self) -> Standing:
        """Read the teams again if they were declared anew, by whichever replica.

        Gives what to decide on, which is on record from now on.
        """
        if await teams.version(self._pool) != self._version:
            self._version, declared = await teams.current(self._pool)
            self.standing = Standing(declared, self.standing.entities)
        standing = self.standing  # another catalogue may come in while we write
        if self._kept != standing.id:
            await standings.keep(self._pool, standing)
            self._kept = standing.id
        return standing

    def channel(self, team: str, channel: str) -> Channel | None:
        """A channel as it is declared now; None when it has been taken out."""
        if team == reserved.NAME:
            return reserved.RETURN
        found = self.standing.teams.get(team)
        return next((c for c in found.channels if c.name == channel), None) if found else None

    def name_of(self, team: str) -> str:
        """A team's name as people read it; its id when it is retired."""
        found = self.standing.teams.get(team)
        return found.name if found else team
