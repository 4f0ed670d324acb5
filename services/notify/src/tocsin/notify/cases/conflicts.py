"""Conflicts: what sources of one case say of the same act and cannot all be right about, side by side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tocsin.contracts import Action, Classification, NoticeClassified
from tocsin.contracts.message import Part
from tocsin.notify.cases.claims import RISING, reached, tells, told_at


class Side(Part):
    """One thing that is said, and by whom: sources by name, in order of telling."""

    says: str
    sources: tuple[str, ...]


class Conflict(Part):
    """Something about which sources differ; the sides are in order of telling and none is preferred."""

    about: str
    sides: tuple[Side, ...]


def conflicts(facts: Iterable[NoticeClassified]) -> tuple[Conflict, ...]:
    """What sources differ about, each by its latest word on an act; silence contradicts nobody."""
    latest: dict[tuple[str, str], NoticeClassified] = {}
    for fact in sorted((one for one in facts if tells(one)), key=told_at):
        if (act := _act(fact)) is not None:
            latest[fact.notice.source.id, act] = fact
    by_act: dict[str, list[NoticeClassified]] = defaultdict(list)
    for (_, act), fact in latest.items():
        by_act[act].append(fact)
    found = [_conflict(act, told, about) for act, told in by_act.items() for about in ASKED]
    return tuple(conflict for conflict in (*_denied(latest.values()), *found) if conflict is not None)


def _act(fact: NoticeClassified) -> str | None:
    """Which act of the measure's life a notice tells of; the imposing, whether rumoured, planned or done."""
    state = reached(fact)
    if state is None:
        return None
    return "imposed" if state in RISING else state.value


def _conflict(act: str, facts: Sequence[NoticeClassified], about: str) -> Conflict | None:
    said = [(fact, ASKED[about](fact.classification)) for fact in sorted(facts, key=told_at)]
    return _differ(f"{about} ({act})", [(fact, words) for fact, words in said if words])


def _denied(facts: Iterable[NoticeClassified]) -> Iterator[Conflict | None]:
    """Whether there is such a measure at all, where somebody denies it."""
    told = sorted(facts, key=told_at)
    if any(fact.classification.action is Action.DENIED for fact in told):
        acts = [(fact, _act(fact)) for fact in told]
        yield _differ("whether it is so", [(fact, act) for fact, act in acts if act in {"imposed", "denied"}])


def _differ(about: str, said: Sequence[tuple[NoticeClassified, str | None]]) -> Conflict | None:
    sides: dict[str, list[str]] = defaultdict(list)
    for fact, words in said:
        sides[words or ""].append(fact.notice.source.name)
    if len(sides) <= 1:
        return None
    return Conflict(about=about, sides=tuple(Side(says=w, sources=tuple(who)) for w, who in sides.items()))


def _targets(said: Classification) -> str:
    return ", ".join(sorted(said.targets))


def _since(said: Classification) -> str:
    return said.effective_at.date().isoformat() if said.effective_at else ""


def _until(said: Classification) -> str:
    return said.ends_at.date().isoformat() if said.ends_at else ""


ASKED = {"whom it hits": _targets, "from when": _since, "until when": _until}
