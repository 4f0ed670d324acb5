"""Who acts and who is hit: authorities and places before the act, and places behind it."""

from collections.abc import Mapping, Sequence

from tocsin.classify.matching import Place
from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.sense import Sighting
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Category, Entity, Kind

Laws = Mapping[str, Sequence[Phrase]]

HEAD = 50  # characters in which a sentence names who acts
NOWHERE = "XX"
LEAD = 2


def jurisdictions_of(reading: Reading, verdict: Verdict, laws: Laws) -> tuple[str, ...]:
    """Where the acting authority sits: named in the winning sentence or the lead, else a place that acts.

    Empty for a measure of a vendor alone.
    """
    if verdict.frame is None:
        return ()
    frame = verdict.frame
    lead = [s for s in reading.sentences if s.number <= LEAD]
    for sentences in ([frame.sentence], lead):
        codes = _authorities(reading, sentences)
        if codes:
            return codes
    if verdict.category is not Category.MODEL_RESTRICTION and (codes := _by_law(reading, laws)):
        return codes
    actors = _places(reading, frame.sentence, 0, frame.start + 1) or _places(reading, frame.sentence, 0, 24)
    if actors:
        return actors[:2]
    in_text = [*lead[1:], *lead[:1]]  # a title names the second-best first: `Grok blocked, UK weighs steps`
    return next((codes[:3] for s in in_text if (codes := _places(reading, s, 0, HEAD))), ())


def _by_law(reading: Reading, laws: Laws) -> tuple[str, ...]:
    """The jurisdiction of the first law that is named."""
    whole = reading.whole()
    for code, names in laws.items():
        if any(name.pattern.search(whole) for name in names):
            return (code,)
    return ()


def targets_of(reading: Reading, verdict: Verdict, actors: tuple[str, ...]) -> tuple[str, ...]:
    """Territories named in the winning sentence from the act on, the actors left out."""
    if verdict.frame is None:
        return ()
    sentence = verdict.frame.sentence
    places = _places(reading, sentence, verdict.frame.start, len(sentence.text))
    return tuple(code for code in places if code not in actors)


def _authorities(reading: Reading, sentences: list[Sentence]) -> tuple[str, ...]:
    codes = [
        sighting.thing.jurisdiction
        for sentence in sentences
        for sighting in reading.within(sentence)
        if isinstance(sighting.thing, Entity)
        and sighting.kind is Kind.AUTHORITY
        and sighting.thing.jurisdiction
    ]
    return tuple(dict.fromkeys(code for code in codes if code != NOWHERE))


def _places(reading: Reading, sentence: Sentence, start: int, end: int) -> tuple[str, ...]:
    codes = [
        sighting.thing.code
        for sighting in reading.within(sentence)
        if isinstance(sighting.thing, Place) and _inside(sighting, sentence, start, end)
    ]
    return tuple(dict.fromkeys(codes))


def _inside(sighting: Sighting, sentence: Sentence, start: int, end: int) -> bool:
    return start <= sighting.start - sentence.start < end
