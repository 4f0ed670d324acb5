"""The directory: the teams as last declared, compiled against the catalogue as it stands."""

from collections.abc import Iterable

import asyncpg

from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Channel, Team
from tocsin.notify.names import Names
from tocsin.notify.routing import Subscriber, compile_team
from tocsin.notify.store import teams


class Directory:
    """Who is told, kept current: read again when a version in the store says so."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._version = -1
        self._teams: dict[str, Team] = {}
        self.names = Names(())
        self.subscribers: tuple[Subscriber, ...] = ()

    def know(self, entities: Iterable[Entity]) -> None:
        """A new catalogue: names of watches mean what it says from now on."""
        self.names = Names(entities)
        self._compile()

    async def refresh(self) -> None:
        """Read the teams again if they were declared anew, by whichever replica."""
        version = await teams.version(self._pool)
        if version == self._version:
            return
        self._teams = {team.id: team for team in await teams.read(self._pool)}
        self._version = version
        self._compile()

    def team(self, team: str) -> Team:
        """A team that is told."""
        return self._teams[team]

    def channel(self, team: str, channel: str) -> Channel | None:
        """A channel as it is declared now; None when it has been taken out."""
        found = self._teams.get(team)
        return next((c for c in found.channels if c.name == channel), None) if found else None

    def name_of(self, team: str) -> str:
        """A team's name as people read it; its id when it is retired."""
        found = self._teams.get(team)
        return found.name if found else team

    def _compile(self) -> None:
        self.subscribers = tuple(compile_team(team, self.names) for team in self._teams.values())
