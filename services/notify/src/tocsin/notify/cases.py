"""Cases: one real-world measure each, followed through its life by the notices that tell of it."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

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
    StepKind,
    Tier,
    fingerprint,
)
from tocsin.contracts.message import Part

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
RISING = (CaseState.RUMOURED, CaseState.REPORTED, CaseState.PROPOSED, CaseState.IN_FORCE)
CLOSE = frozenset({Tier.OFFICIAL, Tier.PARTY})  # those who act, and those who are hit
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
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


class Development(Part):
    """A notice, the case that it tells of as it stands now, and the step that this is."""

    fact: NoticeClassified
    case: Case
    step: Step


def tells(fact: NoticeClassified) -> bool:
    """Whether a notice reports an act at all: comment and everyday matter open and join no case."""
    said = fact.classification
    return (
        said.category is not Category.NOT_REGULATORY
        and said.action is not Action.NONE
        and said.certainty is not Certainty.OPINION
    )


def joins(case: Case, fact: NoticeClassified) -> str | None:
    """Why this notice tells of this case, in words; None when it does not."""
    said, document = fact.classification, fact.notice.document_id
    if document in case.documents:
        return "it revises a document of the case"
    if not _compatible(case.category, said.category):
        return None
    if case.jurisdictions and said.jurisdictions and not set(case.jurisdictions) & set(said.jurisdictions):
        return None
    if abs(_told_at(fact) - case.changed_at) > REMEMBERED or _begins_anew(case, fact):
        return None
    shared = _shared(case, fact)
    return f"it is about {', '.join(ref.name for ref in shared)} too" if shared else None


def open_case(fact: NoticeClassified) -> tuple[Case, Step] | None:
    """The case that this notice is the first to tell; None when it only speaks of what may end one day."""
    state = reached(fact)
    if state is None:
        return None
    said, at = fact.classification, _told_at(fact)
    case = Case(
        id=fingerprint("case", fact.id),
        category=said.category,
        severity=said.severity,
        states=dict.fromkeys((ref.id for ref in _objects(fact)), state) or {WHOLE: state},
        subjects=_subjects(fact),
        jurisdictions=said.jurisdictions,
        documents=(fact.notice.document_id,),
        confirmed=fact.notice.source.tier is Tier.OFFICIAL,
        opened_at=at,
        changed_at=at,
    )
    step = Step(
        number=1, kind=StepKind.OPENED, state=state, severity=_severity(fact, state), subjects=case.subjects
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
    moved = {thing: state for thing in _affected(case, fact) if _moves(case, fact, thing, state)}
    kind = _kind(case, fact, moved, state)
    states = case.states | moved
    if kind is None:
        return heard.model_copy(update={"states": states}), None
    subjects = _step_subjects(heard, fact, moved)
    step = Step(
        number=case.steps + 1, kind=kind, state=state, severity=_severity(fact, state), subjects=subjects
    )
    known = {ref.id for ref in heard.subjects}
    changed = {
        "states": states,
        "steps": step.number,
        "severity": max(case.severity, step.severity, key=lambda severity: severity.rank),
        "confirmed": heard.confirmed,
        "subjects": heard.subjects + tuple(ref for ref in subjects if ref.id not in known),
        "changed_at": max(case.changed_at, _told_at(fact)),
    }
    return heard.model_copy(update=changed), step


def reached(fact: NoticeClassified) -> CaseState | None:
    """The state that a notice claims for what it is about; None when it claims no new one.

    A plan to ease or lift is no easing; a community post alone neither ends a measure nor proves it.
    """
    said, tier = fact.classification, fact.notice.source.tier
    if said.action in {Action.EASED, Action.LIFTED, Action.WITHDRAWN, Action.DENIED}:
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


def _moves(case: Case, fact: NoticeClassified, thing: str, state: CaseState) -> bool:
    """Whether one thing that a case hits goes from its state to this one by the word of this notice."""
    close = fact.notice.source.tier in CLOSE
    before = case.states.get(thing)
    if before is None:  # a wider reach: from those who know, or told as a widening
        return state in RISING and (close or fact.classification.action is Action.EXPANDED)
    if state in RISING:
        if before in RISING:
            return RISING.index(state) > RISING.index(before)
        return close and _told_at(fact) > case.changed_at  # imposed again
    if state is CaseState.DENIED:
        return close and before in RISING[:-1]
    return before in RISING or (before is CaseState.EASED and state is CaseState.LIFTED)


def _kind(
    case: Case, fact: NoticeClassified, moved: dict[str, CaseState], state: CaseState
) -> StepKind | None:
    ended = {
        CaseState.EASED: StepKind.EASED,
        CaseState.LIFTED: StepKind.LIFTED,
        CaseState.DENIED: StepKind.DENIED,
    }
    if moved and state in ended:
        return ended[state]
    if moved and state is CaseState.IN_FORCE and any(thing in case.states for thing in moved):
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


def _affected(case: Case, fact: NoticeClassified) -> list[str]:
    """What a notice speaks of; everything the case hits when it names nothing in particular."""
    named = [ref.id for ref in _objects(fact) if ref.kind is not Kind.VENDOR or ref.id in case.states]
    return named or list(case.states)


def _step_subjects(case: Case, fact: NoticeClassified, moved: dict[str, CaseState]) -> tuple[EntityRef, ...]:
    """The things that moved, as named by case or notice, and their makers."""
    refs = {ref.id: ref for ref in (*case.subjects, *_subjects(fact))}
    things = [refs[thing] for thing in moved if thing in refs]
    makers = [ref for ref in refs.values() if ref.kind is Kind.VENDOR and ref not in things]
    return (*things, *makers) if things else tuple(refs.values())


def _shared(case: Case, fact: NoticeClassified) -> list[EntityRef]:
    """What both are about. Two measures on one vendor's different products are two cases."""
    here, there = case.subjects, _subjects(fact)
    products = [{ref.id for ref in side if ref.kind in {Kind.MODEL, Kind.CHIP}} for side in (here, there)]
    if all(products):
        return [ref for ref in there if ref.id in products[0]]
    known = {ref.id for ref in here}
    return [ref for ref in there if ref.id in known]


