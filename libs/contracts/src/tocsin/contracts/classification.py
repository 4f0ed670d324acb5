"""What a notice says: category, action, certainty, entities, dates, each with quoted evidence."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from tocsin.contracts.catalogue import Kind
from tocsin.contracts.message import Event, Part
from tocsin.contracts.notice import NoticePublished


class Category(StrEnum):
    """The legal ground of what is reported."""

    EXPORT_CONTROL = "export_control"
    SANCTIONS = "sanctions"
    MODEL_RESTRICTION = "model_restriction"
    SECURITY_DIRECTIVE = "security_directive"
    ENFORCEMENT = "enforcement"
    LEGISLATION = "legislation"
    LICENSING = "licensing"
    GUIDANCE = "guidance"
    OTHER_REGULATORY = "other_regulatory"
    NOT_REGULATORY = "not_regulatory"


class Action(StrEnum):
    """The newest act that is reported."""

    IMPOSED = "imposed"
    EXPANDED = "expanded"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    EASED = "eased"
    LIFTED = "lifted"
    DENIED = "denied"
    ENFORCED = "enforced"
    ADVISED = "advised"
    NONE = "none"


class Stage(StrEnum):
    """Whether the act has been done, apart from what the act is."""

    DONE = "done"
    SCHEDULED = "scheduled"  # announced for a time to come
    POSSIBLE = "possible"  # weighed, expected, asked for


class Certainty(StrEnum):
    """How sure one may be, from the tier of the source and the hedging in the text."""

    OFFICIAL = "official"
    REPORTED = "reported"
    RUMOURED = "rumoured"
    OPINION = "opinion"


class Severity(StrEnum):
    """How much it matters; only ``critical`` wakes anybody."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return list(reversed(Severity)).index(self)


class Role(StrEnum):
    """Whether the act is about an entity or only names it."""

    SUBJECT = "subject"
    MENTIONED = "mentioned"


class Span(Part):
    """A quotation that can be checked: ``getattr(notice, field)[start:end] == quote``.

    Offsets count Unicode code points of the notice's own title or text.
    """

    field: Literal["title", "text"]
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: str


class Evidence(Part):
    """Why one claim was made: the rule that fired and the words it fired on."""

    claim: str = Field(description="What is claimed, as `field=value`: `action=imposed`.")
    rule: str = Field(description="Name of the rule, as in rules.yaml.")
    span: Span | None = Field(default=None, description="None where the claim follows from another one.")


class Instrument(Part):
    """A legal text that a notice names by its number."""

    kind: str = Field(description="What the number numbers: `cfr`, `fr_document`, `docket`, `celex`, `bill`.")
    number: str = Field(description="In the usual written form: `15 CFR 744.23`, `2026-12345`.")
    span: Span


class Mention(Part):
    """One entity of the catalogue that a notice names or implies."""

    id: str
    name: str
    kind: Kind
    role: Role
    inferred: bool = Field(default=False, description="No span names it: the maker of a named model.")
    spans: tuple[Span, ...] = ()


class Classification(Part):
    """What a notice says, in the words of the taxonomy."""

    category: Category
    action: Action
    stage: Stage = Stage.DONE
    certainty: Certainty
    severity: Severity
    entities: tuple[Mention, ...] = ()
    jurisdictions: tuple[str, ...] = Field(default=(), description="Who acts: ISO 3166, EU, or US-CA.")
    targets: tuple[str, ...] = Field(default=(), description="Who is hit, where a territory is named.")
    effective_at: AwareDatetime | None = Field(default=None, description="From when it holds, if stated.")
    ends_at: AwareDatetime | None = Field(default=None, description="Until when it holds, if stated.")
    instruments: tuple[Instrument, ...] = ()
    language: str = Field(default="en", description="Of the text, as in BCP 47; `und` where nobody can say.")
    signature: str = Field(
        default="", description="Prints of the wording, by which copies are known: `contracts/signature.py`."
    )
    evidence: tuple[Evidence, ...] = ()

    def subjects(self) -> tuple[Mention, ...]:
        """The entities that the act is about, in order of appearance."""
        return tuple(mention for mention in self.entities if mention.role is Role.SUBJECT)


class NoticeClassified(Event):
    """Classify has read a notice. Carries the notice, so that a reader needs no second topic.

    The id is the notice's: reading the same notice again with the same rules says the same thing.
    """

    type: ClassVar[str] = "tocsin.notice.classified.v1"

    notice: NoticePublished
    classification: Classification
    rules_version: str = Field(description="Digest of the rules and catalogue that were used.")
    classified_at: AwareDatetime

    def key(self) -> str:
        return self.notice.document_id
