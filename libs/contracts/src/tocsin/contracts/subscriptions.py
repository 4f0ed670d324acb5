"""What platform teams declare in teams.yaml: who they are, what they watch, where they want to hear it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

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


class Digest(StrEnum):
    """How often a channel is told: of each alert at once, or of all of a period together."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


ALARMS = frozenset({"pagerduty", "alertmanager"})  # kinds that hold alarms until they end, and no letters


class Addressed(Declared):
    """What all channels share: a name, and how fast they are told."""

    kind: str
    name: Slug
    digest: Digest = Digest.IMMEDIATE
    most_an_hour: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=60, description="Alerts that are told singly; what is over that goes in one summary."
    )

    @model_validator(mode="after")
    def _alarms_do_not_wait(self) -> Self:
        if self.digest is not Digest.IMMEDIATE and self.kind in ALARMS:
            raise ValueError(f"{self.kind} holds alarms and no letters: it has no digest, leave `digest` out")
        return self


class Webhook(Addressed):
    """A signed POST to an address of the team (Standard Webhooks)."""

    kind: Literal["webhook"]
    url: Url
    secret_env: Variable = Field(
        description="Environment variable of notify that holds the `whsec_...` secret."
    )
    old_secret_env: Variable | None = Field(
        default=None,
        description="The secret before this one: while it is set, messages carry both signatures.",
    )


class Slack(Addressed):
    """A message in a Slack channel: by an incoming webhook, or by a bot, which keeps a thread a case.

    A webhook needs ``url_env`` alone: its address is itself the secret. A bot needs ``token_env`` and
    ``channel``.
    """

    kind: Literal["slack"]
    url_env: Variable | None = Field(
        default=None, description="Environment variable of notify that holds the webhook address."
    )
    token_env: Variable | None = Field(
        default=None, description="Environment variable of notify that holds the bot's token, `xoxb-...`."
    )
    channel: Annotated[str, StringConstraints(pattern=r"^[CGD][A-Z0-9]{1,40}$")] | None = Field(
        default=None, description="Id of the Slack channel that the bot is in: `C...`, not its #name."
    )
    url: Url = Field(
        default="https://slack.com/api/chat.postMessage",
        description="Where the bot posts: for GovSlack https://slack-gov.com/api/chat.postMessage.",
    )

    @model_validator(mode="after")
    def _is_a_webhook_or_a_bot(self) -> Self:
        bot = self.token_env is not None and self.channel is not None
        half = (self.token_env is None) != (self.channel is None)
        if half or bot == (self.url_env is not None):
            raise ValueError("slack needs `url_env` for a webhook, or `token_env` and `channel` for a bot")
        return self


class Email(Addressed):
    """A mail to one or more addresses, threaded by case."""

    kind: Literal["email"]
    to: Annotated[tuple[Address, ...], Field(min_length=1)]


class PagerDuty(Addressed):
    """An incident in PagerDuty (Events API v2): one a case and team, resolved when the measure is over."""

    kind: Literal["pagerduty"]
    routing_key_env: Variable = Field(
        description="Environment variable of notify that holds the integration key of the service."
    )
    url: Url = "https://events.pagerduty.com/v2/enqueue"


class Alertmanager(Addressed):
    """An alert in Alertmanager (API v2): one a case and team, ended when the measure is over."""

    kind: Literal["alertmanager"]
    url: Url = Field(description="Where Alertmanager is, without `/api/v2/alerts`.")


class Teams(Addressed):
    """A card in Microsoft Teams, by the webhook trigger of a workflow; the address itself is the secret."""

    kind: Literal["teams"]
    url_env: Variable = Field(description="Environment variable of notify that holds the workflow's address.")


class Matrix(Addressed):
    """A message in a Matrix room, as a user who has joined it."""

    kind: Literal["matrix"]
    url: Url = Field(description="The homeserver, without `/_matrix`.")
    room: Annotated[str, StringConstraints(pattern=r"^![^\s\x00-\x1f\x7f]{1,254}$")] = Field(
        description="Id of the room: `!...`, not its `#alias`."
    )
    token_env: Variable = Field(description="Environment variable of notify that holds the access token.")


class Log(Addressed):
    """A line in notify's own log: for trying a watch out."""

    kind: Literal["log"]


Channel = Annotated[
    Webhook | Slack | Email | PagerDuty | Alertmanager | Teams | Matrix | Log, Field(discriminator="kind")
]


def variables(channel: Channel) -> dict[str, str]:
    """The environment variables of notify that a channel names, by field."""
    return {field: value for field, value in channel if field.endswith("_env") and value is not None}


