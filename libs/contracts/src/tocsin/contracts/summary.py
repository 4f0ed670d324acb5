"""A summary: several alerts told to one team in one message, or a word about a channel of its own."""

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, Field

from tocsin.contracts.alert import StepKind
from tocsin.contracts.classification import Severity
from tocsin.contracts.message import Event, Part


class SummarySort(StrEnum):
    """Why alerts are told together and later, and not singly and at once."""

    DIGEST = "digest"  # the channel wants them every hour, day or week
    QUIET = "quiet"  # they came in the quiet hours of the team
    STORM = "storm"  # too many came at once
    SILENCE = "silence"  # somebody of the team had asked not to hear of them for a while
    UPKEEP = "upkeep"  # it tells of no alert: something that the team declared can tell it nothing
    TROUBLE = "trouble"  # it tells of no alert: another channel of the team fails, or works again


class SummarisedAlert(Part):
    """One alert in a summary, in a line; ``id`` is that of the ``AlertRaised``."""

    id: str
    case_ref: str
    kind: StepKind
    severity: Severity
    headline: str
    raised_at: AwareDatetime
    case_url: str | None = None


class AlertsSummarised(Event):
    """A team is told, on one channel, what was not told singly there.

    Each alert in it was raised, and is on the alerts topic, by itself and at once; a summary never is. The id
    is made of team, channel, sort and period.
    """

    type: ClassVar[str] = "tocsin.alerts.summarised.v1"

    team: str = Field(description="Id of the team.")
    channel: str | None = Field(default=None, description="Name of the team's channel.")
    sort: SummarySort
    since: AwareDatetime
    until: AwareDatetime = Field(description="When it was closed: what came later is told otherwise.")
    headline: str
    severity: Severity = Field(default=Severity.INFO, description="The gravest that any of its alerts has.")
    lines: tuple[str, ...] = Field(default=(), description="What it says besides the alerts.")
    count: int = Field(default=0, ge=0, description="How many alerts it stands for.")
    items: tuple[SummarisedAlert, ...] = Field(default=(), description="The gravest of them, oldest first.")
    more: int = Field(default=0, ge=0, description="How many alerts are not among the items.")
    url: str | None = Field(default=None, description="Where all of them are.")

    def key(self) -> str:
        return self.team
