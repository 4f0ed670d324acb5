"""Routing: which teams a step is told to, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.contracts import (
    Category,
    EntityId,
    EntityRef,
    Kind,
    NoticeClassified,
    Reason,
    Role,
    Severity,
    StepKind,
)
from tocsin.contracts.subscriptions import Team, Watch
from tocsin.notify.cases import Development, Step
from tocsin.notify.names import Names

ENDINGS = frozenset({StepKind.EASED, StepKind.LIFTED, StepKind.DENIED})


@dataclass(frozen=True)
class Matcher:
    """A watch with its names resolved. ``anything``: it leaves open what is hit."""

    name: str
    entities: frozenset[EntityId]
    above: frozenset[EntityId]  # the families of these: what hits Claude hits Claude Fable 5
    families: tuple[str, ...]
    categories: frozenset[Category]
    jurisdictions: frozenset[str]
    min_severity: Severity
    anything: bool


@dataclass(frozen=True)
class Subscriber:
    """A team that can be matched."""

    team: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True)
class Recipient:
    """A team to tell, why, and what of its own the notice names as spared."""

    team: str
    reasons: tuple[Reason, ...]
    spared: tuple[EntityRef, ...]


Told = Mapping[str, frozenset[EntityId]]  # by team: what of its own earlier alerts of this case were about


def compile_team(team: Team, names: Names) -> Subscriber:
    """Resolve every name of a team's watches; an unknown one is left out (``check`` is what refuses it)."""
    return Subscriber(team.id, tuple(_matcher(watch, names) for watch in team.watches))


def check(watch: Watch, names: Names) -> Iterable[tuple[str, int, str]]:
    """Every name of a watch that the catalogue does not hold: field, position, and what to do."""
    for field, kind in _FIELDS.items():
        for position, name in enumerate(getattr(watch, field)):
            if names.resolve(kind, name) is None:
                yield field, position, _unknown(kind.value, name, names.suggest(kind, name))
    for position, name in enumerate(watch.families):
        if names.family(name) is None:
            yield "families", position, _unknown("family", name, names.suggest(None, name))


def route(news: Development, subscribers: Iterable[Subscriber], told: Told, names: Names) -> list[Recipient]:
    """The teams to tell, each with its reasons.

    An easing, a lift or a denial also reaches every team that was told of what it is about, whatever its
    watches say by now.
    """
    found = (_recipient(news, subscriber, told, names) for subscriber in subscribers)
    return [recipient for recipient in found if recipient is not None]


def _recipient(news: Development, subscriber: Subscriber, told: Told, names: Names) -> Recipient | None:
    matches = (_match(matcher, news, names) for matcher in subscriber.matchers)
    reasons = tuple(reason for reason in matches if reason is not None)
    if not reasons and news.step.kind in ENDINGS:
        reasons = _owed(news.step, told.get(subscriber.team, frozenset()))
    if not reasons:
        return None
    hit = {ref.id for ref in news.step.subjects}
    spared = tuple(
        EntityRef(id=mention.id, name=mention.name, kind=mention.kind)
        for mention in news.fact.classification.entities
        if mention.role is Role.MENTIONED
        and mention.id not in hit
        and any(_watches(matcher, mention.id, names) for matcher in subscriber.matchers)
    )
    return Recipient(subscriber.team, reasons, spared)


def _match(matcher: Matcher, news: Development, names: Names) -> Reason | None:
    said = news.fact.classification
    if news.step.severity.rank < matcher.min_severity.rank:
        return None
    if matcher.categories and not matcher.categories & {news.case.category, said.category}:
        return None
    if matcher.jurisdictions and not matcher.jurisdictions & {*news.case.jurisdictions, *said.jurisdictions}:
        return None
    hits = tuple(ref for ref in news.step.subjects if _watches(matcher, ref.id, names))
    if not hits and not matcher.anything:
        return None
    return Reason(watch=matcher.name, because=_because(matcher, hits, news.fact), entities=hits)


def _watches(matcher: Matcher, entity: EntityId, names: Names) -> bool:
    return (
        entity in matcher.entities
        or entity in matcher.above
        or any(names.in_family(entity, family) for family in matcher.families)
    )


def _because(matcher: Matcher, hits: tuple[EntityRef, ...], fact: NoticeClassified) -> str:
    if not hits:
        topics = sorted({c.value.replace("_", " ") for c in matcher.categories} | matcher.jurisdictions)
        return f"You watch {' and '.join(topics)} (watch “{matcher.name}”)."
    first = hits[0]
    wider = first.id in matcher.above and first.id not in matcher.entities
    watched = f"a model of the family {first.name}" if wider else f"the {first.kind.value} {first.name}"
    return f"You watch {watched} (watch “{matcher.name}”); {_where(first, fact)}."


def _where(ref: EntityRef, fact: NoticeClassified) -> str:
    mention = next((m for m in fact.classification.entities if m.id == ref.id), None)
    if mention is None:
        return "the case is about it"
    if not mention.spans:
        return "it makes what the notice names"
    fields = {span.field for span in mention.spans}
    return "it is named in the title" if "title" in fields else "it is named in the text"


def _owed(step: Step, earlier: frozenset[EntityId]) -> tuple[Reason, ...]:
    again = [ref for ref in step.subjects if ref.id in earlier]
    products = tuple(ref for ref in again if ref.kind is not Kind.VENDOR) or tuple(again)
    if not products:
        return ()
    because = f"You were told when {products[0].name} was hit."
    return (Reason(watch="", because=because, entities=products),)


_FIELDS = {"models": Kind.MODEL, "vendors": Kind.VENDOR, "chips": Kind.CHIP}


def _matcher(watch: Watch, names: Names) -> Matcher:
    named = [(kind, name) for field, kind in _FIELDS.items() for name in getattr(watch, field)]
    entities = _resolved(named, names)
    families = _resolved([(Kind.MODEL, family) for family in watch.families], names)
    return Matcher(
        name=watch.name,
        entities=entities,
        above=frozenset[EntityId]().union(*(names.above(entity) for entity in entities | families)),
        families=watch.families,
        categories=frozenset(watch.categories),
        jurisdictions=frozenset(code.upper() for code in watch.jurisdictions),
        min_severity=watch.min_severity,
        anything=not (watch.models or watch.families or watch.vendors or watch.chips),
    )


def _resolved(named: Iterable[tuple[Kind, str]], names: Names) -> frozenset[EntityId]:
    found = (names.resolve(kind, name) for kind, name in named)
    return frozenset(entity for entity in found if entity is not None)


def _unknown(kind: str, name: str, suggestion: str | None) -> str:
    hint = f"did you mean {suggestion!r}?" if suggestion else "`tocsin catalogue find` shows what is known"
    return f"the catalogue knows no {kind} {name!r}: {hint}"
