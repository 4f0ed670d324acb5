"""Routing: which teams a step is told to, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.contracts import EntityId, EntityRef, Kind, NoticeClassified, Reason, Role, StepKind
from tocsin.contracts.subscriptions import Team
from tocsin.notify.cases.filing import Development, Step
from tocsin.notify.routing.conditions import Condition, Conditions
from tocsin.notify.routing.index import Index, Matcher, Subscriber
from tocsin.notify.routing.matching import Refs, match, without
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis, Sort

ENDINGS = frozenset({StepKind.EASED, StepKind.LIFTED, StepKind.DENIED})


@dataclass(frozen=True)
class Recipient:
    """A team to tell, why, and what of its own the notice names as spared."""

    team: str
    reasons: tuple[Reason, ...]
    spared: Refs


Told = Mapping[str, frozenset[EntityId]]  # by team: what of its own earlier alerts of this case were about


def compile_team(team: Team, conditions: Conditions, not_this: Iterable[NotThis] = ()) -> Subscriber:
    """A team with its watches resolved; an unknown name is left out (``conditions.check`` refuses it)."""
    matchers = tuple(Matcher(watch.name, conditions.of(watch)) for watch in team.watches)
    return Subscriber(team.id, matchers, tuple(not_this))


def route(news: Development, subscribers: Index, told: Told, names: Names) -> list[Recipient]:
    """The teams to tell, each with its reasons.

    An easing, a lift or a denial also reaches every team that was told of what it is about, whatever its
    watches say by now, and whatever it has refused.
    """
    matched = subscribers.matched(news, told if news.step.kind in ENDINGS else (), names)
    beside = _beside(news)
    found = (
        reasons(news, one, matched.hits, told.get(one.team, frozenset()), names)
        for one in matched.subscribers
    )
    return [
        Recipient(subscriber.team, why, _spared(subscriber, beside, names))
        for subscriber, why in zip(matched.subscribers, found, strict=True)
        if why
    ]


def reasons(
    news: Development,
    subscriber: Subscriber,
    hits: Mapping[Condition, Refs],
    earlier: frozenset[EntityId],
    names: Names,
) -> tuple[Reason, ...]:
    """Why a team is told; empty when it is not. ``hits`` is what its conditions match on, if any does."""
    if subscriber.not_this:
        hits = wanted(news, subscriber, names)
    found = tuple(
        Reason(watch=matcher.name, because=_because(matcher, refs, news.fact), entities=refs)
        for matcher in subscriber.matchers
        if (refs := hits.get(matcher.condition)) is not None
    )
    if not found and news.step.kind in ENDINGS:
        return owed(news.step, earlier)
    return found


def wanted(news: Development, subscriber: Subscriber, names: Names) -> dict[Condition, Refs]:
    """What the watches of a team match on, without what it has refused."""
    if any(refused(one, news) for one in subscriber.not_this):
        return {}
    things = {one.thing for one in subscriber.not_this if one.sort is Sort.ENTITY}
    about = without(news.step.subjects, things.__contains__)
    found = {one.condition: match(one.condition, news, about, names) for one in subscriber.matchers}
    return {condition: refs for condition, refs in found.items() if refs is not None}


def refused(one: NotThis, news: Development) -> bool:
    """Whether a refusal is of this case or source: then it hides the step, whatever that is about."""
    if one.sort is Sort.CASE:
        return one.thing == news.case.id
    return one.sort is Sort.SOURCE and one.thing == news.fact.notice.source.id


def owed(step: Step, earlier: frozenset[EntityId]) -> tuple[Reason, ...]:
    """The reason to tell the end of what a team was told of; none when it was not."""
    again = [ref for ref in step.subjects if ref.id in earlier]
    things = tuple(ref for ref in again if ref.kind is not Kind.VENDOR) or tuple(again)
    if not things:
        return ()
    because = f"You were told when {things[0].name} was hit."
    return (Reason(watch="", because=because, entities=things),)


def _beside(news: Development) -> Refs:
    """What a notice names without its being hit."""
    hit = {ref.id for ref in news.step.subjects}
    return tuple(
        EntityRef(id=mention.id, name=mention.name, kind=mention.kind)
        for mention in news.fact.classification.entities
        if mention.role is Role.MENTIONED and mention.id not in hit
    )


def _spared(subscriber: Subscriber, beside: Refs, names: Names) -> Refs:
    conditions = [matcher.condition for matcher in subscriber.matchers] if beside else []
    return tuple(
        ref
        for ref in beside
        if any(one.hit_by(ref.id, names) and not one.excludes(ref.id, names) for one in conditions)
    )


def _because(matcher: Matcher, hits: Refs, fact: NoticeClassified) -> str:
    things, topic = matcher.condition.things, matcher.condition.topic
    if not hits:
        topics = sorted({c.value.replace("_", " ") for c in topic.categories} | topic.jurisdictions)
        return f"You watch {' and '.join(topics)} (watch “{matcher.name}”)."
    first = hits[0]
    wider = first.id in matcher.condition.above and first.id not in things.entities
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
