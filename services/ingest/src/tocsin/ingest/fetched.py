"""A document as it came from its source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Validators:
    """What a source gave us to ask "anything new?" with."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Fetched:
    """The bytes of a document, decompressed, and where they really came from."""

    body: bytes
    location: str  # the last address of the redirects, or the path
    content_type: str
    validators: Validators
