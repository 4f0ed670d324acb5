"""Claims: what one notice, taken alone, says of a measure: what it hits, and where that stands."""

from datetime import datetime, time, timedelta

from tocsin.contracts import (
    Action,
    CaseState,
    Category,
    Certainty,
    EntityRef,
    Kind,
    NoticeClassified,
    Role,
    Severity,
    Stage,
    Tier,
)

RISING = (CaseState.RUMOURED, CaseState.REPORTED, CaseState.PROPOSED, CaseState.IN_FORCE)
ENDINGS = frozenset({Action.EASED, Action.LIFTED, Action.WITHDRAWN, Action.DENIED})
CLOSE = frozenset({Tier.OFFICIAL, Tier.PARTY})  # those who act, and those who are hit


def tells(fact: NoticeClassified) -> bool:
    """Whether a notice reports an act at all: comment and everyday matter open and join no case."""
    said = fact.classification
    return (
        said.category is not Category.NOT_REGULATORY
        and said.action is not Action.NONE
        and said.certainty is not Certainty.OPINION
    )


def reached(fact: NoticeClassified) -> CaseState | None:
    """The state that a notice claims for what it is about; None when it claims no new one.

    A plan to ease or lift is no easing; a community post alone neither ends a measure nor proves it.
    """
    said, tier = fact.classification, fact.notice.source.tier
    if said.action in ENDINGS:
        if said.stage is not Stage.DONE or said.certainty is Certainty.RUMOURED or tier is Tier.COMMUNITY:
            return None
        return {
            Action.EASED: CaseState.EASED,
            Action.DENIED: CaseState.DENIED,
        }.get(said.action, CaseState.LIFTED)
    if said.certainty is Certainty.RUMOURED:
        return CaseState.RUMOURED
    if said.action is Action.PROPOSED or said.stage is not Stage.DONE:
        return CaseState.PROPOSED
    if said.certainty is Certainty.REPORTED or tier is Tier.COMMUNITY:
        return CaseState.REPORTED
    return CaseState.IN_FORCE


def subjects(fact: NoticeClassified) -> tuple[EntityRef, ...]:
    """The models, chips and vendors that the act is about, makers of named models included."""
    return tuple(
        EntityRef(id=mention.id, name=mention.name, kind=mention.kind)
        for mention in fact.classification.entities
        if mention.role is Role.SUBJECT and mention.kind is not Kind.AUTHORITY
    )


def products(refs: tuple[EntityRef, ...]) -> tuple[EntityRef, ...]:
    """The models and chips among entities."""
    return tuple(ref for ref in refs if ref.kind in {Kind.MODEL, Kind.CHIP})


def objects(fact: NoticeClassified) -> tuple[EntityRef, ...]:
    """What the act hits: the models and chips, or the vendors where it names neither."""
    return products(subjects(fact)) or subjects(fact)


def told_at(fact: NoticeClassified) -> datetime:
    """When the act was told: the source's own word, but never later than we saw it.

    Midnight is a date without an hour: what ends something may have been told at any hour of that day, and
    must not count as older than what was said in the morning.
    """
    said = fact.notice.updated_at or fact.notice.published_at or fact.notice.first_seen_at
    if fact.classification.action in ENDINGS and said.time() == time():
        said += timedelta(days=1)
    return min(said, fact.notice.first_seen_at)


def severity(fact: NoticeClassified, state: CaseState) -> Severity:
    """How much a step to this state matters: easings, lifts and denials wake nobody."""
    stated = fact.classification.severity
    if stated is Severity.CRITICAL and state not in RISING:
        return Severity.HIGH
    return stated
