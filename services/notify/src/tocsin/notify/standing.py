"""A standing: what decisions stand on, the teams as declared and the catalogue as it was then."""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from tocsin.contracts import Entity, fingerprint
from tocsin.contracts.subscriptions import Team
from tocsin.notify.routing.conditions import Conditions
from tocsin.notify.routing.index import Index
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis
from tocsin.notify.routing.route import compile_team


class Standing:
    """Who is told of what; immutable, and compiled once. Its id is made of its content."""

    def __init__(
        self, teams: Iterable[Team], entities: Iterable[Entity], not_this: Iterable[NotThis] = ()
    ) -> None:
        self.teams = {team.id: team for team in teams}
        self.entities = tuple(sorted(entities, key=lambda entity: entity.id))
        self.not_this = tuple(sorted(not_this, key=lambda one: one.number))
        self.names = Names(self.entities)
        refused: dict[str, list[NotThis]] = defaultdict(list)
        for one in self.not_this:
            refused[one.team].append(one)
        conditions = Conditions(self.names)
        self.subscribers = Index(
            compile_team(team, conditions, refused.get(team.id, ())) for team in self.teams.values()
        )

    @cached_property
    def rows(self) -> tuple[list[Any], list[Any], list[Any]]:
        """Teams, entities and refusals as JSON, for a row."""
        teams = [team.model_dump(mode="json", exclude_defaults=True) for team in self.teams.values()]
        entities = [entity.model_dump(mode="json", exclude_defaults=True) for entity in self.entities]
        return teams, entities, [one.model_dump(mode="json") for one in self.not_this]

    @cached_property
    def id(self) -> str:
        """The same for the same teams, catalogue and refusals, on every replica, an older one included."""
        teams, entities, not_this = self.rows
        parts = [teams, entities, *([not_this] if not_this else [])]
        return fingerprint("standing", *map(_written, parts))

    def channels(self, team: str) -> list[str]:
        """The names of a team's channels to which alerts go."""
        return [channel.name for channel in self.teams[team].told]


def _written(part: list[Any]) -> str:
    """A list as JSON, item by item: written at one go a long one would hold every other thread up."""
    return f"[{', '.join(json.dumps(item, sort_keys=True) for item in part)}]"
