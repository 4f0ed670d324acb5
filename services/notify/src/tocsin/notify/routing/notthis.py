"""Not this: what a team has said it need not hear of: a case, an entity, a source."""

from enum import StrEnum

from pydantic import AwareDatetime

from tocsin.contracts.message import Part


class Sort(StrEnum):
    """What a team can refuse."""

    CASE = "case"  # one measure
    ENTITY = "entity"  # "the Opus of these texts is not the model": it counts for nothing
    SOURCE = "source"  # whatever this source alone tells


class Refusal(Part):
    """What a team need not hear of. ``thing`` is the id of the case, entity or source."""

    team: str
    sort: Sort
    thing: str
    author: str
    reason: str


class NotThis(Refusal):
    """A refusal on record, in force until it is taken back."""

    number: int
    made_at: AwareDatetime
