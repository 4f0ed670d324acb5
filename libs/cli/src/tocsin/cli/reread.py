"""Notices classified again by the rules and the catalogue of now, beside what was said of them then."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.contracts import Classification, NoticeClassified
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, file

FIELDS = ("category", "action", "stage", "certainty", "severity", "jurisdictions")


@dataclass(frozen=True)
class Reread:
    """One notice as it was read, and as it would be."""

    then: NoticeClassified
    now: NoticeClassified

    def differs(self) -> dict[str, tuple[str, str]]:
        """What differs, by field: then and now."""
        was, says = _said(self.then.classification), _said(self.now.classification)
        return {field: (was[field], says[field]) for field in was if was[field] != says[field]}


@dataclass(frozen=True)
class Opened:
    """A case, by reference, and the title of the notice that opened it."""

    ref: str
    title: str


@dataclass(frozen=True)
class Cases:
    """Cases that only one of the two readings makes."""

    new: list[Opened]
    gone: list[Opened]


def cases(read: Iterable[Reread]) -> Cases:
    """What the notices make of cases, filed among each other alone, in the order in which we saw them."""
    order = sorted(read, key=lambda one: (one.then.notice.first_seen_at, one.then.id))
    then = _opened(one.then for one in order)
    now = _opened(one.now for one in order)
    return Cases(
        new=[opened for name, opened in now.items() if name not in then],
        gone=[opened for name, opened in then.items() if name not in now],
    )


def _opened(facts: Iterable[NoticeClassified]) -> dict[str, Opened]:
    standing: dict[str, Case] = {}
    by_thing: dict[str, set[str]] = defaultdict(set)
    opened: dict[str, Opened] = {}
    for fact in facts:
        if not tells(fact):
            continue
        things = [fact.notice.document_id, *(one.id for one in fact.classification.subjects())]
        near = {name for thing in things for name in by_thing[thing]}
        known = sorted((standing[name] for name in near), key=lambda case: case.changed_at, reverse=True)
        for filing in file(fact, known[:100]):  # as notify's book has it
            case = filing.case
            if case.id not in standing:
                opened[case.id] = Opened(case.ref, fact.notice.title)
            standing[case.id] = case
            for thing in (*case.documents, *(ref.id for ref in case.subjects)):
                by_thing[thing].add(case.id)
    return opened


def _said(one: Classification) -> dict[str, str]:
    said = {field: _written(getattr(one, field)) for field in FIELDS}
    return said | {"about": ", ".join(sorted(mention.name for mention in one.subjects())) or "nothing"}


def _written(value: object) -> str:
    return ", ".join(map(str, value)) or "not stated" if isinstance(value, tuple) else str(value)
