"""A document as it came from its source."""

import hashlib
from dataclasses import dataclass

from tocsin.ingest.entry import BadEntry


@dataclass(frozen=True)
class Validators:
    """What a source is asked "anything new?" with: its own words (RFC 9110, section 8.8), and our notes."""

    etag: str | None = None
    last_modified: str | None = None
    memory: bytes | None = None  # what its reader noted of the last document


@dataclass(frozen=True)
class Fetched:
    """The bytes of a document, decompressed, and where they really came from."""

    body: bytes
    location: str  # the last address of the redirects, or the path
    content_type: str
    validators: Validators
    more: tuple["Fetched", ...] = ()  # documents that one poll found beside this one
    bad: tuple[BadEntry, ...] = ()  # what could not even be fetched
    fresh_for: float = 0.0  # seconds for which the source wants not to be asked again
    moved_to: str | None = None  # where permanent redirects lead

    @property
    def fingerprint(self) -> str:
        """Equal for documents that a parser reads alike."""
        digest = hashlib.sha256(self.content_type.encode())
        digest.update(self.body)
        for other in self.more:
            digest.update(other.fingerprint.encode())
        return digest.hexdigest()
