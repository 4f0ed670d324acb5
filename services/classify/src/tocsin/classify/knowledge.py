"""All that classify knows, compiled: one immutable value, so that a new catalogue swaps in at once."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from tocsin.classify.frames import Framer
from tocsin.classify.matching import Matcher
from tocsin.classify.rules.rule import Rules
from tocsin.classify.subjects import Kin, Wording, families_of
from tocsin.contracts import Entity


@dataclass(frozen=True)
class Knowledge:
    """Catalogue and rules in the form the reader uses. ``version`` changes when either does."""

    matcher: Matcher
    rules: Rules
    framer: Framer
    wording: Wording
    kin: Kin
    version: str

    @classmethod
    def of(cls, entities: Iterable[Entity], rules: Rules) -> Self:
        """Compile a catalogue with the rules; costs tens of milliseconds, so do it once a change."""
        known = tuple(entities)
        marks = rules.marks
        matcher = Matcher(known, rules.places)
        return cls(
            matcher=matcher,
            rules=rules,
            framer=Framer(rules),
            wording=Wording(marks["contrast"], marks["unaffected"], marks["plural"]),
            kin=Kin(matcher.entities, families_of(matcher.entities)),
            version=_version(known, rules),
        )


def _version(entities: tuple[Entity, ...], rules: Rules) -> str:
    digest = hashlib.sha256(rules.digest.encode())
    for entity in sorted(entities, key=lambda entity: entity.id):
        digest.update(entity.model_dump_json().encode())
    return digest.hexdigest()[:16]
