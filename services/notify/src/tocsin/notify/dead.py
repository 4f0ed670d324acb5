"""Dead subscriptions: what teams declared, and can be shown never to tell them anything."""

import re
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

from tocsin.contracts import Category, Entity, Kind
from tocsin.contracts.message import Part
from tocsin.contracts.subscriptions import Team, Watch
from tocsin.notify.routing.conditions import Condition, Conditions, check
from tocsin.notify.routing.names import Names

PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166, EU, or US-CA: what a notice can name

Place = tuple[str, str]  # team and channel


class Flaw(StrEnum):
    """What is dead."""

    WATCH = "watch"  # it can never match
    NAME = "name"  # the catalogue has no such thing, so that this part of a watch matches nothing
    UNPROVEN = "unproven"  # a channel on which nothing ever arrived, nor any test
    FAILING = "failing"  # every channel of the team is given up for now
    SILENT = "silent"  # the team has no channel: only the alerts topic has what it would be told


class Finding(Part):
    """One thing that is dead, and what to do about it."""

    team: str
    flaw: Flaw
    name: str  # of the watch or channel; of a team, its id
    says: str


def of_watches(teams: Iterable[Team], names: Names, entities: Collection[Entity]) -> list[Finding]:
    """Watches that can never match, and names in the others that nothing has; only what can be proven."""
    conditions = Conditions(names)
    return [
        finding
        for team in teams
        for watch in team.watches
        for finding in _of_watch(team.id, watch, conditions.of(watch), names, entities)
    ]


def of_channels(
    teams: Iterable[Team], proven: Collection[Place], failing: Collection[Place]
) -> list[Finding]:
    """Teams and channels that nothing reaches."""
    return [finding for team in teams for finding in _of_team(team, proven, failing)]


def _of_watch(
    team: str, watch: Watch, asks: Condition, names: Names, entities: Collection[Entity]
) -> Iterator[Finding]:
    why = _impossible(asks) or _hits_nothing(asks, names, entities)
    if why is not None:
        yield Finding(
            team=team, flaw=Flaw.WATCH, name=watch.name, says=f"watch “{watch.name}” can never match: {why}"
        )
        return
    for at, says in check(watch, names):
        if at[0] != "not":
            yield Finding(team=team, flaw=Flaw.NAME, name=watch.name, says=f"watch “{watch.name}”: {says}")


def _impossible(asks: Condition) -> str | None:
    """Why what it asks of ground and jurisdiction is never so."""
    topic, other = asks.topic, asks.other_topic
    if topic.categories and topic.categories <= other.categories:
        return "its `not` takes back every category that it asks for"
    if topic.jurisdictions and topic.jurisdictions <= other.jurisdictions:
        return "its `not` takes back every jurisdiction that it asks for"
    if topic.categories == {Category.NOT_REGULATORY}:
        return "what is not regulatory tells nobody anything"
    odd = sorted(code for code in topic.jurisdictions if not PLACE.fullmatch(code))
    if odd and len(odd) == len(topic.jurisdictions):
        return f"{', '.join(odd)} is no jurisdiction: write ISO 3166 codes, EU, or US-CA"
    return None


def _hits_nothing(asks: Condition, names: Names, entities: Collection[Entity]) -> str | None:
    """Why nothing in the catalogue is what it asks for."""
    if asks.anything:
        return None
    hit = [one.id for one in entities if one.kind is not Kind.AUTHORITY and asks.hit_by(one.id, names)]
    if not hit:
        return "the catalogue has nothing of what it names: see tocsin catalogue find"
    if all(asks.excludes(entity, names) for entity in hit):
        return "its `not` takes back everything that it names"
    return None


def _of_team(team: Team, proven: Collection[Place], failing: Collection[Place]) -> Iterator[Finding]:
    if not team.channels:
        yield Finding(
            team=team.id,
            flaw=Flaw.SILENT,
            name=team.id,
            says="the team has no channel: unless somebody reads its part of the alerts topic, declare one",
        )
        return
    if all((team.id, one.name) in failing for one in team.channels):
        yield Finding(
            team=team.id,
            flaw=Flaw.FAILING,
            name=team.id,
            says="every channel of the team fails: see tocsin deliveries --state failed",
        )
    for one in team.channels:
        if one.kind != "log" and (team.id, one.name) not in proven:
            cure = f"try it: tocsin channels test {team.id} {one.name}"
            yield Finding(
                team=team.id,
                flaw=Flaw.UNPROVEN,
                name=one.name,
                says=f"nothing ever arrived on channel {one.name!r}, nor any test: {cure}",
            )
