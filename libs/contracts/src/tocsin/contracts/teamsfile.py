"""A teams.yaml as a person keeps it: teams, silences, what the catalogue lacks, other files of such."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator

from tocsin.contracts.catalogue import EntityId, Kind
from tocsin.contracts.classification import Category
from tocsin.contracts.declared import Declared, Name, Slug
from tocsin.contracts.subscriptions import Team, unique_ids

Include = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Why = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]


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


def _instant(said: object) -> object:
    """Of text a moment with its zone; a bare number is none, though pydantic would take it."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("write a time with its zone, as 2026-12-01T09:00Z or 2026-12-01T09:00+01:00")
    return moment


class Silence(Declared):
    """What a team need not be interrupted for until a time: alerts to which all that is named applies."""

    team: Slug = Field(description="Id of the team.")
    case: Name | None = Field(default=None, description="Of this measure, by id or reference: C-7F3K2M.")
    entity: Name | None = Field(default=None, description="Of this alone, by id or name.")
    source: Name | None = Field(default=None, description="By this source, as alerts name it.")
    category: Category | None = Field(default=None, description="Of this sort.")
    watch: Name | None = Field(default=None, description="For this watch of the team alone.")
    until: Annotated[AwareDatetime, BeforeValidator(_instant)] = Field(
        description="Its end, with its zone: to come, and at most 90 days ahead."
    )
    reason: Why = Field(description="Why; kept, and shown.")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.case or self.entity or self.source or self.category or self.watch):
            raise ValueError("say what is silenced: add one or more of case, entity, source, category, watch")
        return self


class TeamsFile(Declared):
    """One file of teams. All that it includes, directly or not, counts as if it stood in it."""

    include: tuple[Include, ...] = Field(
        default=(), description="Other files of teams, beside this one or below it: `teams/*.yaml`."
    )
    catalogue: tuple[Addition, ...] = Field(
        default=(), description="What the shipped catalogue lacks; watches may name it at once."
    )
    teams: tuple[Team, ...] = ()
    silences: tuple[Silence, ...] = Field(
        default=(), description="Made once each; one that is taken out goes on until its end."
    )

    @model_validator(mode="after")
    def _declares_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                "the file declares nothing: give it `teams:`, `catalogue:`, `silences:` or `include:`"
            )
        unique_ids(self.teams)
        return self
