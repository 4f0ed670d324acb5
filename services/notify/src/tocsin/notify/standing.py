"""A standing: what decisions stand on, the teams as declared and the catalogue as it was then."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from tocsin.contracts import Entity, fingerprint
from tocsin.contracts.subscriptions import Team
from tocsin.notify.names import Names
from tocsin.notify.routing import Subscriber, compile_team


class Standing:
    """Who is told of what; immutable, and compiled once. Its id is made of its content."""

    def __init__(self, teams: Iterable[Team], entities: Iterable[Entity]) -> None:
        self.teams = {team.id: team for team in teams}
        self.entities = tuple(sorted(entities, key=lambda entity: entity.id))
        self.names = Names(self.entities)
        self.subscribers: tuple[Subscriber, ...] = tuple(
            compile_team(team, self.names) for team in self.teams.values()
        )

    @cached_property
    def rows(self) -> tuple[list[Any], list[Any]]:
        """Teams and entities as JSON, for a row."""
        teams = [team.model_dump(mode="json", exclude_defaults=True) for team in self.teams.values()]
        return teams, [entity.model_dump(mode="json", exclude_defaults=True) for entity in self.entities]

    @cached_property
    def id(self) -> str:
        """The same for the same teams and catalogue, on every replica."""
        return fingerprint("standing", *(json.dumps(part, sort_keys=True) for part in self.rows))

    def channels(self, team: str) -> list[str]:
        """The names of a team's channels."""
        return [channel.name for channel in self.teams[team].channels]
