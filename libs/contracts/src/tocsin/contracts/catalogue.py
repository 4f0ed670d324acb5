"""The catalogue: models, vendors, chips and authorities that notices speak about."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from tocsin.contracts.message import Part


class Kind(StrEnum):
    """What sort of thing an entity is."""

    MODEL = "model"
    VENDOR = "vendor"
    CHIP = "chip"
    AUTHORITY = "authority"


EntityId = Annotated[str, StringConstraints(pattern=r"^(model|vendor|chip|authority):[a-z0-9][a-z0-9.-]*$")]


class Entity(Part):
    """One entry of the catalogue: one record on the compacted topic, under its id.

    A tombstone (null value) under the id takes the entry out.
    """

    id: EntityId
    kind: Kind
    name: str = Field(min_length=1, description="Canonical name, as alerts print it.")
    aliases: tuple[str, ...] = Field(default=(), description="Other spellings that texts use.")
    api_ids: tuple[str, ...] = Field(default=(), description="Identifiers in API calls: `claude-fable-5`.")
    ambiguous: bool = Field(default=False, description="The name is also a word, person or product.")
    vendor: EntityId | None = Field(default=None, description="Who makes it (models and chips).")
    family: str | None = Field(default=None, description="Family of a model: `Claude`, `Claude Fable`.")
    jurisdiction: str | None = Field(default=None, description="Of an authority or vendor: ISO 3166 or EU.")

    def key(self) -> str:
        """The record key on the topic: the id."""
        return self.id
