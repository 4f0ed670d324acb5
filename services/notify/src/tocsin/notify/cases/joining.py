"""Joining: whether a notice tells of a case that is known, and why."""

from datetime import timedelta

from tocsin.contracts import CaseState, Category, EntityRef, NoticeClassified
from tocsin.notify.cases.addresses import address_of, linked
from tocsin.notify.cases.case import Case
from tocsin.notify.cases.claims import CLOSE, RISING, products, reached, subjects, told_at

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


def joins(case: Case, fact: NoticeClassified) -> str | None:
    """Why this notice tells of this case, in words; None when it does not."""
    said, document = fact.classification, fact.notice.document_id
    if document in case.documents:
        return "it revises a document of the case"
    if document in case.not_documents or not _compatible(case.category, said.category):
        return None
    if case.jurisdictions and said.jurisdictions and not set(case.jurisdictions) & set(said.jurisdictions):
        return None
    if abs(told_at(fact) - case.changed_at) > REMEMBERED or _begins_anew(case, fact):
        return None
    shared = _shared(case, fact)
    if not shared:
        return _linked(case, fact)
    law = ", ".join(one for one in said.jurisdictions if one in case.jurisdictions)
    about = f"it is about {', '.join(ref.name for ref in shared)} too"
    return f"{about}, by {law} as well" if law else about


def _shared(case: Case, fact: NoticeClassified) -> list[EntityRef]:
    """What both are about. Two measures on one vendor's different products are two cases."""
    here, there = case.subjects, subjects(fact)
    if products(here) and products(there):
        here, there = products(here), products(there)
    known = {ref.id for ref in here}
    return [ref for ref in there if ref.id in known]


def _linked(case: Case, fact: NoticeClassified) -> str | None:
    """Why two that share no name are one: a link. What names other products is another measure."""
    if products(case.subjects) and products(subjects(fact)):
        return None
    if there := sorted(linked(fact).intersection(case.addresses)):
        return f"it links to {there[0]}, which tells of the case"
    return "a notice of the case links to it" if address_of(fact) in case.links else None


def _begins_anew(case: Case, fact: NoticeClassified) -> bool:
    """Whether this is a new measure after one that is over, and no late echo of it."""
    if case.state not in {CaseState.LIFTED, CaseState.DENIED} or reached(fact) not in RISING:
        return False
    since = told_at(fact) - case.changed_at
    return since > (timedelta() if fact.notice.source.tier in CLOSE else ECHO)


def _compatible(one: Category, other: Category) -> bool:
    return one is other or (one in ACCESS and other in ACCESS)
