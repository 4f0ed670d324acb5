"""What a rule is: a claim about a sentence, the phrases that carry it, and examples that prove it."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.classify.language import Language
from tocsin.classify.matching import Place
from tocsin.classify.phrases import Phrase
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
    BACKGROUND = "background"


@dataclass(frozen=True)
class Rule:
    """An act and the phrases that report it; a phrase of ``unless`` in the sentence takes a match back."""

    id: str
    category: Category
    action: Action
    weight: float
    genres: frozenset[Genre]
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...] = ()
    title_only: bool = False
    net: bool = False  # a weak rule for recall: it can be relevant, never certain, never a page
    language: Language = Language.ENGLISH
    needs: frozenset[str] = frozenset()  # ids of rules of which one must hold elsewhere in the notice


@dataclass(frozen=True)
class Cue:
    """Words before an act, in its clause or anywhere before it, that say how it stands."""

    id: str
    standing: Standing
    phrases: tuple[Phrase, ...]
    scope: str  # clause, sentence or inside


@dataclass(frozen=True)
class Veto:
    """Words in the title or first sentence of what reports no act: fiction, comment, markets, outages."""

    id: str
    phrases: tuple[Phrase, ...]
    genres: frozenset[Genre]
    title_only: bool
    yields: bool  # to an act that is done, by a named authority


@dataclass(frozen=True)
class Rules:
    """Everything the shipped files say, compiled. ``digest`` changes when any of it does."""

    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    vetoes: tuple[Veto, ...]
    marks: dict[str, tuple[Phrase, ...]]
    laws: dict[str, tuple[Phrase, ...]]  # by jurisdiction
    senses: Senses
    places: tuple[Place, ...]
    digest: str
