"""Finds words that colour a verdict: hedges, drafts, public-sector measures."""

from tocsin.classify.prefilter import Prefilter
from tocsin.classify.reading import Reading

Marked = frozenset[str]
HEAD = 3  # sentences after the title in which such words count


def marked(reading: Reading, marks: Prefilter[str]) -> Marked:
    """The names of the marks whose words stand in the head of a notice."""
    found: set[str] = set()
    for sentence in reading.sentences[: HEAD + 1]:
        for name, phrase in marks.candidates(sentence.text):
            if name not in found and phrase.pattern.search(sentence.text):
                found.add(name)
    return frozenset(found)
