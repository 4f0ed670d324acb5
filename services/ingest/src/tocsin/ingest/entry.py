"""What a source says, read but not yet judged: entries, and those that could not be read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Entry:
    """One document as a source states it now. Texts are plain and within the contract's limits."""

    native_id: str  # what the source calls it; see each reader for what that is there
    title: str
    text: str
    url: str | None = None
    links: tuple[str, ...] = ()
    language: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    withdrawn: bool = False  # the source has deleted it: news only to those who were told of it


@dataclass(frozen=True)
class BadEntry:
    """An entry that could not be read, and why."""

    native_id: str  # its id if that could be read, else its place
    error: str
    place: str = ""  # where in the document it stands: `#3`


@dataclass(frozen=True)
class Parsed:
    """Everything one fetched document holds."""

    entries: tuple[Entry, ...] = ()
    bad: tuple[BadEntry, ...] = ()
    memory: bytes | None = None  # what the reader wants to know at the next poll; None: what it knew
