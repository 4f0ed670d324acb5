"""Names that the catalogue may lack, as the classified topic holds them, and the entries they would make."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tocsin.chassis.archive import Tell
from tocsin.classify.candidates import Proposed, of_evidence
from tocsin.classify.folding import fold
from tocsin.classify.matching import surface_names
from tocsin.cli.kafka import ask, records
from tocsin.contracts import NOTICES_CLASSIFIED, Entity, Kind, NoticeClassified
from tocsin.contracts.cloudevents import Received, Unreadable, from_record

AROUND = 60  # characters of a notice on each side of a name, so that a person sees what is spoken of


@dataclass(frozen=True)
class Sighting:
    """One candidate in one document."""

    proposed: Proposed
    document: str
    seen_at: datetime
    quote: str


@dataclass(frozen=True)
class Proposal:
    """One candidate with how often and when it was met, and the words in which it was first met."""

    proposed: Proposed
    documents: int
    first: datetime
    last: datetime
    quote: str


def from_kafka(start: datetime) -> list[Sighting]:
    """What was classified since then, in order."""

    async def read(bootstrap: str, tell: Tell) -> list[Sighting]:
        found: list[Sighting] = []
        async for some in records(bootstrap, NOTICES_CLASSIFIED, start, tell):
            for record in some:
                try:
                    found += seen(from_record(Received(record.value, record.headers), NoticeClassified))
                except Unreadable:
                    continue  # another's record: the services bury those
        return found

    return ask(read)


def seen(fact: NoticeClassified) -> list[Sighting]:
    """The candidates that one classification carries."""
    found = []
    for evidence in fact.classification.evidence:
        proposed = of_evidence(evidence)
        if proposed is not None:
            text = fact.notice.title if evidence.span is None else getattr(fact.notice, evidence.span.field)
            at = evidence.span.start if evidence.span is not None else 0
            quote = " ".join(text[max(0, at - AROUND) : at + AROUND].split())
            found.append(Sighting(proposed, fact.notice.document_id, fact.notice.first_seen_at, quote))
    return found


def grouped(found: Iterable[Sighting], known: Mapping[str, Entity]) -> list[Proposal]:
    """The candidates that are still unknown, by how many documents name them."""
    names = {fold(name).text for entity in known.values() for name in surface_names(entity)}
    groups: dict[str, list[Sighting]] = {}
    for one in found:
        name = fold(one.proposed.name).text
        if name not in names:
            groups.setdefault(name, []).append(one)
    proposals = [_proposal(some) for some in groups.values()]
    return sorted(proposals, key=lambda one: (-one.documents, one.proposed.name))


def _proposal(some: list[Sighting]) -> Proposal:
    # By time, not by place in the topic: its partitions are read in any order among each other.
    first = min(some, key=lambda one: (one.seen_at, one.quote))
    documents = len({one.document for one in some})
    return Proposal(first.proposed, documents, first.seen_at, max(one.seen_at for one in some), first.quote)


def entity_of(proposed: Proposed, known: Mapping[str, Entity]) -> Entity:
    """The entry that a candidate would make: of the family or the maker that it stands behind.

    A short form is written out: `Fable 6` becomes Claude Fable 6 with that alias. A single word is marked
    ambiguous: most are words of other trades as well.
    """
    relative = known.get(proposed.relative)
    if relative is None or relative.kind is Kind.VENDOR:
        vendor = proposed.relative if proposed.relative.startswith("vendor:") else None
        return Entity(
            id=id_of(proposed.kind, proposed.name),
            kind=proposed.kind,
            name=proposed.name,
            vendor=vendor,
            ambiguous=proposed.name.isalpha(),
        )
    name = _written_out(proposed.name, relative)
    return Entity(
        id=id_of(proposed.kind, name),
        kind=proposed.kind,
        name=name,
        vendor=relative.vendor,
        family=relative.name if proposed.kind is Kind.MODEL else None,
        aliases=(proposed.name,) if name != proposed.name else (),
    )


def id_of(kind: Kind, name: str) -> str:
    """An id for a name: `model:claude-zephyr-6`."""
    return f"{kind}:{re.sub(r'[^a-z0-9.]+', '-', name.lower()).strip('-.')}"


def clash(entity: Entity, known: Mapping[str, Entity]) -> str | None:
    """Why an entry cannot join the catalogue; None if it can."""
    if entity.vendor is not None and entity.vendor not in known:
        return f"the catalogue knows no vendor {entity.vendor}: see tocsin catalogue list --kind vendor"
    models = {other.name for other in known.values() if other.kind is Kind.MODEL}
    if entity.family is not None and entity.family not in models:
        return f"the catalogue knows no model {entity.family!r} that could be its family"
    names = {fold(name).text for name in surface_names(entity)}
    for other in known.values():
        if other.id not in {entity.id, entity.vendor} and other.vendor != entity.id:
            shared = names & {fold(name).text for name in surface_names(other)}
            if shared:
                return f"{other.id} is called {min(shared)!r} already"
    return None


def _written_out(name: str, relative: Entity) -> str:
    if fold(name).text.startswith(fold(relative.name).text):
        return name
    for short in sorted(surface_names(relative), key=len, reverse=True):
        if fold(name).text.startswith(fold(short).text):
            return f"{relative.name} {name[len(short) :].strip(' -')}"
    return name
