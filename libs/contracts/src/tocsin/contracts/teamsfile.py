"""A teams.yaml as a person keeps it: teams, what the catalogue lacks, and other files of such."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from tocsin.contracts.catalogue import EntityId, Kind
from tocsin.contracts.subscriptions import Declared, Name, Team, unique_ids

Include = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]


class Addition(Declared):
    """A model, vendor, chip or authority that the catalogue is to know here, beside what is shipped."""

    kind: Kind
    name: Name = Field(description="As alerts print it.")
    vendor: Name | None = Field(default=None, description="Who makes it, by name or id.")
    family: Name | None = Field(default=None, description="Name of the model it is a version of.")
    aliases: tuple[Name, ...] = Field(default=(), description="Other spellings that texts use.")
    api_ids: tuple[Name, ...] = Field(default=(), description="Identifiers in API calls.")
    ambiguous: bool = Field(default=False, description="The name is also a word, person or product.")
    jurisdiction: Place | None = Field(default=None, description="Of an authority or vendor: ISO 3166 or EU.")
    id: EntityId | None = Field(default=None, description="Left out, it is made of the name.")


class TeamsFile(Declared):
    """One file of teams. All that it includes, directly or not, counts as if it stood in it."""

    include: tuple[Include, ...] = Field(
        default=(), description="Other files of teams, beside this one or below it: `teams/*.yaml`."
    )
    catalogue: tuple[Addition, ...] = Field(
        default=(), description="What the shipped catalogue lacks; watches may name it at once."
    )
    teams: tuple[Team, ...] = ()

    @model_validator(mode="after")
    def _declares_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("the file declares nothing: give it `teams:`, `catalogue:` or `include:`")
        unique_ids(self.teams)
        return self
