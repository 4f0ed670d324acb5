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


class Exclusion(Declared):
    """What a watch does not mean.

    Models, families, vendors and chips are left out of what a measure hits: a vendor with all it makes. If
    nothing is left, the watch does not match. A category or a jurisdiction takes the whole match back.
    """

    models: tuple[Name, ...] = ()
    families: tuple[Name, ...] = ()
    vendors: tuple[Name, ...] = ()
    chips: tuple[Name, ...] = ()
    categories: tuple[Category, ...] = ()
    jurisdictions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not any(getattr(self, field) for field in type(self).model_fields):
            raise ValueError(f"`not` needs at least one of {', '.join(type(self).model_fields)}")
        return self


class Watch(Declared):
    """What a team wants to hear about.

    Entities (models, families, vendors, chips) are alternatives: one that matches is enough. Categories
    and jurisdictions narrow what is left, and so does `not`. Names are canonical names, aliases or API ids of
    the catalogue.
    """

    model_config = ConfigDict(
        serialize_by_alias=True
    )  # `not` is no name in Python, and the only one in a file

    name: Name
    models: tuple[Name, ...] = ()
    families: tuple[Name, ...] = ()
    vendors: tuple[Name, ...] = ()
    chips: tuple[Name, ...] = ()
    categories: tuple[Category, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    min_severity: Severity = Severity.LOW
    excluded: Exclusion | None = Field(default=None, alias="not", description="What it does not mean.")

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
    old_secret_env: Variable | None = Field(
        default=None,
        description="The secret before this one: while it is set, messages carry both signatures.",
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


class PagerDuty(Declared):
    """An incident in PagerDuty (Events API v2): one a case and team, resolved when the measure is over."""

    kind: Literal["pagerduty"]
    name: Slug
    routing_key_env: Variable = Field(
        description="Environment variable of notify that holds the integration key of the service."
    )
    url: Url = "https://events.pagerduty.com/v2/enqueue"


class Alertmanager(Declared):
    """An alert in Alertmanager (API v2): one a case and team, ended when the measure is over."""

    kind: Literal["alertmanager"]
    name: Slug
    url: Url = Field(description="Where Alertmanager is, without `/api/v2/alerts`.")


class Teams(Declared):
    """A card in Microsoft Teams, by the webhook trigger of a workflow; the address itself is the secret."""

    kind: Literal["teams"]
    name: Slug
    url_env: Variable = Field(description="Environment variable of notify that holds the workflow's address.")


class Matrix(Declared):
    """A message in a Matrix room, as a user who has joined it."""

    kind: Literal["matrix"]
    name: Slug
    url: Url = Field(description="The homeserver, without `/_matrix`.")
    room: Annotated[str, StringConstraints(pattern=r"^![^\s\x00-\x1f\x7f]{1,254}$")] = Field(
        description="Id of the room: `!...`, not its `#alias`."
    )
    token_env: Variable = Field(description="Environment variable of notify that holds the access token.")


class Log(Declared):
    """A line in notify's own log: for trying a watch out."""

    kind: Literal["log"]
    name: Slug


Channel = Annotated[
    Webhook | Slack | Email | PagerDuty | Alertmanager | Teams | Matrix | Log, Field(discriminator="kind")
]


def variables(channel: Channel) -> dict[str, str]:
    """The environment variables of notify that a channel names, by field."""
    return {field: value for field, value in channel if field.endswith("_env") and value is not None}


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
