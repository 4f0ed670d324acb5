"""Why a team is told a step, or is not: each watch, each thing it asks for, and what the step had."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.contracts import Action, Category, Certainty, EntityId, EntityRef, NoticeClassified, Role
from tocsin.notify.cases.filing import Case, Development
from tocsin.notify.routing.conditions import Condition
from tocsin.notify.routing.index import Subscriber
from tocsin.notify.routing.matching import Refs, categories, jurisdictions, match, without
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis, Sort
from tocsin.notify.routing.route import reasons, refused, wanted

NAMED = "models, families, vendors, chips"  # what a watch says of what must be hit
OPEN = "whatever is hit"


@dataclass(frozen=True)
class Check:
    """One thing that a watch asks for, by its field in teams.yaml, and whether the step has it."""

    asks: str
    holds: bool
    because: str


@dataclass(frozen=True)
class Verdict:
    """What became of a watch: it matches when all of its checks hold."""

    watch: str
    matches: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Explanation:
    """Whether a team is told a step, the sentence that says why, and what that follows from."""

    told: bool
    because: str
    watches: tuple[Verdict, ...]
    not_this: tuple[NotThis, ...]  # of the team's refusals those that concern the step


def explain_routing(
    news: Development, subscriber: Subscriber, earlier: frozenset[EntityId], names: Names
) -> Explanation:
    """Why ``route`` tells a team this step, or does not. ``earlier``: what its alerts of the case were about.

    Entities that the team has refused count for nothing in the watches; a case or source that it has
    refused hides the step whatever they say.
    """
    why = reasons(news, subscriber, wanted(news, subscriber, names), earlier, names)
    things = {one.thing for one in subscriber.not_this if one.sort is Sort.ENTITY}
    about = without(news.step.subjects, things.__contains__)
    verdicts = []
    for matcher in subscriber.matchers:
        checks = tuple(_checks(matcher.condition, news, about, names))
        matches = match(matcher.condition, news, about, names) is not None
        verdicts.append(Verdict(matcher.name, matches, checks))
    hit = {ref.id for ref in news.step.subjects}
    concern = tuple(one for one in subscriber.not_this if refused(one, news) or one.thing in hit)
    because = why[0].because if why else _because_not(concern)
    return Explanation(bool(why), because, tuple(verdicts), concern)


def why_aside(fact: NoticeClassified) -> str | None:
    """Why a notice opens and joins no case; None when it reports an act."""
    said = fact.classification
    if said.category is Category.NOT_REGULATORY:
        return "it is nothing regulatory"
    if said.action is Action.NONE:
        return "it reports no act"
    if said.certainty is Certainty.OPINION:
        return "it is an opinion: what is only argued for tells nobody anything"
    return None


def why_folded(case: Case, joined: str) -> str:
    """Why a notice that is in a case was no step of it. ``joined``: why it is in it."""
    standing = case.state.replace("_", " ")
    return f"it is folded into {case.ref} ({joined}), and says nothing new: that is {standing}"


def _because_not(refusals: Iterable[NotThis]) -> str:
    said = [f"not this {one.sort}, said {one.author}: {one.reason}" for one in refusals]
    return "; ".join(said) if said else "no watch of the team matches"


def _checks(condition: Condition, news: Development, about: Refs, names: Names) -> Iterator[Check]:
    asked, had = condition.min_severity, news.step.severity
    enough = had.rank >= asked.rank
    yield Check("min_severity", enough, f"the step is {had}, and {asked} is asked for, or graver")
    grounds, places = categories(news), jurisdictions(news)
    for field, wants, has in (
        ("categories", condition.topic.categories, grounds),
        ("jurisdictions", condition.topic.jurisdictions, places),
    ):
        if wants:
            yield Check(field, not wants.isdisjoint(has), f"it is {_named(has)}; asked for: {_named(wants)}")
    for field, wants, has in (
        ("not.categories", condition.other_topic.categories, grounds),
        ("not.jurisdictions", condition.other_topic.jurisdictions, places),
    ):
        if wants:
            yield Check(field, wants.isdisjoint(has), f"it is {_named(has)}; not meant: {_named(wants)}")
    yield _entities(condition, news, about, names)


def _entities(condition: Condition, news: Development, about: Refs, names: Names) -> Check:
    subject = f"the step is about {_refs(news.step.subjects)}"
    out = [ref for ref in news.step.subjects if ref not in about or condition.excludes(ref.id, names)]
    if out:
        subject += f", of which {_refs(out)} does not count"
    meant = without(about, lambda entity: condition.excludes(entity, names))
    if condition.anything:
        return Check(OPEN, bool(meant) or not news.step.subjects, f"{subject}; whatever is hit is watched")
    hits = [ref for ref in meant if condition.hit_by(ref.id, names)]
    if hits:
        return Check(NAMED, holds=True, because=f"{subject}; {_refs(hits)} is watched")
    beside = [
        mention.name
        for mention in news.fact.classification.entities
        if mention.role is Role.MENTIONED and condition.hit_by(mention.id, names)
    ]
    named = f"; {', '.join(beside)} is named, and not what the act is about" if beside else ""
    return Check(NAMED, holds=False, because=f"{subject}; nothing of that is watched{named}")


def _refs(refs: Iterable[EntityRef]) -> str:
    return ", ".join(ref.name for ref in refs) or "nothing in particular"


def _named(values: Iterable[str]) -> str:
    return ", ".join(sorted(str(value).replace("_", " ") for value in values)) or "not stated"
