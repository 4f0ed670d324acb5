"""Who acts and who is hit: authorities and places before the act, and places behind it."""

import re
from collections.abc import Iterable, Mapping, Sequence

from tocsin.classify.folding import fold
from tocsin.classify.matching import Place
from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.sense import Sighting
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Category, Entity, Kind, Tier

Laws = Mapping[str, Sequence[Phrase]]

HEAD = 120  # characters in which a sentence names who acts
NOWHERE = "XX"
LEAD = 2
MOST = 3  # that act together

# What stands right before or behind a place that is acted upon: `exports to China`, `對中國`, `中国への`.
_UPON = re.compile(
    r"(?:\b(?:to|against|on|toward|towards|with|from|for|into|at|in|over|of|que|a|hacia|contra|con|de|en|nach"
    r"|gegen|an|für|mit|aus|vers|contre|avec|à) (?:the |la |el |die |den |mainland )?|对|對|向|輸|输|対)$"
)
_BEHIND = re.compile(
    r"への|向け|に対|製|制(?:造)?|에 대한|에 대해|로의|산 | made\b| owned\b| based\b| linked\b"
)
_OFFICES = (
    r"(?:authorit(?:y|ies)|governments?|regulators?|courts?|officials|lawmakers|prosecutors?|watchdogs?|police"
    r"|agency|ministry|parliament|president|administration|commerce|behörden?|regierung|autorités?|gouvernement"
    r"|autoridad(?:es)?|gobierno|tribunal)"
)
_OFFICE_BEFORE = re.compile(rf"\b{_OFFICES} (?:in|of|de|del|von|en|der|du|d') ?(?:the )?$")
_OFFICE_BEHIND = re.compile(rf"(?:'s)? {_OFFICES}\b|政府|当局|當局|정부|당국")
# Right behind the place whose measure it is: `US approval`, `Chinese prosecutors`, `Ottawa's order`.
_OWN = re.compile(
    r"'s (?:[a-z-]+ ){0,2}(?:order|ban|decision|rules?|law|decree|directive|curbs|regulator|watchdog"
    r"|ministry)\b"
    r"| (?:approval|permission|clearance|licen[cs]es?|waiver|entity list|sanctions list|blacklist"
    r"|(?:trade|export|military|investment) blacklist|prosecutors?|attorney general|federal|senate|lawmakers"
    r"|privacy|competition|antitrust)\b"
)
_OWN_RULES = re.compile(r" export (?:controls?|curbs?|rules?|restrictions?|law|licen)|'s export")
_OBJECTS_OFTEN = frozenset(
    {"CN", "RU", "IR", "KP", "BY", "SY", "VE", "CU"}
)  # `China export curbs` bind others
_LICENSERS = frozenset({"US", "NL", "JP"})
_JOINED = re.compile(r"\s*(?:,|and|&|y|und|et|和|、|與|与|·)\s*(?:the )?", re.ASCII)


def jurisdictions_of(reading: Reading, verdict: Verdict, laws: Laws) -> tuple[str, ...]:
    """Where the acting authority sits: named in the winning sentence or the lead, else a place that acts.

    Failing both, that of the first law named, of the official source itself, or the home of the maker whose
    exports are licensed. Empty for a measure of a vendor alone.
    """
    if verdict.frame is None:
        return ()
    frame = verdict.frame
    lead = [s for s in reading.sentences if s.number <= LEAD]
    for sentences in ([frame.sentence], lead):
        codes = _authorities(reading, sentences)
        if codes:
            return codes
    if verdict.category is not Category.MODEL_RESTRICTION and (codes := _by_law([reading.whole()], laws)):
        return codes
    if codes := _by_law(_official_name(reading), laws):
        return codes
    near = _owning(reading, frame.sentence)
    near = near or _acting(reading, frame.sentence, frame.start + 1) or _acting(reading, frame.sentence, 24)
    in_text = [*lead[1:], *lead[:1]]  # a title names the second-best first: `Grok blocked, UK weighs steps`
    told = (_acting(reading, sentence, HEAD) for sentence in in_text)
    return near or next((codes for codes in told if codes), _home_of_maker(reading, verdict))


