"""Names of tomorrow: an unknown name behind a known family or maker is proposed, and no silent miss."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from tocsin.classify.reading import Page, Reading
from tocsin.classify.sense import Sighting
from tocsin.contracts import Entity, Evidence, Kind, Span

MOST = 5  # of one notice: a hostile text must not fill a list that people read
MOST_CHARACTERS = 60
AHEAD = 70  # characters behind a known name that are looked at, and before it
BEFORE = 16

_CAPITAL = r"[A-Z][a-z]{2,14}"
_NUMBER = r"[vV]?\d{1,2}(?:\.\d{1,2})?"
_TIER = r"(?: (?:Pro|Max|Mini|Ultra|Flash|Lite|Turbo|Nano|Preview))?"
_NO_UNIT = (
    r"(?![\w%:/]|[.,]\d|[-\u2013]\w|\)? ?(?:%|percent|per cent|million|billion|thousand|users|people|times"
    r"|hours|days|weeks|months|years|minutes|points|prompts|questions|ways|things|reasons|tips|others|of the"
    r"|to \d|and \d)\b)"
)
_NEXT_VERSION = re.compile(rf"(?:[ -]?{_NUMBER}){_TIER}{_NO_UNIT}")
_NAMED_VERSION = re.compile(rf"[ -]{_CAPITAL}[ -]{_NUMBER}{_TIER}{_NO_UNIT}")
_NEXT_CHIP = re.compile(
    r"[ -]?(?:v\d{1,2}|\d{1,4}[A-Z]{0,2})(?!\w|[%:/]|[.,]\d| ?(?:%|percent|million|billion)\b)"
)
_CODE = re.compile(
    r" (?!FY|CES|GTC|COVID|IPO|ETF|USD|EUR|PS\d)[A-Z]{1,4}-?\d{2,4}[A-Z]{0,2}(?!\w|[%:/-]|[.,]\d)"
)
_MADE = rf"(?P<name>{_CAPITAL}(?:[ -]{_NUMBER})?)"
_OWN = re.compile(
    rf"(?:'s|\u2019s)? {_MADE}(?= (?:AI |language |large language |frontier |new )?(?:model|models|chatbot"
    r"|assistant|LLM|(?:is|was|has been|will be|becomes) (?:now |no longer )?(?:suspended|banned|blocked"
    r"|restricted|withdrawn|pulled|unavailable|available|released|switched off))\b)"
)
_OBJECT = re.compile(rf"(?:'s|\u2019s) {_MADE}(?! [A-Z]|[\w-])")
_RESTRICTS = re.compile(
    r"\b(?:bans?|banned|blocks?|blocked|suspends?|suspended|restricts?|restricted|halts?|halted|unblocks?"
    r"|access to|use of|ban on|controls on|curbs on) $",
    re.IGNORECASE,
)
_CARRIED = re.compile(r"candidate (model|chip) of (\S+)")
_MONTHS = re.compile(r"[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b")
_COMMON = re.compile(  # words and products behind a maker's name that are no model of its
    r"(?:Large|Small|Medium|Open|Other|Their|This|That|These|Those|New|Latest|Flagship|Frontier|Foundation|First"
    r"|Second|Language|Image|Video|Voice|Chinese|American|Code|Coding|Reasoning|Generative|Own|Most|Many|Some|All"
    r"|Big|Artificial|Custom|Top|Business|Operating|Security|Best|Free|Multimodal|Advanced|Powerful|World|Base"
    r"|Cloud|Android|Chrome|Windows|Office|Edge|Teams|Maps|Search|Play|Photos|Drive|Kindle|Prime|Threads|Quest"
    r"|Marketplace|Messenger|Workspace)\b"
)


@dataclass(frozen=True)
class Candidate:
    """A name that the catalogue lacks, as written, what it may be, and the known thing it stands behind."""

    name: str
    kind: Kind
    relative: Entity
    span: Span


class Proposed(NamedTuple):
    """A candidate as a classification carries it: the id of the known thing in place of the thing itself."""

    name: str
    kind: Kind
    relative: str


@dataclass(frozen=True)
class Makers:
    """Ids of vendors by what the catalogue knows of theirs."""

    of_models: frozenset[str]
    of_chips: frozenset[str]


def makers_of(entities: Mapping[str, Entity]) -> Makers:
    """Who makes models, and who makes chips."""
    made = [(entity.kind, entity.vendor) for entity in entities.values() if entity.vendor is not None]
    return Makers(
        frozenset(vendor for kind, vendor in made if kind is Kind.MODEL),
        frozenset(vendor for kind, vendor in made if kind is Kind.CHIP),
    )


def candidates(reading: Reading, makers: Makers) -> tuple[Candidate, ...]:
    """At most ``MOST`` candidates, each name once, in order of appearance.

    `Claude Zephyr 6` and `GPT-9` stand behind a family, `Nvidia H300` and `Anthropic's Quill model` behind a
    maker. Names hold ASCII letters, digits, dots, hyphens and spaces only, so that they are safe in a log.
    """
    found: dict[str, Candidate] = {}
    for page in reading.pages():
        for sighting, following in zip_longest(page.sightings, page.sightings[1:]):
            for one in _behind(page, sighting, following, makers):
                found.setdefault(one.name.casefold(), one)
        if len(found) >= MOST:
            break
    return tuple(found.values())[:MOST]


def as_evidence(candidate: Candidate) -> Evidence:
    """How a classification carries a candidate; ``of_evidence`` reads it."""
    rule = f"candidate {candidate.kind} of {candidate.relative.id}"
    return Evidence(claim=f"candidate={candidate.name}", rule=rule, span=candidate.span)


def of_evidence(evidence: Evidence) -> Proposed | None:
    """The candidate that a piece of evidence carries; None for evidence of anything else."""
    match = _CARRIED.fullmatch(evidence.rule)
    if match is None:
        return None
    return Proposed(evidence.claim.removeprefix("candidate="), Kind(match[1]), match[2])


@dataclass(frozen=True)
class _Around:
    """What is written right before a known name, and behind it up to the next one."""

    before: str
    ahead: str


def _behind(
    page: Page, sighting: Sighting, following: Sighting | None, makers: Makers
) -> Iterator[Candidate]:
    first, last = page.folded.span(sighting.start, sighting.end)
    stop = last + AHEAD if following is None else page.folded.span(following.start, following.end)[0]
    around = _Around(
        page.original[max(0, first - BEFORE) : first], page.original[last : min(stop, last + AHEAD)]
    )
    for relative in sighting.entities():
        match = _match(relative, around, makers)
        if match is not None:
            kind, start, end = match
            candidate = _candidate(page, kind, relative, (first if start == 0 else last + start, last + end))
            if candidate is not None:
                yield candidate
            return


def _candidate(page: Page, kind: Kind, relative: Entity, place: tuple[int, int]) -> Candidate | None:
    start, end = place
    name = page.original[start:end]
    if len(name) > MOST_CHARACTERS or not (name.isascii() and name.isprintable()):
        return None
    return Candidate(name, kind, relative, Span(field=page.field, start=start, end=end, quote=name))


def _match(relative: Entity, around: _Around, makers: Makers) -> tuple[Kind, int, int] | None:
    """What is made, and where in the text ahead its name begins (0: with the known name) and ends."""
    ahead = around.ahead
    if relative.kind is Kind.MODEL and relative.name[-1:].isalpha():
        found = _NEXT_VERSION.match(ahead) or _NAMED_VERSION.match(ahead)
        return (Kind.MODEL, 0, found.end()) if found is not None and not _MONTHS.match(ahead) else None
    if relative.kind is Kind.CHIP and relative.name.isalpha():
        found = _NEXT_CHIP.match(ahead)
        return (Kind.CHIP, 0, found.end()) if found is not None else None
    if relative.id in makers.of_chips and (found := _CODE.match(ahead)) is not None:
        return Kind.CHIP, 1, found.end()
    return _own_model(around) if relative.id in makers.of_models else None


def _own_model(around: _Around) -> tuple[Kind, int, int] | None:
    """A maker's `Quill`, if the words beside it speak of a model or of something that is restricted."""
    found = _OWN.match(around.ahead)
    if found is None and _RESTRICTS.search(around.before):
        found = _OBJECT.match(around.ahead)
    if found is None or _COMMON.match(found["name"]):
        return None
    return Kind.MODEL, found.start("name"), found.end("name")
