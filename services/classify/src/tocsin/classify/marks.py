"""Finds words that colour a verdict: hedges, drafts, public-sector measures."""

import re
from collections.abc import Mapping, Sequence

from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Reading

Marks = Mapping[str, Sequence[Phrase]]
HEAD = 3  # sentences after the title in which such words count


def first_mark(reading: Reading, phrases: Sequence[Phrase]) -> re.Match[str] | None:
    """The first of these phrases in the head of a notice."""
    for sentence in reading.sentences[: HEAD + 1]:
        for phrase in phrases:
            match = phrase.pattern.search(sentence.text)
            if match is not None:
                return match
    return None
