"""Matching: whether what a step is about is what a condition asks for."""

from collections.abc import Callable

from tocsin.contracts import Category, EntityId, EntityRef
from tocsin.notify.cases.claims import products
from tocsin.notify.cases.filing import Development
from tocsin.notify.routing.conditions import Condition
from tocsin.notify.routing.names import Names

Refs = tuple[EntityRef, ...]


def match(condition: Condition, news: Development, about: Refs, names: Names) -> Refs | None:
    """What a condition matches on, of what is left to tell about; None when it does not match.

    Empty where it leaves open what is hit.
    """
    if news.step.severity.rank < condition.min_severity.rank:
        return None
    topic, other = condition.topic, condition.other_topic
    if topic.categories and topic.categories.isdisjoint(categories(news)):
        return None
    if topic.jurisdictions and topic.jurisdictions.isdisjoint(jurisdictions(news)):
        return None
    if not (
        other.categories.isdisjoint(categories(news)) and other.jurisdictions.isdisjoint(jurisdictions(news))
    ):
        return None
    meant = without(about, lambda entity: condition.excludes(entity, names))
    if condition.anything:
        return () if meant or not news.step.subjects else None
    return tuple(ref for ref in meant if condition.hit_by(ref.id, names)) or None


def without(about: Refs, out: Callable[[EntityId], bool]) -> Refs:
    """What is left without some; makers stand for what they make, and go with the last of it."""
    kept = tuple(ref for ref in about if not out(ref.id))
    return kept if products(kept) or not products(about) else ()


def categories(news: Development) -> set[Category]:
    """The legal ground by the case and by the notice."""
    return {news.case.category, news.fact.classification.category}


def jurisdictions(news: Development) -> set[str]:
    """Who acts by the case and by the notice."""
    return {*news.case.jurisdictions, *news.fact.classification.jurisdictions}