def _home_of_maker(reading: Reading, verdict: Verdict) -> tuple[str, ...]:
    """Who controls exports where nobody is named: the home of the maker, where makers need licences."""
    if verdict.frame is None or verdict.category not in (Category.EXPORT_CONTROL, Category.LICENSING):
        return ()
    makers = (sighting.thing for sighting in reading.within(verdict.frame.sentence))
    homes = (
        maker.jurisdiction for maker in makers if isinstance(maker, Entity) and maker.kind is Kind.VENDOR
    )
    return next(((home,) for home in homes if home in _LICENSERS), ())


def _official_name(reading: Reading) -> list[str]:
    source = reading.notice.source
    return [fold(source.name.replace("_", " ")).text] if source.tier is Tier.OFFICIAL else []


def _by_law(texts: Iterable[str], laws: Laws) -> tuple[str, ...]:
    """The jurisdiction of the first law that is named."""
    for text in texts:
        for code, names in laws.items():
            if any(name.search(text) for name in names):
                return (code,)
    return ()


def targets_of(reading: Reading, verdict: Verdict, actors: tuple[str, ...]) -> tuple[str, ...]:
    """Territories acted upon in the winning sentence, or named in it from the act on; the actors left out."""
    if verdict.frame is None:
        return ()
    sentence, start = verdict.frame.sentence, verdict.frame.start
    places = [
        place
        for place in _places(reading, sentence, len(sentence.text))
        if place.start - sentence.start >= start or _is_object(sentence, place)
    ]
    return tuple(dict.fromkeys(code for place in places if (code := _code(place)) not in actors))


def _acting(reading: Reading, sentence: Sentence, end: int) -> tuple[str, ...]:
    """The first place that is not acted upon, with those joined to it: `the US and the Netherlands`."""
    places = [place for place in _places(reading, sentence, end) if not _is_object(sentence, place)]
    together = places[:1]
    for place in places[1:MOST]:
        between = sentence.text[together[-1].end - sentence.start : place.start - sentence.start]
        if not _JOINED.fullmatch(between):
            break
        together.append(place)
    return tuple(dict.fromkeys(map(_code, together)))


def _owning(reading: Reading, sentence: Sentence) -> tuple[str, ...]:
    """The place whose measure the sentence speaks of: `added to the US trade blacklist`."""
    places = _places(reading, sentence, len(sentence.text))
    return next(((_code(place),) for place in places if _is_owner(sentence, place)), ())


def _is_owner(sentence: Sentence, place: Sighting) -> bool:
    at = place.end - sentence.start
    behind = sentence.text[at : at + 40]
    rules = _OWN_RULES.match(behind) is not None and _code(place) not in _OBJECTS_OFTEN
    return rules or _OWN.match(behind) is not None


def _is_object(sentence: Sentence, place: Sighting) -> bool:
    """Whether a place is acted upon; `authorities in Indonesia` and `of the U.S. government` are not."""
    start, end = place.start - sentence.start, place.end - sentence.start
    before, behind = sentence.text[max(0, start - 32) : start], sentence.text[end : end + 24]
    if _OFFICE_BEFORE.search(before) or _OFFICE_BEHIND.match(behind):
        return False
    return _UPON.search(before) is not None or _BEHIND.match(behind) is not None


def _authorities(reading: Reading, sentences: list[Sentence]) -> tuple[str, ...]:
    codes = [
        _state_before(reading, sentence, sighting) or sighting.thing.jurisdiction
        for sentence in sentences
        for sighting in reading.within(sentence)
        if isinstance(sighting.thing, Entity)
        and sighting.kind is Kind.AUTHORITY
        and sighting.thing.jurisdiction
    ]
    return tuple(dict.fromkeys(code for code in codes if code != NOWHERE))


def _state_before(reading: Reading, sentence: Sentence, authority: Sighting) -> str | None:
    """The state named right before a body that the federation has too: `Florida Senate`."""
    states = (place for place in reading.within(sentence) if place.end + 1 == authority.start)
    return next((code for place in states if (code := _code(place)).startswith("US-")), None)


def _places(reading: Reading, sentence: Sentence, end: int) -> list[Sighting]:
    return [
        sighting
        for sighting in reading.within(sentence)
        if isinstance(sighting.thing, Place) and sighting.start - sentence.start < end
    ]


def _code(sighting: Sighting) -> str:
    return sighting.thing.code if isinstance(sighting.thing, Place) else NOWHERE
