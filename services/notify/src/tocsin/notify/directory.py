"""The directory: the teams as last declared, compiled against the catalogue as it stands."""

import asyncio
import gc
from collections.abc import Iterable

import asyncpg

from tocsin.chassis import logs
from tocsin.contracts import Entity
from tocsin.contracts.channels import Channel
from tocsin.contracts.subscriptions import held
from tocsin.notify import reserved
from tocsin.notify.routing.notthis import NotThis
from tocsin.notify.standing import Standing
from tocsin.notify.store import standings, teams

log = logs.get(__name__)


class Directory:
    """Who is told, kept current: read again when a version in the store says so."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._version = -1
        self._entities: tuple[Entity, ...] = ()
        self._compiled: tuple[Entity, ...] = self._entities
        self._turn = asyncio.Lock()
        self.standing = Standing((), ())

    def know(self, entities: Iterable[Entity]) -> None:
        """A new catalogue: names of watches mean what it says from the next refresh on."""
        self._entities = tuple(entities)

    async def refresh(self) -> Standing:
        """Read the teams again if they were declared anew, by whichever replica, or the catalogue is new.

        Gives what to decide on, which is on record from now on. What takes long is done in a thread: the loop
        goes on, and whoever decides waits.
        """
        async with self._turn:
            entities = self._entities  # another catalogue may come in meanwhile
            version = await teams.version(self._pool)
            if version != self._version or entities is not self._compiled:
                read = await teams.current(self._pool)
                standing = await asyncio.to_thread(compile_standing, read.teams, entities, read.not_this)
                await standings.keep(self._pool, standing)
                self.standing, self._version, self._compiled = standing, read.version, entities
            return self.standing

    def channel(self, team: str, channel: str) -> Channel | None:
        """A channel as it is declared now; None when it has been taken out."""
        if team == reserved.NAME:
            return reserved.RETURN
        found = self.standing.teams.get(team)
        return next((c for c in found.channels if c.name == channel), None) if found else None

    def others(self, team: str, channel: str) -> list[str]:
        """A team's other channels on which people hear of trouble with this one, first declared first."""
        found = self.standing.teams.get(team)
        told = found.told if found else ()
        return [one.name for one in told if one.name != channel and one.kind != "log"]

    def name_of(self, team: str) -> str:
        """A team's name as people read it; its id when it is retired."""
        found = self.standing.teams.get(team)
        return found.name if found else team


def compile_standing(
    declared: Iterable[object], entities: Iterable[Entity], not_this: Iterable[object]
) -> Standing:
    """A standing of rows, with its id.

    Meanwhile no garbage is looked for, nor ever in what was made: to walk it would hold everybody up.
    """
    gc.disable()
    try:
        standing = Standing(map(held, declared), entities, map(NotThis.model_validate, not_this))
        log.info("standing", id=standing.id, teams=len(standing.teams))
        return standing
    finally:
        gc.freeze()
        gc.enable()
