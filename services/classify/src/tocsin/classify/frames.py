"""The acts a notice reports: every rule match in a sentence, with how it stands and how much it weighs."""

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.classify.language import Language, languages_of
from tocsin.classify.phrases import Phrase
from tocsin.classify.prefilter import Prefilter
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.rules.rule import Cue, Genre, Rule, Rules, Standing
from tocsin.classify.stage import phrases_of, standing_of
from tocsin.contracts import Action

BY_POSITION = (3.0, 2.0, 1.0)  # title, first and second sentence
LATER = -0.3
BY_STANDING = {
    Standing.DONE: 1.0,
    Standing.SCHEDULED: 0.6,
    Standing.POSSIBLE: 0.4,
    Standing.DENIED: -0.5,
    Standing.GOAL: -1.5,
    Standing.GROUND: -1.5,
    Standing.QUESTION: -2.0,
    Standing.BACKGROUND: -4.5,
}
HEAD = 2  # the title and the first two sentences
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
        self._cues = {
            known: Prefilter(phrases_of(cue for cue in rules.cues if cue.language is known))
            for known in {cue.language for cue in rules.cues}
        }
        self._prefilter = Prefilter((rule, phrase) for rule in rules.rules for phrase in rule.phrases)

    def frames(self, reading: Reading, genres: frozenset[Genre]) -> list[Frame]:
        """Every act found, the heaviest first; ties by place in the text."""
        rules = _Admitted(genres, reading.language, _year(reading, genres))
        found = [frame for sentence in reading.sentences for frame in self._in_sentence(sentence, rules)]
        ids = {frame.rule.id for frame in found}
        head = [sentence.text for sentence in reading.sentences if sentence.number <= HEAD]
        found = [frame for frame in found if _admitted(frame.rule, ids, head)]
        return sorted(found, key=lambda frame: (-frame.score, frame.sentence.number, frame.start))

    def _in_sentence(self, sentence: Sentence, admitted: "_Admitted") -> Iterator[Frame]:
        done: set[str] = set()
        languages: frozenset[str] | None = None
        cues: dict[Language, list[tuple[Cue, Phrase]]] = {}
        for rule, phrase in self._prefilter.candidates(sentence.text):
            if rule.id in done or not (rule.genres & admitted.genres):
                continue
            match = None if rule.title_only and sentence.number else phrase.pattern.search(sentence.text)
            if match is None:
                continue
            if languages is None:
                languages = languages_of(sentence.text, admitted.language)
            done.add(rule.id)
            taken_back = any(unless.search(sentence.text) for unless in rule.unless)
            if rule.language in languages and not taken_back:
                if rule.language not in cues:
                    cues[rule.language] = self._plausible(rule.language, sentence.text)
                yield _frame(rule, sentence, match.span(), cues[rule.language], admitted.year)

    def _plausible(self, language: Language, text: str) -> list[tuple[Cue, Phrase]]:
        return list(self._cues[language].candidates(text)) if language in self._cues else []


def _frame(
    rule: Rule, sentence: Sentence, span: tuple[int, int], cues: list[tuple[Cue, Phrase]], year: int | None
) -> Frame:
    standing, cue = standing_of(sentence.text, *span, cues, year)
    score = sum(points_of(rule, sentence, standing).values())
    return Frame(rule, sentence, *span, standing, cue, score)


def points_of(rule: Rule, sentence: Sentence, standing: Standing) -> dict[str, float]:
    """What an act of this rule weighs in this sentence, by reason; the score is their sum."""
    return {
        "rule": rule.weight,
        "position": _position(sentence),
        "standing": BY_STANDING[standing],
        "named": NAMED if "M" in sentence.text or "C" in sentence.text else 0.0,
        "relief": RELIEF if rule.action in RELIEVES else 0.0,
    }


@dataclass(frozen=True)
class _Admitted:
    """Which rules may speak in a notice, and the year before which an act is history."""

    genres: frozenset[Genre]
    language: str
    year: int | None


def _year(reading: Reading, genres: frozenset[Genre]) -> int | None:
    """The year of a notice, if known; a gazette cites old years in passing and is not judged by them."""
    published = reading.notice.published_at
    return published.year if published is not None and Genre.GAZETTE not in genres else None


def _admitted(rule: Rule, ids: set[str], head: list[str]) -> bool:
    """Whether the rest of the notice holds what the rule asks for: another rule, or words in its head."""
    if rule.needs and not rule.needs & ids:
        return False
    return not rule.where or any(phrase.search(text) for phrase in rule.where for text in head)


def _position(sentence: Sentence) -> float:
    return BY_POSITION[sentence.number] if sentence.number < len(BY_POSITION) else LATER