def _begins_anew(case: Case, fact: NoticeClassified) -> bool:
    """Whether this is a new measure after one that is over, and no late echo of it."""
    if case.state not in {CaseState.LIFTED, CaseState.DENIED} or reached(fact) not in RISING:
        return False
    since = _told_at(fact) - case.changed_at
    return since > (timedelta() if fact.notice.source.tier in CLOSE else ECHO)


def _compatible(one: Category, other: Category) -> bool:
    return one is other or (one in ACCESS and other in ACCESS)


def _severity(fact: NoticeClassified, state: CaseState) -> Severity:
    """Easings, lifts and denials wake nobody."""
    severity = fact.classification.severity
    if severity is Severity.CRITICAL and state not in RISING:
        return Severity.HIGH
    return severity


def _subjects(fact: NoticeClassified) -> tuple[EntityRef, ...]:
    return tuple(
        EntityRef(id=mention.id, name=mention.name, kind=mention.kind)
        for mention in fact.classification.entities
        if mention.role is Role.SUBJECT and mention.kind is not Kind.AUTHORITY
    )


def _objects(fact: NoticeClassified) -> tuple[EntityRef, ...]:
    """The models and chips that the act hits; the vendors where it names neither."""
    subjects = _subjects(fact)
    return tuple(ref for ref in subjects if ref.kind is not Kind.VENDOR) or subjects


def _told_at(fact: NoticeClassified) -> datetime:
    """When the act was told: the source's own word, but never later than we saw it."""
    said = fact.notice.updated_at or fact.notice.published_at or fact.notice.first_seen_at
    return min(said, fact.notice.first_seen_at)
