"""A notice: one revision of one published document, as ingest tells it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from tocsin.contracts.message import Event, Part, fingerprint

MAX_TITLE = 1_000
MAX_TEXT = 200_000


class Tier(StrEnum):
    """How close a source is to the act it reports."""

    OFFICIAL = "official"  # the authority itself
    PARTY = "party"  # the addressee or the vendor itself
    PRESS = "press"
    COMMUNITY = "community"


class SourceRef(Part):
    """Where a notice came from."""

    id: str = Field(description="Stable id of the source, as in sources.yaml.")
    name: str = Field(description="What a person calls it.")
    tier: Tier
    kind: str = Field(description="How it is read, as in sources.yaml: feed, page, mailbox, push and others.")


class NoticePublished(Event):
    """Ingest saw a new document, or a new revision of a known one.

    The id is made of source, document and content (``notice_id``), so telling the same revision again,
    after a crash say, repeats the id. ``first_seen_at`` is ours; every other time is the source's word.
    """

    type: ClassVar[str] = "tocsin.notice.published.v1"

    document_id: str = Field(description="The document this is a revision of; also the key on the topic.")
    revision: Annotated[int, Field(ge=1, description="1 for the first text seen, then counting up.")]
    source: SourceRef
    title: Annotated[str, Field(max_length=MAX_TITLE, description="Plain text, no markup.")]
    text: Annotated[str, Field(max_length=MAX_TEXT, description="Plain text, paragraphs split by newlines.")]
    url: str | None = Field(default=None, description="Where a person can read it (http or https).")
    links: tuple[str, ...] = Field(default=(), description="Addresses the document points to.")
    language: str | None = Field(default=None, description="BCP 47 tag if the source states one.")
    published_at: AwareDatetime | None = Field(default=None, description="First published, says the source.")
    updated_at: AwareDatetime | None = Field(default=None, description="Last changed, says the source.")
    first_seen_at: AwareDatetime = Field(description="When Tocsin first held this revision.")
    content_sha256: str = Field(description="SHA-256 of the bytes as fetched or pushed: the evidence hash.")

    def key(self) -> str:
        return self.document_id


def document_id(source: str, native_id: str) -> str:
    """The id of a document, from its source and the id it has there (a GUID, a link, an incident)."""
    return fingerprint("doc", source, native_id)


def notice_id(document: str, content_digest: str) -> str:
    """The id of one revision of a document, from its normalised content."""
    return fingerprint("n", document, content_digest)
