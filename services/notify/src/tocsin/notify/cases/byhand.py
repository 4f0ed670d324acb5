"""By hand: what becomes of cases that a person merges or splits, worked out again from their notices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.contracts import NoticeClassified
from tocsin.notify.cases.case import Case
from tocsin.notify.cases.claims import RISING, objects, reached
from tocsin.notify.cases.filing import advance, open_case


class Impossible(ValueError):
    """What a person asks for leaves no case behind. The words say what to do; again changes nothing."""


@dataclass(frozen=True)
class Heard:
    """A notice of a case; ``apart`` is what it names and another case that it is in answers for."""

    fact: NoticeClassified
    apart: frozenset[str] = frozenset()


def shared(fact: NoticeClassified, own: Iterable[Case], others: Iterable[Case]) -> Heard:
    """A notice of these cases that is in others too: those answer for what they alone hold.

    What ends something ends it everywhere.
    """
    if reached(fact) not in {None, *RISING}:
        return Heard(fact)
    held = {thing for case in own for thing in case.states}
    named = {ref.id for ref in objects(fact)}
    return Heard(fact, frozenset(named & {thing for case in others for thing in case.states} - held))


def replay(heard: Sequence[Heard]) -> Case | None:
    """The case that these notices tell of, heard one after the other; None when none of them opens one."""
    first = next((place for place, one in enumerate(heard) if open_case(one.fact) is not None), None)
    opened = open_case(heard[first].fact) if first is not None else None
    if first is None or opened is None:
        return None
    case, _ = opened
    for one in (*heard[first + 1 :], *heard[:first]):
        case, _ = advance(case, one.fact, one.apart)
    return case


def unite(kept: Case, absorbed: Case, heard: Sequence[Heard]) -> Case:
    """The case that holds what both held, by all their notices in order of arrival.

    It goes on counting the steps of the one that is kept: what either has told stays told.
    """
    both = (kept, absorbed)
    united = _opened(heard)
    documents = set(united.documents)
    return united.model_copy(
        update={
            "id": kept.id,
            "steps": kept.steps,
            "severity": max((united.severity, *(one.severity for one in both)), key=lambda one: one.rank),
            "confirmed": united.confirmed or any(one.confirmed for one in both),
            "changed_at": max(united.changed_at, *(one.changed_at for one in both)),
            "not_documents": tuple(sorted({name for one in both for name in one.not_documents} - documents)),
        }
    )


def part(
    case: Case, stays: Sequence[Heard], goes: Sequence[Heard], identity: str, steps: int
) -> tuple[Case, Case]:
    """What stays of a case and what goes, each by its notices; ``identity`` and ``steps``: of what goes.

    Later revisions of a document join where the document went, and never the other.
    """
    if not stays or not goes:
        raise Impossible("a split leaves some notices in the case and takes some out: name some, and not all")
    left, gone = _opened(stays), _opened(goes)
    return (
        _without(left.model_copy(update={"id": case.id, "steps": case.steps}), case, gone),
        _without(gone.model_copy(update={"id": identity, "steps": steps}), case, left),
    )


def _opened(heard: Sequence[Heard]) -> Case:
    case = replay(heard)
    if case is None:
        titles = ", ".join(f"“{one.fact.notice.title[:80]}”" for one in heard[:3])
        raise Impossible(
            f"these notices open no case: none says that anything is imposed or ended ({titles}); "
            "take one with them that does"
        )
    return case


def _without(part_of: Case, whole: Case, other: Case) -> Case:
    apart = {*whole.not_documents, *other.documents} - set(part_of.documents)
    return part_of.model_copy(update={"not_documents": tuple(sorted(apart))})
