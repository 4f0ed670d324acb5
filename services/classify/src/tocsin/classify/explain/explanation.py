"""The shape of an explanation: what `tocsin explain --json` prints and `POST /v1/explain` answers."""

from typing import Literal

from pydantic import Field

from tocsin.contracts import (
    Action,
    Category,
    Certainty,
    Classification,
    Kind,
    Role,
    Severity,
    Span,
    Stage,
    Tier,
)
from tocsin.contracts.message import Part


class Outcome(Part):
    """The five words of a classification that decide what happens with it."""

    category: Category
    action: Action
    stage: Stage
    certainty: Certainty
    severity: Severity


class Mark(Part):
    """Words of the title or text that carry something; numbered from 1 in the order of the text."""

    number: int
    kind: Literal["act", "cue", "veto", "name", "other"]
    span: Span
    says: tuple[str, ...] = Field(description="What the words carry, a sentence each.")


class Name(Part):
    """An entity of the classification, and why its name was taken for it."""

    id: str
    name: str
    kind: Kind
    role: Role
    inferred: bool
    marks: tuple[int, ...]
    because: tuple[str, ...]


class LeftOut(Part):
    """A name of the catalogue that stands in the text and was not taken for the entity."""

    id: str
    name: str
    kind: Kind
    span: Span
    because: tuple[str, ...]


class Cue(Part):
    """What says how an act stands in its clause."""

    id: str
    words: str
    source: str
    quote: str


class Act(Part):
    """A rule that fired: an act that the text reports, and what it weighs."""

    rule: str
    words: str = Field(description="The rule in one plain sentence.")
    source: str = Field(description="The law, list format or usage that the rule follows.")
    category: Category
    action: Action
    standing: str = Field(
        description="How the act stands: done, scheduled, possible, denied, goal and so on."
    )
    cue: Cue | None
    clause: str = Field(description="The clause it stands in, as written.")
    sentence: int = Field(description="0 is the title, 1 the first sentence of the text.")
    mark: int
    score: float
    points: dict[str, float] = Field(description="What gives or takes points; the score is their sum.")
    part: Literal["verdict", "ground", "runner-up", "other"]


class VetoTold(Part):
    """What spoke against every act."""

    id: str
    words: str
    source: str
    mark: int


class WhatIf(Part):
    """A small change of the notice or of the rules, and what the notice would then be found to say."""

    change: str
    becomes: Outcome
    differs: tuple[str, ...] = Field(description="Fields of the outcome that change; empty: none does.")


class Explanation(Part):
    """One text and how it is read. Offsets count code points of the title and text as handed in."""

    title: str
    text: str = Field(description="As far as it is shown: what lies behind the last mark may be cut.")
    characters: int = Field(description="Length of the whole text.")
    tier: Tier
    genre: str
    verdict: Outcome
    because: str
    enough: float = Field(description="Score that an act needs from a source of this tier.")
    veto: VetoTold | None
    marks: tuple[Mark, ...]
    names: tuple[Name, ...]
    left_out: tuple[LeftOut, ...]
    acts: tuple[Act, ...] = Field(description="Every rule that fired, the heaviest first.")
    what_if: tuple[WhatIf, ...]
    classification: Classification
    rules_version: str

    @property
    def runner_up(self) -> Act | None:
        """The heaviest act that says something else than the verdict."""
        return next((act for act in self.acts if act.part == "runner-up"), None)
