"""The index: from what a step is about to the watches that may ask for it, without asking each of them."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from tocsin.contracts import Category, EntityId
from tocsin.notify.cases.filing import Development
from tocsin.notify.routing.conditions import Condition
from tocsin.notify.routing.matching import Refs, categories, jurisdictions, match
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis


@dataclass(frozen=True, slots=True)
class Matcher:
    """A watch of a team."""

    name: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A team that can be matched, and what it has refused."""

    team: str
    matchers: tuple[Matcher, ...]
    not_this: tuple[NotThis, ...] = ()


@dataclass(frozen=True)
class Matched:
    """The subscribers that a step may concern, in order, and what each condition matched on."""

    subscribers: tuple[Subscriber, ...]
    hits: Mapping[Condition, Refs]


class Index:
    """Subscribers by what their watches ask for; immutable.

    A condition is kept once, however many watches share it: a step costs as much as there are different
    conditions that may match, and teams that do.
    """

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        self._subscribers = tuple(subscribers)
        self._places = {subscriber.team: place for place, subscriber in enumerate(self._subscribers)}
        self._holders: dict[Condition, array[int]] = {}
        self._by_entity: dict[EntityId, list[Condition]] = defaultdict(list)
        self._by_family: dict[str, list[Condition]] = defaultdict(list)
        self._by_topic: dict[tuple[Category | None, str | None], list[Condition]] = defaultdict(list)
        for place, subscriber in enumerate(self._subscribers):
            for condition in {matcher.condition: None for matcher in subscriber.matchers}:
                self._hold(condition, place)

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(self._subscribers)

    def __len__(self) -> int:
        return len(self._subscribers)

    def get(self, team: str) -> Subscriber | None:
        """A team, if it is among them."""
        place = self._places.get(team)
        return None if place is None else self._subscribers[place]

    def matched(self, news: Development, also: Iterable[str], names: Names) -> Matched:
        """Those with a watch that matches a step, and besides these the teams of ``also``."""
        found = ((one, match(one, news, news.step.subjects, names)) for one in self._asked(news, names))
        hits = {condition: refs for condition, refs in found if refs is not None}
        places = {place for condition in hits for place in self._holders[condition]}
        places.update(self._places[team] for team in also if team in self._places)
        return Matched(tuple(self._subscribers[place] for place in sorted(places)), hits)

    def _hold(self, condition: Condition, place: int) -> None:
        held = self._holders.get(condition)
        if held is not None:
            held.append(place)
            return
        self._holders[condition] = array("I", (place,))
        for entity in condition.things.entities | condition.above:
            self._by_entity[entity].append(condition)
        for family in condition.things.families:
            self._by_family[family].append(condition)
        if condition.anything:
            topic = condition.topic
            for key in product(topic.categories or (None,), topic.jurisdictions or (None,)):
                self._by_topic[key].append(condition)

    def _asked(self, news: Development, names: Names) -> dict[Condition, None]:
        """Every condition that may match; each once."""
        ids = [ref.id for ref in news.step.subjects]
        families = {family for entity in ids for family in names.families_of(entity)}
        topics = product((*categories(news), None), (*jurisdictions(news), None))
        lists = [
            *(self._by_entity.get(entity, ()) for entity in ids),
            *(self._by_family.get(family, ()) for family in families),
            *(self._by_topic.get(topic, ()) for topic in topics),
        ]
        return {condition: None for some in lists for condition in some}
