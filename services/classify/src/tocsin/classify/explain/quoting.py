"""Finds the words that a cue, a veto or a mark fired on, and quotes them as they were written."""

import re
from collections.abc import Iterable, Sequence

from tocsin.classify.classify import Trace
from tocsin.classify.frames import Frame
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.marks import HEAD
from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.rules.rule import Cue, Veto
from tocsin.classify.stage import parts_of
from tocsin.contracts import Span


def act_span(reading: Reading, frame: Frame) -> Span:
    """The words of an act."""
    return quote(reading, frame.sentence, frame.start, frame.end)


def clause_span(reading: Reading, frame: Frame) -> Span:
    """The clause that an act stands in, with what belongs to it behind."""
    parts = parts_of(frame.sentence.text, frame.start, frame.end)
    return quote(
        reading, frame.sentence, frame.end - len(parts.clause), max(frame.end, frame.start + len(parts.act))
    )


def cue_span(reading: Reading, frame: Frame, cue: Cue) -> Span | None:
    """The words of a cue that stand nearest to the act."""
    found = [match for phrase in cue.phrases for match in phrase.pattern.finditer(frame.sentence.text)]
    if not found:
        return None
    nearest = min(found, key=lambda match: _distance(match, frame))
    return quote(reading, frame.sentence, nearest.start(), nearest.end())


def veto_of(told: Trace, knowledge: Knowledge) -> Veto | None:
    """The veto that holds."""
    return next((veto for veto in knowledge.rules.vetoes if veto.id == told.verdict.veto), None)


def veto_span(told: Trace, knowledge: Knowledge) -> Span | None:
    """The words that a veto holds for."""
    veto = veto_of(told, knowledge)
    if veto is None:
        return None
    head = [
        sentence for sentence in told.reading.sentences if sentence.number <= (0 if veto.title_only else 1)
    ]
    return _first(told.reading, head, veto.phrases)


def veto_words(told: Trace, knowledge: Knowledge) -> str:
    """The words that the veto holds for, as written; empty if none does."""
    span = veto_span(told, knowledge)
    return span.quote if span is not None else ""


def mark_words(told: Trace, phrases: Sequence[Phrase]) -> str:
    """The first words of the head that one of these phrases finds; empty if there are none."""
    span = _first(told.reading, told.reading.sentences[: HEAD + 1], phrases)
    return span.quote if span is not None else ""


def quote(reading: Reading, sentence: Sentence, start: int, end: int) -> Span:
    """What was written at [start, end) of a sentence, without the space around it."""
    text = sentence.text[start:end]
    start += len(text) - len(text.lstrip(" \n,;:"))
    end -= len(text) - len(text.rstrip(" \n,;:"))
    return reading.page(sentence.field).span(sentence.start + start, sentence.start + max(start, end))


def _first(reading: Reading, sentences: Iterable[Sentence], phrases: Sequence[Phrase]) -> Span | None:
    for sentence in sentences:
        for phrase in phrases:
            match = phrase.pattern.search(sentence.text)
            if match is not None:
                return quote(reading, sentence, match.start(), match.end())
    return None


def _distance(match: re.Match[str], frame: Frame) -> int:
    """Characters between a match and an act; 0 where they touch or overlap."""
    return max(0, frame.start - match.end(), match.start() - frame.end)
