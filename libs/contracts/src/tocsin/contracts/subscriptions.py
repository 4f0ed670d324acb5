"""What platform teams declare in teams.yaml: who they are, what they watch, where they want to hear it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tocsin.contracts.channels import Channel
from tocsin.contracts.classification import Category, Severity
from tocsin.contracts.declared import Declared, Name, Slug


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
