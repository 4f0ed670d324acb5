"""The acts a notice reports: every rule match in a sentence, with how it stands and how much it weighs."""

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.classify.language import Language, languages_of
from tocsin.classify.prefilter import Prefilter
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.rules.rule import Genre, Rule, Rules, Standing
from tocsin.classify.stage import standing_of
from tocsin.contracts import Action

BY_POSITION = (3.0, 2.0, 1.0)  # title, first and second sentence
LATER = -0.3
BY_STANDING = {
    Standing.DONE: 1.0,
    Standing.SCHEDULED: 0.6,
    Standing.POSSIBLE: 0.4,
    Standing.DENIED: -0.5,
    Standing.GOAL: -1.5,
    Standing.QUESTION: -2.0,
    Standing.BACKGROUND: -4.5,
}
NAMED = 0.7  # a model or chip in the sentence
RELIEF = 1.0  # an easing presupposes a measure, so it is the newer act
RELIEVES = frozenset({Action.EASED, Action.LIFTED, Action.WITHDRAWN})


@dataclass(frozen=True)
class Frame:
    """One act in one sentence, at [start, end) of the sentence's text."""

    rule: Rule
    sentence: Sentence
    start: int
    end: int
    standing: Standing
    cue: str
    score: float

    @property
    def relieves(self) -> bool:
        """Whether the act takes a burden away."""
        return self.rule.action in RELIEVES


class Framer:
    """All rules behind one prefilter."""

    def __init__(self, rules: Rules) -> None:
        self._cues = rules.cues
        self._prefilter = Prefilter((rule, phrase) for rule in rules.rules for phrase in rule.phrases)

    def frames(self, reading: Reading, genres: frozenset[Genre]) -> list[Frame]:
        """Every act found, the heaviest first; ties by place in the text."""
        languages = languages_of(reading.whole())
        found = [
            frame
            for sentence in reading.sentences
            for frame in self._in_sentence(sentence, genres, languages)
        ]
        ids = {frame.rule.id for frame in found}
        found = [frame for frame in found if not frame.rule.needs or frame.rule.needs & ids]
        return sorted(found, key=lambda frame: (-frame.score, frame.sentence.number, frame.start))

    def _in_sentence(
        self, sentence: Sentence, genres: frozenset[Genre], languages: frozenset[Language]
    ) -> Iterator[Frame]:
        done: set[str] = set()
        for rule, phrase in self._prefilter.candidates(sentence.text):
            if rule.id in done or not (rule.genres & genres) or rule.language not in languages:
                continue
            if rule.title_only and sentence.number:
                continue
            match = phrase.pattern.search(sentence.text)
            if match is None or any(unless.pattern.search(sentence.text) for unless in rule.unless):
                continue
            done.add(rule.id)
            yield self._frame(rule, sentence, match.start(), match.end())

    def _frame(self, rule: Rule, sentence: Sentence, start: int, end: int) -> Frame:
        standing, cue = standing_of(sentence.text, start, end, self._cues)
        score = rule.weight + _position(sentence) + BY_STANDING[standing]
        score += NAMED if "M" in sentence.text or "C" in sentence.text else 0.0
        score += RELIEF if rule.action in RELIEVES else 0.0
        return Frame(rule, sentence, start, end, standing, cue, score)


def _position(sentence: Sentence) -> float:
    return BY_POSITION[sentence.number] if sentence.number < len(BY_POSITION) else LATER
