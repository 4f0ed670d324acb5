"""All that classify knows, compiled: one immutable value, so that a new catalogue swaps in at once."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self, TypedDict

from tocsin.classify.candidates import Makers, makers_of
from tocsin.classify.frames import Framer
from tocsin.classify.matching import Matcher
from tocsin.classify.rules.rule import Rules
from tocsin.classify.shelving import matcher_of
from tocsin.classify.steps import Steps, batches, finish
from tocsin.classify.subjects import Kin, Wording, kin_of
from tocsin.contracts import Entity

HASHED = 200  # entities to one step


@dataclass(frozen=True)
class Knowledge:
    """Catalogue and rules in the form the reader uses. ``version`` changes when either does."""

    matcher: Matcher
    rules: Rules
    framer: Framer
    wording: Wording
    kin: Kin
    makers: Makers
    version: str

    @classmethod
    def of(cls, entities: Iterable[Entity], rules: Rules) -> Self:
        """Compile a catalogue with the rules; costs tens of milliseconds, so do it once."""
        marks = rules.marks
        wording = Wording(marks["contrast"], marks["unaffected"], marks["plural"])
        return cls(rules=rules, framer=Framer(rules), wording=wording, **finish(_learnt(entities, rules)))

    def knowing(self, entities: Iterable[Entity]) -> Steps[Self]:
        """The same rules with another catalogue, in steps of about a millisecond."""
        learnt = yield from _learnt(entities, self.rules)
        return replace(self, **learnt)


class _Learnt(TypedDict):
    matcher: Matcher
    kin: Kin
    makers: Makers
    version: str


def _learnt(entities: Iterable[Entity], rules: Rules) -> Steps[_Learnt]:
    known = tuple(entities)
    matcher = yield from matcher_of(known, rules.places)
    yield
    kin = kin_of(matcher.entities)
    yield
    makers = makers_of(matcher.entities)
    yield
    version = yield from _version(matcher.entities, rules)
    return {"matcher": matcher, "kin": kin, "makers": makers, "version": version}


def _version(entities: Mapping[str, Entity], rules: Rules) -> Steps[str]:
    digest = hashlib.sha256(rules.digest.encode())
    for batch in batches(sorted(entities), HASHED):
        for id_ in batch:
            digest.update(entities[id_].model_dump_json().encode())
        yield
    return digest.hexdigest()[:16]
