"""A dossier: the notices of a case as a person reads them: by tier, copies under their originals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tocsin.contracts import NoticeClassified, Tier
from tocsin.notify.cases.copies import Original, original_of, with_original


@dataclass(frozen=True)
class Entry:
    """A notice, why it is in the case, and the notices that only repeat its words."""

    fact: NoticeClassified
    because: str
    copies: list[NoticeClassified] = field(default_factory=list)


def fold(told: Iterable[tuple[NoticeClassified, str]]) -> list[Entry]:
    """The notices in order of telling, each copy folded under the one that it repeats."""
    originals: tuple[Original, ...] = ()
    by_document: dict[str, Entry] = {}
    entries: list[Entry] = []
    for fact, because in told:
        original = original_of(originals, fact)
        if original is not None and original.document in by_document:
            by_document[original.document].copies.append(fact)
            continue
        originals = with_original(originals, fact)
        entry = Entry(fact, because)
        by_document[fact.notice.document_id] = entry
        entries.append(entry)
    return entries


def by_tier(entries: Sequence[Entry]) -> list[tuple[Tier, list[Entry]]]:
    """The entries of each tier that has any, the authority's first."""
    groups = [(tier, [one for one in entries if one.fact.notice.source.tier is tier]) for tier in Tier]
    return [(tier, found) for tier, found in groups if found]
