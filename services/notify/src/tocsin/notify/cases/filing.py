"""Cases: one real-world measure each, followed through its life by the notices that tell of it."""

from collections.abc import Iterable, Mapping, Sequence

from tocsin.contracts import (
    Action,
    CaseState,
    Category,
    EntityRef,
    Kind,
    NoticeClassified,
    StepKind,
    Tier,
    fingerprint,
)
from tocsin.notify.cases.addresses import address_of, linked, remember
from tocsin.notify.cases.case import WHOLE, Case, Development, Filing, Step
from tocsin.notify.cases.claims import CLOSE, RISING, objects, products, reached, severity, subjects, told_at
from tocsin.notify.cases.copies import original_of, with_original
from tocsin.notify.cases.joining import joins
from tocsin.notify.cases.lives import Word, hear, moments, stands

__all__ = ["WHOLE", "Case", "Development", "Filing", "Step", "advance", "file", "joins", "open_case"]

ENDED = {
    CaseState.EASED: StepKind.EASED,
    CaseState.LIFTED: StepKind.LIFTED,
    CaseState.DENIED: StepKind.DENIED,
}


def file(fact: NoticeClassified, known: Sequence[Case]) -> list[Filing]:
    """File a notice with the cases it tells of, given those it may belong to, latest first.

    What imposes is told of each thing once: in the latest case that holds it, or else in the latest. What
    ends something ends it in every case that holds it: one letter may lift what two had imposed.
    """
    joined = {case.id: (case, why) for case in known if (why := joins(case, fact)) is not None}
    if not joined:
        opened = open_case(fact)
        return (
            [Filing(case=opened[0], step=opened[1], because="it is the first to tell of it")]
            if opened
            else []
        )
    if reached(fact) in ENDED:
        filings = [_filing(case, why, fact) for case, why in joined.values()]
        return [filing for filing in filings if filing.step is not None] or filings[:1]
    apart = _apart([case for case, _ in joined.values()], fact)
    return [_filing(*joined[identity], fact, others) for identity, others in apart.items()]


def _filing(case: Case, why: str, fact: NoticeClassified, apart: frozenset[str] = frozenset()) -> Filing:
    after, step = advance(case, fact, apart)
    return Filing(case=after, step=step, because=_because(case, fact, why))


def _apart(cases: Sequence[Case], fact: NoticeClassified) -> dict[str, frozenset[str]]:
    """The cases among which a notice is shared out, by id, each with what it names and others answer for."""
    named = frozenset(ref.id for ref in objects(fact))
    left, own = set(named), {}
    for case in cases:
        own[case.id] = left & case.states.keys()
        left -= own[case.id]
    own[cases[0].id] |= left
    shares = {identity: things for identity, things in own.items() if things} or {cases[0].id: set()}
    return {identity: named - things for identity, things in shares.items()}


def open_case(fact: NoticeClassified) -> tuple[Case, Step] | None:
    """The case that this notice is the first to tell; None when it only speaks of what may end one day."""
    state = reached(fact)
    if state is None:
        return None
    said, at, tier = fact.classification, told_at(fact), fact.notice.source.tier
    states = dict.fromkeys((ref.id for ref in objects(fact)), state) or {WHOLE: state}
    case = Case(
        id=fingerprint("case", fact.id),
        category=said.category,
        severity=said.severity,
        states=states,
        words=dict.fromkeys(states, hear((), state, at, close=tier in CLOSE)),
        subjects=subjects(fact),
        jurisdictions=said.jurisdictions,
        documents=(fact.notice.document_id,),
        addresses=remember((), [address_of(fact)]),
        links=remember((), linked(fact)),
        originals=with_original((), fact),
        confirmed=_acknowledges(fact),
        opened_at=at,
        changed_at=at,
    )
    step = Step(
        number=1, kind=StepKind.OPENED, state=state, severity=severity(fact, state), subjects=case.subjects
    )
    return case, step


def advance(
    case: Case, fact: NoticeClassified, apart: frozenset[str] = frozenset()
) -> tuple[Case, Step | None]:
    """The case after one more notice, and the step if what holds now has changed by it.

    A copy, a repeat, a plan to lift and a late echo change what is known, and tell nobody anything. ``apart``
    is what the notice names and another case answers for.
    """
    heard = _hear(case, fact)
    state = reached(fact)
    if state is None:
        return heard, None
    named = _named(case, fact, apart)
    words = _words(case, fact, state, named)
    states = _states(case, words, _kept(case, _new(case, fact, state, named)))
    moved = {thing: now for thing, now in states.items() if now is state is not case.states.get(thing)}
    refs = {ref.id: ref for ref in subjects(fact) if ref.id in states}
    heard = _with_subjects(heard.model_copy(update={"states": states, "words": words}), refs.values())
    kind = _kind(case, fact, moved, [states.get(thing) for thing in named or states])
    if kind is None:
        return heard, None
    about = _step_subjects(heard, fact, moved)
    step = Step(number=case.steps + 1, kind=kind, state=state, severity=severity(fact, state), subjects=about)
    changed = {
        "steps": step.number,
        "severity": max(case.severity, step.severity, key=lambda one: one.rank),
        "changed_at": max(case.changed_at, told_at(fact)),
    }
    return _with_subjects(heard, about).model_copy(update=changed), step


def _because(case: Case, fact: NoticeClassified, because: str) -> str:
    original = original_of(case.originals, fact)
    return because if original is None else f"{because}; it is a copy of what {original.source} told"


