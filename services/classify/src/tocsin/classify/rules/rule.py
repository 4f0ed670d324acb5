"""What a rule is: a claim about a sentence, the phrases that carry it, and examples that prove it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tocsin.classify.language import Language
from tocsin.classify.matching import Place
from tocsin.classify.phrases import Phrase
from tocsin.classify.prefilter import Prefilter
from tocsin.classify.sense import Senses
from tocsin.contracts import Action, Category


class Unproven(ValueError):
    """A rule's own example contradicts it; the message names both. The file does not load until it agrees."""


class Genre(StrEnum):
    """How a notice is written, apart from who wrote it: each genre says the same act in other words."""

    GAZETTE = "gazette"
    STATUS = "status"
    STATEMENT = "statement"
    PRESS = "press"
    FORUM = "forum"


class Standing(StrEnum):
    """How an act stands in its clause: done, or something short of it."""

    DONE = "done"
    SCHEDULED = "scheduled"
    POSSIBLE = "possible"
    DENIED = "denied"
    GOAL = "goal"
    QUESTION = "question"
    GROUND = "ground"
    BACKGROUND = "background"


@dataclass(frozen=True)
class Rule:
    """An act and the phrases that report it; a phrase of ``unless`` in the sentence takes a match back.

    ``words`` is the rule in one plain sentence, ``source`` the law, list format or usage it follows.
    """

    id: str
    words: str
    source: str
    category: Category
    action: Action
    weight: float
    genres: frozenset[Genre]
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...] = ()
    where: tuple[Phrase, ...] = ()  # one must stand in the title or the first two sentences
    title_only: bool = False
    topic: bool = False  # the measure it speaks of gives the category
    net: bool = False  # a weak rule for recall: it can be relevant, never certain, never a page
    language: Language = Language.ENGLISH
    needs: frozenset[str] = frozenset()  # ids of rules of which one must hold elsewhere in the notice


@dataclass(frozen=True)
class Cue:
    """Words around an act that say how it stands; ``scope`` says where they are looked for (stage.yaml)."""

    id: str
    words: str
    source: str
    standing: Standing
    phrases: tuple[Phrase, ...]
    scope: str
    language: Language = Language.ENGLISH


@dataclass(frozen=True)
class Veto:
    """Words in the title or first sentence of what reports no act: fiction, comment, markets, outages."""

    id: str
    words: str
    source: str
    phrases: tuple[Phrase, ...]
    genres: frozenset[Genre]
    title_only: bool
    yields: bool  # to an act that is done, by a named authority
    language: Language = Language.ENGLISH


Marks = dict[str, tuple[Phrase, ...]]


@dataclass(frozen=True)
class Tongue:
    """What the file of one language other than English says."""

    language: Language
    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    vetoes: tuple[Veto, ...]
    marks: Marks


COLOURS = (  # marks that certainty, severity and the verdict ask for
    "hedged",
    "rumour",
    "opinion",
    "draft_rule",
    "power",
    "public_sector",
    "public_reach",
    "one_customer",
    "prelaunch",
    "own_staff",
    "advice_only",
    "corrected",
    "class_only",
    "imminent",
)
SCOPE = ("scope_actor", "scope_thing", "scope_rule")  # marks of which unknown wording is made


@dataclass(frozen=True)
class Rules:
    """Everything the shipped files say, compiled. ``digest`` changes when any of it does."""

    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    vetoes: tuple[Veto, ...]
    marks: Marks
    marks_abroad: dict[Language, Marks]  # those of English with those of the language
    laws: dict[str, tuple[Phrase, ...]]  # by jurisdiction
    senses: Senses
    places: tuple[Place, ...]
    digest: str

    def marks_in(self, language: str) -> Marks:
        """The marks that count in a notice of this language: its own and the English ones."""
        return next((marks for known, marks in self.marks_abroad.items() if known == language), self.marks)

    def colours_in(self, language: str) -> Prefilter[str]:
        """The marks that colour a verdict in a notice of this language, behind one prefilter."""
        return next((marks for known, marks in self._colours.items() if known == language), self._english)

    @cached_property
    def _english(self) -> Prefilter[str]:
        return _colouring(self.marks)

    @cached_property
    def _colours(self) -> dict[Language, Prefilter[str]]:
        return {language: _colouring(marks) for language, marks in self.marks_abroad.items()}

    @cached_property
    def vetoing(self) -> Prefilter[Veto]:
        """The phrases of all vetoes behind one prefilter."""
        return Prefilter((veto, phrase) for veto in self.vetoes for phrase in veto.phrases)

    @cached_property
    def scope(self) -> Prefilter[str]:
        """The scope words behind one prefilter, each under the name of its mark."""
        return Prefilter((name, phrase) for name in SCOPE for phrase in self.marks[name])


def _colouring(marks: Marks) -> Prefilter[str]:
    return Prefilter((name, phrase) for name in COLOURS for phrase in marks.get(name, ()))
