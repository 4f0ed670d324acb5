"""Cases: one real-world measure each, followed through its life by the notices that tell of it."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import AwareDatetime

from tocsin.contracts import (
    Action,
    CaseState,
    Category,
    EntityRef,
    Kind,
    NoticeClassified,
    Severity,
    StepKind,
    Tier,
    fingerprint,
)
from tocsin.contracts.message import Part
from tocsin.notify.claims import CLOSE, RISING, objects, products, reached, severity, subjects, told_at

REMEMBERED = timedelta(days=90)  # a notice joins a case that moved within this time
ECHO = timedelta(hours=48)  # press that still tells a lifted measure as new within this time is late

ACCESS = frozenset(
    {
        Category.EXPORT_CONTROL,
        Category.MODEL_RESTRICTION,
        Category.LICENSING,
        Category.SECURITY_DIRECTIVE,
        Category.SANCTIONS,
    }
)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
ENDED = {
    CaseState.EASED: StepKind.EASED,
    CaseState.LIFTED: StepKind.LIFTED,
    CaseState.DENIED: StepKind.DENIED,
}
WHOLE = "*"  # stands for the measure itself where no model, chip or vendor is named


class Case(Part):
    """A measure as far as it is known. ``states`` holds where each thing it hits stands."""

    id: str
    category: Category
    severity: Severity
    states: dict[str, CaseState]
    subjects: tuple[EntityRef, ...]
    jurisdictions: tuple[str, ...] = ()
    documents: tuple[str, ...]
    notices: int = 1
    confirmed: bool = False  # an authority has said so itself
    steps: int = 1
    opened_at: AwareDatetime
    changed_at: AwareDatetime

    @property
    def ref(self) -> str:
        """The case as people say it: `C-` and six characters that cannot be misread."""
        number = int(self.id.rsplit("-", 1)[1], 16)
        return "C-" + "".join(ALPHABET[number >> (5 * place) & 31] for place in range(6))

    @property
    def state(self) -> CaseState:
        """Where the measure as a whole stands: the gravest state of anything it still hits."""
        order = (*reversed(RISING), CaseState.EASED, CaseState.DENIED, CaseState.LIFTED)
        return min(self.states.values(), key=order.index)


class Step(Part):
    """What a notice changed about a case, and so what people are told."""

    number: int
    kind: StepKind
    state: CaseState
    severity: Severity
    subjects: tuple[EntityRef, ...]


class Filing(Part):
    """A case as it stands after a notice, why the notice is in it, and the step if there is news."""

    case: Case
    step: Step | None
    because: str


class Development(Part):
    """A notice, the case that it tells of as it stands now, and the step that this is."""

    fact: NoticeClassified
    case: Case
    step: Step


def file(fact: NoticeClassified, known: Sequence[Case]) -> list[Filing]:
    """File a notice with the cases it tells of, given those it may belong to, latest first.

    What imposes is told once, in the latest case. What ends something ends it in every case that holds it:
    one letter may lift what two had imposed.
    """
    joined = [
        Filing(case=after, step=step, because=because)
        for case in known
        if (because := joins(case, fact)) is not None
        for after, step in [advance(case, fact)]
    ]
    ended = [filing for filing in joined if reached(fact) in ENDED and filing.step is not None]
    if joined:
        return ended or joined[:1]
    opened = open_case(fact)
    return [Filing(case=opened[0], step=opened[1], because="it is the first to tell of it")] if opened else []


def joins(case: Case, fact: NoticeClassified) -> str | None:
    """Why this notice tells of this case, in words; None when it does not."""
    said, document = fact.classification, fact.notice.document_id
    if document in case.documents:
        return "it revises a document of the case"
    if not _compatible(case.category, said.category):
        return None
    if case.jurisdictions and said.jurisdictions and not set(case.jurisdictions) & set(said.jurisdictions):
        return None
    if abs(told_at(fact) - case.changed_at) > REMEMBERED or _begins_anew(case, fact):
        return None
    shared = _shared(case, fact)
    return f"it is about {', '.join(ref.name for ref in shared)} too" if shared else None


def open_case(fact: NoticeClassified) -> tuple[Case, Step] | None:
    """The case that this notice is the first to tell; None when it only speaks of what may end one day."""
    state = reached(fact)
    if state is None:
        return None
    said, at = fact.classification, told_at(fact)
    case = Case(
        id=fingerprint("case", fact.id),
        category=said.category,
        severity=said.severity,
        states=dict.fromkeys((ref.id for ref in objects(fact)), state) or {WHOLE: state},
        subjects=subjects(fact),
        jurisdictions=said.jurisdictions,
        documents=(fact.notice.document_id,),
        confirmed=fact.notice.source.tier is Tier.OFFICIAL,
        opened_at=at,
        changed_at=at,
    )
    step = Step(
        number=1, kind=StepKind.OPENED, state=state, severity=severity(fact, state), subjects=case.subjects
    )
    return case, step


def advance(case: Case, fact: NoticeClassified) -> tuple[Case, Step | None]:
    """The case after one more notice, and the step if there is something new to tell.

    A copy, a repeat, a plan to lift and a late echo change what is known, and tell nobody anything.
    """
    heard = _hear(case, fact)
    state = reached(fact)
    if state is None:
        return heard, None
    moved = {thing: state for thing in _affected(case, fact, state) if _moves(case, fact, thing, state)}
    kind = _kind(case, fact, moved, state)
    states = _kept(case, moved) | moved
    if kind is None:
        return heard.model_copy(update={"states": states}), None
    about = _step_subjects(heard, fact, moved)
    step = Step(number=case.steps + 1, kind=kind, state=state, severity=severity(fact, state), subjects=about)
    known = {ref.id for ref in heard.subjects}
    changed = {
        "states": states,
        "steps": step.number,
        "severity": max(case.severity, step.severity, key=lambda one: one.rank),
        "confirmed": heard.confirmed,
        "subjects": heard.subjects + tuple(ref for ref in about if ref.id not in known),
        "changed_at": max(case.changed_at, told_at(fact)),
    }
    return heard.model_copy(update=changed), step


def _moves(case: Case, fact: NoticeClassified, thing: str, state: CaseState) -> bool:
    """Whether one thing that a case hits goes from its state to this one by the word of this notice."""
    close = fact.notice.source.tier in CLOSE
    before = case.states.get(thing)
    if before is None:  # a wider reach: from those who know, or told as a widening
        return state in RISING and (close or fact.classification.action is Action.EXPANDED)
    if state in RISING:
        if before in RISING:
            return RISING.index(state) > RISING.index(before)
        return close and told_at(fact) > case.changed_at  # imposed again
    if state is CaseState.DENIED:
        return close and before in RISING[:-1]
    return before in RISING or (before is CaseState.EASED and state is CaseState.LIFTED)


def _kind(
    case: Case, fact: NoticeClassified, moved: dict[str, CaseState], state: CaseState
) -> StepKind | None:
    if moved and state in ENDED:
        return ENDED[state]
    rose = any(thing in case.states for thing in moved) or (_unnamed(case) and case.state in RISING[:-1])
    if moved and state is CaseState.IN_FORCE and rose:
        return StepKind.IN_FORCE
    if any(thing not in case.states for thing in moved):
        return StepKind.WIDENED
    if fact.notice.source.tier is Tier.OFFICIAL and not case.confirmed and state in RISING:
        return StepKind.CONFIRMED
    return None


def _hear(case: Case, fact: NoticeClassified) -> Case:
    """The case with what a notice adds to the file, whether or not it moves anything."""
    said, document = fact.classification, fact.notice.document_id
    imposing = reached(fact) in RISING
    # Those who act and those who are hit know the legal ground of what first showed as a mere restriction.
    grounds = imposing and fact.notice.source.tier in CLOSE and case.category is Category.MODEL_RESTRICTION
    official = imposing and fact.notice.source.tier is Tier.OFFICIAL
    return case.model_copy(
        update={
            "notices": case.notices + 1,
            "category": said.category if grounds else case.category,
            "documents": case.documents if document in case.documents else (*case.documents, document),
            "jurisdictions": case.jurisdictions or said.jurisdictions,
            "confirmed": case.confirmed or official,
        }
    )


def _affected(case: Case, fact: NoticeClassified, state: CaseState) -> list[str]:
    """What a notice speaks of.

    Everything the case hits, when the notice names nothing in particular, or when it ends by name what the
    case knows only by its maker.
    """
    named = [ref.id for ref in objects(fact) if ref.kind is not Kind.VENDOR or ref.id in case.states]
    if not named or (state in ENDED and _unnamed(case)):
        return list(case.states)
    return named


def _unnamed(case: Case) -> bool:
    """Whether nobody has named a product yet: the case is about a vendor, or about nothing in particular."""
    return not {ref.id for ref in products(case.subjects)} & case.states.keys()


def _kept(case: Case, moved: dict[str, CaseState]) -> dict[str, CaseState]:
    """The states before a move; the maker goes when its products are named, for they stand for it."""
    named = moved.keys() - case.states.keys()
    return {} if named and _unnamed(case) else case.states


def _step_subjects(case: Case, fact: NoticeClassified, moved: dict[str, CaseState]) -> tuple[EntityRef, ...]:
    """The things that moved, as named by case or notice, and their makers."""
    refs = {ref.id: ref for ref in (*case.subjects, *subjects(fact))}
    things = [refs[thing] for thing in moved if thing in refs]
    makers = [ref for ref in refs.values() if ref.kind is Kind.VENDOR and ref not in things]
    return (*things, *makers) if things else tuple(refs.values())


def _shared(case: Case, fact: NoticeClassified) -> list[EntityRef]:
    """What both are about. Two measures on one vendor's different products are two cases."""
    here, there = case.subjects, subjects(fact)
    if products(here) and products(there):
        here, there = products(here), products(there)
    known = {ref.id for ref in here}
    return [ref for ref in there if ref.id in known]


def _begins_anew(case: Case, fact: NoticeClassified) -> bool:
    """Whether this is a new measure after one that is over, and no late echo of it."""
    if case.state not in {CaseState.LIFTED, CaseState.DENIED} or reached(fact) not in RISING:
        return False
    since = told_at(fact) - case.changed_at
    return since > (timedelta() if fact.notice.source.tier in CLOSE else ECHO)


def _compatible(one: Category, other: Category) -> bool:
    return one is other or (one in ACCESS and other in ACCESS)