def _kind(
    case: Case, fact: NoticeClassified, moved: dict[str, CaseState], now: Sequence[CaseState | None]
) -> StepKind | None:
    """What kind of step it is that these things moved; ``now`` is where all that the notice names stands."""
    state = reached(fact)
    if moved and state in ENDED:
        return ENDED[state]
    rose = any(thing in case.states for thing in moved) or (_unnamed(case) and case.state in RISING[:-1])
    if moved and state is CaseState.IN_FORCE and rose:
        return StepKind.IN_FORCE
    if any(thing not in case.states for thing in moved):
        return StepKind.WIDENED
    if _acknowledges(fact) and not case.confirmed and state in RISING and set(now) & set(RISING):
        return StepKind.CONFIRMED
    return None


def _acknowledges(fact: NoticeClassified) -> bool:
    """Whether an authority says itself that there is, or was, such a measure: by imposing or by ending it."""
    return fact.notice.source.tier is Tier.OFFICIAL and reached(fact) not in {None, CaseState.DENIED}


def _hear(case: Case, fact: NoticeClassified) -> Case:
    """The case with what a notice adds to the file, whether or not it moves anything."""
    said, document = fact.classification, fact.notice.document_id
    imposing = reached(fact) in RISING
    # Those who act and those who are hit know the legal ground of what first showed as a mere restriction.
    grounds = imposing and fact.notice.source.tier in CLOSE and case.category is Category.MODEL_RESTRICTION
    copied = original_of(case.originals, fact) is not None
    return case.model_copy(
        update={
            "notices": case.notices + 1,
            "copies": case.copies + copied,
            "originals": case.originals if copied else with_original(case.originals, fact),
            "category": said.category if grounds else case.category,
            "documents": case.documents if document in case.documents else (*case.documents, document),
            "addresses": remember(case.addresses, [address_of(fact)]),
            "links": remember(case.links, linked(fact)),
            "jurisdictions": case.jurisdictions or said.jurisdictions,
            "confirmed": case.confirmed or _acknowledges(fact),
        }
    )


def _named(case: Case, fact: NoticeClassified, apart: frozenset[str]) -> list[str]:
    """The things that a notice names to this case; none when it speaks of all that the case hits."""
    refs = [ref for ref in objects(fact) if ref.kind is not Kind.VENDOR or ref.id in case.states]
    return [ref.id for ref in refs if ref.id not in apart]


def _new(case: Case, fact: NoticeClassified, state: CaseState, named: Sequence[str]) -> list[str]:
    """What comes under the measure: by the word of those who know, or told as a widening."""
    knows = fact.notice.source.tier in CLOSE or fact.classification.action is Action.EXPANDED
    return [thing for thing in named if thing not in case.states] if knows and state in RISING else []


def _words(
    case: Case, fact: NoticeClassified, state: CaseState, named: Sequence[str]
) -> dict[str, tuple[Word, ...]]:
    """What was said of each thing, this notice included; a case of an older replica has states alone."""
    words = {
        thing: hear((), before, case.opened_at if before in RISING else case.changed_at, close=True)
        for thing, before in case.states.items()
    } | case.words
    for thing in named or [WHOLE]:
        close = fact.notice.source.tier in CLOSE
        words[thing] = hear(words.get(thing, ()), state, told_at(fact), close=close)
    return words


def _states(case: Case, words: Mapping[str, tuple[Word, ...]], things: Iterable[str]) -> dict[str, CaseState]:
    """Where each thing stands.

    What is said of the whole measure, or of a maker, holds for its products from when they were named; what
    ends products by name ends a measure that is known only by its maker.
    """
    wide = {WHOLE, *(ref.id for ref in case.subjects if ref.kind is Kind.VENDOR)}
    general = [one for thing in words.keys() & wide for one in moments(words[thing])]
    ends = [one for thing in words.keys() - wide for one in moments(words[thing]) if one.state in ENDED]
    states = {}
    for thing in things:
        own = list(moments(words[thing]))
        since = min(one.at for one in own)
        nameless = moments(words.get(WHOLE, ()))
        beside = [*nameless, *ends] if thing in wide else [one for one in general if one.at >= since]
        states[thing] = stands([*own, *beside]) or case.states[thing]
    return states


def _unnamed(case: Case) -> bool:
    """Whether nobody has named a product yet: the case is about a vendor, or about nothing in particular."""
    return not {ref.id for ref in products(case.subjects)} & case.states.keys()


def _kept(case: Case, new: Sequence[str]) -> list[str]:
    """All that is hit, with what is new; a maker goes when its products are named: they stand for it."""
    return list(new) if new and _unnamed(case) else [*case.states, *new]


def _with_subjects(case: Case, refs: Iterable[EntityRef]) -> Case:
    known = {ref.id for ref in case.subjects}
    more = tuple(ref for ref in refs if ref.id not in known)
    return case.model_copy(update={"subjects": case.subjects + more})


def _step_subjects(case: Case, fact: NoticeClassified, moved: dict[str, CaseState]) -> tuple[EntityRef, ...]:
    """The things that moved, as named by case or notice, and their makers."""
    refs = {ref.id: ref for ref in (*case.subjects, *subjects(fact))}
    things = [refs[thing] for thing in moved if thing in refs]
    makers = [ref for ref in refs.values() if ref.kind is Kind.VENDOR and ref not in things]
    return (*things, *makers) if things else tuple(refs.values())