class Weekday(StrEnum):
    """A day of the week, Monday first, as teams.yaml has it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError) as error:  # no such file, no name of one, or no zone of it
        raise ValueError(f"{zone!r} is no time zone: give an IANA name, as Europe/Berlin") from error
    return zone


def _quoted(said: object) -> object:
    """YAML 1.1 reads 22:00 without quotes as a number, in base 60."""
    if isinstance(said, int):
        raise ValueError('write a time of day in quotes: "22:00"')  # noqa: TRY004 - pydantic takes no other
    return said


Clock = Annotated[
    str, BeforeValidator(_quoted), StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
]
Zone = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+/-]{0,62}$"), AfterValidator(_known)
]


class QuietHours(Declared):
    """When a team is told nothing but what is urgent, in its time zone; the rest comes at the end, together.

    They begin at ``from`` on each of the days and end at the next ``to``. The same time twice: 24 hours.
    """

    model_config = ConfigDict(serialize_by_alias=True)  # `from` is no name in Python

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    days: tuple[Weekday, ...] = Field(default=tuple(Weekday), description="On which they begin.")

    @model_validator(mode="after")
    def _leave_some_time(self) -> Self:
        if not self.days:
            raise ValueError("quiet_hours need a day on which they begin: leave `days` out for all")
        if self.begin == self.end and set(self.days) == set(Weekday):
            raise ValueError("quiet_hours that never end would hold everything: give another `to`, or days")
        return self


class OnCall(Declared):
    """What follows when nobody of the team acknowledges an alert that is grave enough.

    After ``remind_after_minutes`` its channels are told again; after ``fallback_after_minutes`` so is the
    channel named by ``fallback``, which hears of nothing else. Both count from when the alert was raised,
    and heed no digest and no quiet hours.
    """

    min_severity: Severity = Severity.CRITICAL
    remind_after_minutes: Annotated[int, Field(ge=1, le=10_080)] = 15
    fallback: Slug | None = Field(default=None, description="Name of a channel of the team.")
    fallback_after_minutes: Annotated[int, Field(ge=1, le=10_080)] = 30

    @model_validator(mode="after")
    def _reminds_first(self) -> Self:
        if self.fallback is not None and self.fallback_after_minutes <= self.remind_after_minutes:
            raise ValueError(
                f"fallback_after_minutes ({self.fallback_after_minutes}) comes after "
                f"remind_after_minutes ({self.remind_after_minutes}): make it longer"
            )
        return self


class Team(Declared):
    """Who is told. Every alert of a team also goes to the alerts topic under its id."""

    id: Slug
    name: Name
    watches: Annotated[tuple[Watch, ...], Field(min_length=1)]
    channels: tuple[Channel, ...] = ()
    on_call: OnCall | None = None
    time_zone: Zone = Field(default="UTC", description="IANA name, in which the times below are read.")
    quiet_hours: QuietHours | None = None
    urgent: Severity = Field(
        default=Severity.CRITICAL, description="From here on neither quiet hours nor digests hold an alert."
    )
    digest_at: Clock = Field(
        default="09:00", description="When daily digests go; weekly ones on Monday then."
    )
    most_an_hour: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=200, description="Alerts that are told singly, over all channels of the team."
    )

    @property
    def told(self) -> tuple[Channel, ...]:
        """The channels that alerts go to: all but the fallback of on call."""
        return tuple(one for one in self.channels if not self.on_call or one.name != self.on_call.fallback)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _unique("watches", [watch.name for watch in self.watches])
        _unique("channels", [channel.name for channel in self.channels])
        return self

    @model_validator(mode="after")
    def _on_call_reaches_somebody(self) -> Self:
        if self.on_call is None:
            return self
        names = [channel.name for channel in self.channels]
        fallback = self.on_call.fallback
        if fallback is not None and fallback not in names:
            raise ValueError(
                f"the fallback of on_call, {fallback!r}, is no channel of the team: "
                f"it has {', '.join(names) or 'none'}"
            )
        if not self.told:
            raise ValueError("on_call needs a channel that alerts go to; its fallback gets nothing else")
        return self


def held(row: object) -> Team:
    """A team as rows have it. A newer replica may have written what this one has no word for: that waits.

    Raises ``ValidationError`` for what is no team at all.
    """
    return Team.model_validate(row, extra="ignore")


class Subscriptions(Declared):
    """The whole of teams.yaml. A team that is not in it any more is retired and hears nothing further."""

    teams: tuple[Team, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        unique_ids(self.teams)
        return self


def unique_ids(teams: Sequence[Team]) -> None:
    """Raise ``ValueError`` when two teams share an id."""
    _unique("teams", [team.id for team in teams])


def _unique(what: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two {what} share the name {twice!r}")
