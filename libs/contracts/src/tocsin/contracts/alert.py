"""An alert: one step of one case told to one team."""

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, Field

from tocsin.contracts.catalogue import Kind
from tocsin.contracts.classification import Action, Category, Certainty, Severity
from tocsin.contracts.message import Event, Part
from tocsin.contracts.notice import Tier


class CaseState(StrEnum):
    """Where a real-world measure stands in its life."""

    RUMOURED = "rumoured"
    REPORTED = "reported"
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    EASED = "eased"
    LIFTED = "lifted"
    DENIED = "denied"


class StepKind(StrEnum):
    """What is new about a case, and so worth telling."""

    OPENED = "opened"  # first word of a measure, whatever its state
    IN_FORCE = "in_force"  # what was rumoured or proposed now binds
    WIDENED = "widened"  # it reaches more
    CONFIRMED = "confirmed"  # an authority says itself what others had said
    EASED = "eased"
    LIFTED = "lifted"
    DENIED = "denied"


class EntityRef(Part):
    """An entity by id and printable name."""

    id: str
    name: str
    kind: Kind


class Quote(Part):
    """Words of a source, with everything needed to check them."""

    text: str
    notice_id: str
    source: str
    tier: Tier
    url: str | None
    published_at: AwareDatetime | None
    seen_at: AwareDatetime
    sha256: str


class Reason(Part):
    """Why this team is told: the watch that matched and what it matched on."""

    watch: str = Field(description="Name of the team's watch.")
    because: str = Field(description="One sentence for a person.")
    entities: tuple[EntityRef, ...] = Field(default=(), description="What matched, if entities did.")


class AlertRaised(Event):
    """A team is told one step of one case.

    One alert a team and step, whatever number of watches and notices led to it; the id is made of these
    two. Everything a channel prints is in here; nothing in it stands without a quote.
    """

    type: ClassVar[str] = "tocsin.alert.raised.v1"

    team: str = Field(description="Id of the team; also the key on the topic.")
    case_id: str
    case_ref: str = Field(description="The case as people say it: C-7F3K.")
    step: int = Field(ge=1, description="1, 2, 3 ... within the case.")
    kind: StepKind
    state: CaseState = Field(description="Where the case stands after this step.")
    category: Category
    action: Action
    certainty: Certainty
    severity: Severity
    headline: str
    provenance: str = Field(description="Who says so, and who has not yet.")
    happened: str = Field(description="What happened, in one or two sentences.")
    quotes: tuple[Quote, ...] = Field(min_length=1)
    subjects: tuple[EntityRef, ...] = ()
    reasons: tuple[Reason, ...] = Field(min_length=1)
    unaffected: tuple[EntityRef, ...] = Field(default=(), description="Yours, named, and not hit.")
    still_hit: tuple[EntityRef, ...] = Field(
        default=(), description="What the case still hits after this step, yours or not."
    )
    watch_next: tuple[str, ...] = ()
    case_url: str | None = None
    seen_at: AwareDatetime = Field(description="When Tocsin first held the notice that led here.")
    classified_at: AwareDatetime
    raised_at: AwareDatetime

    def key(self) -> str:
        return self.team

    @property
    def over(self) -> bool:
        """Whether nothing is left to act on: the whole measure is lifted, or was denied."""
        return self.kind in {StepKind.LIFTED, StepKind.DENIED} and not self.still_hit

    @property
    def concerns(self) -> tuple[EntityRef, ...]:
        """What of the team's is hit: what its watches matched, or all subjects where they leave that open."""
        own = {ref.id: ref for reason in self.reasons for ref in reason.entities}
        return tuple(own.values()) or self.subjects
