"""What platform teams declare in teams.yaml: who they are, what they watch, where they want to hear it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tocsin.contracts.classification import Category, Severity

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,253}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\x00-\x1f]{1,2000}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,126}$")]


class Declared(BaseModel):
    """A person wrote this: an unknown field is a typing error and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Watch(Declared):
    """What a team wants to hear about.

    Entities (models, families, vendors, chips) are alternatives: one that matches is enough. Categories
    and jurisdictions narrow what is left. Names are canonical names, aliases or API ids of the catalogue.
    """

    name: Name
    models: tuple[Name, ...] = ()
    families: tuple[Name, ...] = ()
    vendors: tuple[Name, ...] = ()
    chips: tuple[Name, ...] = ()
    categories: tuple[Category, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    min_severity: Severity = Severity.LOW

    @model_validator(mode="after")
    def _watches_something(self) -> Self:
        if not (
            self.models
            or self.families
            or self.vendors
            or self.chips
            or self.categories
            or self.jurisdictions
        ):
            raise ValueError(
                "a watch needs at least one of models, families, vendors, chips, categories, jurisdictions"
            )
        return self


class Webhook(Declared):
    """A signed POST to an address of the team (Standard Webhooks)."""

    kind: Literal["webhook"]
    name: Slug
    url: Url
    secret_env: Variable = Field(
        description="Environment variable of notify that holds the `whsec_...` secret."
    )


class Slack(Declared):
    """A Slack incoming webhook; the address itself is the secret, so it comes from the environment."""

    kind: Literal["slack"]
    name: Slug
    url_env: Variable = Field(description="Environment variable of notify that holds the webhook address.")


class Email(Declared):
    """A mail to one or more addresses, threaded by case."""

    kind: Literal["email"]
    name: Slug
    to: Annotated[tuple[Address, ...], Field(min_length=1)]


class Log(Declared):
    """A line in notify's own log: for trying a watch out."""

    kind: Literal["log"]
    name: Slug


Channel = Annotated[Webhook | Slack | Email | Log, Field(discriminator="kind")]


class Team(Declared):
    """Who is told. Every alert of a team also goes to the alerts topic under its id."""

    id: Slug
    name: Name
    watches: Annotated[tuple[Watch, ...], Field(min_length=1)]
    channels: tuple[Channel, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _unique("watches", [watch.name for watch in self.watches])
        _unique("channels", [channel.name for channel in self.channels])
        return self


class Subscriptions(Declared):
    """The whole of teams.yaml. A team that is not in it any more is retired and hears nothing further."""

    teams: tuple[Team, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        _unique("teams", [team.id for team in self.teams])
        return self


def _unique(what: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two {what} share the name {twice!r}")
