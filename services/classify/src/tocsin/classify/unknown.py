"""Notices that speak of a measure in words no rule knows: work for the person who keeps the rules.

The finding travels as evidence: claim `unknown=` and the wording with names masked, so that the same turn of
phrase about other names counts as the same.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product

from tocsin.classify.frames import Frame
from tocsin.classify.language import is_read
from tocsin.classify.phrases import MASKS
from tocsin.classify.prefilter import Prefilter
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.rules.rule import SCOPE
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Classification, Evidence

UNKNOWN = "unknown"
LEAD = 1  # the title and the first sentence: what is only mentioned further down is no news
MOST_WORDS = 6  # between who acts and what is acted on
MOST_CHARACTERS = 60
MOST_NAMES = 8  # by one phrase in a sentence: a hostile one may hold hundreds

_WORD = re.compile(r"\w{2,}")
_PARTING = re.compile(r"[,;:()/\n]")
_MASK = re.compile("|".join(f"{mask}+" for mask in MASKS.values()))
_NAMES = {mask: name for name, mask in MASKS.items()}

Place = tuple[int, int]
Found = tuple[Evidence, ...]
Scope = Prefilter[str]


def unknown_wording(reading: Reading, verdict: Verdict, frames: Sequence[Frame], scope: Scope) -> Found:
    """One piece of evidence when the lead has scope words that neither a rule nor a veto explains."""
    if frames or verdict.veto:
        return ()
    for sentence in reading.sentences[: LEAD + 1]:
        found = _wordings(sentence.text, scope) if sentence.number <= LEAD else []
        if found and is_read(reading.language):
            return (_evidence(reading, sentence, *found[0]),)
    return ()


def wording_of(said: Classification) -> Evidence | None:
    """The unknown wording of a classification, if it has one."""
    return next((evidence for evidence in said.evidence if evidence.rule == UNKNOWN), None)


def _wordings(text: str, scope: Scope) -> list[Place]:
    """Who acts and what is acted on with a few words between, or a rule by its name."""
    places: dict[str, list[Place]] = {name: [] for name in SCOPE}
    for name, phrase in scope.candidates(text):
        places[name] += [match.span() for match in islice(phrase.pattern.finditer(text), MOST_NAMES)]
    actors, things, rules = places.values()
    return [*_turns(text, actors, things), *rules]


def _turns(text: str, actors: list[Place], things: list[Place]) -> Iterator[Place]:
    """An actor, a few words and a thing; the other way round only a thing that is named."""
    for actor, thing in product(actors, things):
        first, second = sorted((actor, thing))
        between = text[first[1] : second[0]]
        named = first is actor or _MASK.match(text, thing[0])
        if named and len(between) <= MOST_CHARACTERS and not _PARTING.search(between):
            words = len(_WORD.findall(between))
            if 1 <= words <= MOST_WORDS:
                yield first[0], second[1]


def _evidence(reading: Reading, sentence: Sentence, start: int, end: int) -> Evidence:
    masked = _MASK.sub(lambda mask: _NAMES[mask[0][0]], sentence.text[start:end])
    span = reading.page(sentence.field).span(sentence.start + start, sentence.start + end)
    return Evidence(claim=f"{UNKNOWN}={' '.join(masked.split())}", rule=UNKNOWN, span=span)
