"""What every message has in common: immutable, tolerant of the new, strict about the missing."""

import hashlib
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A value inside a message.

    Frozen, so that it can be shared; unknown fields are ignored, so that an old reader understands a
    newer writer; a missing field is a ``ValidationError`` that names it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """A fact that travels on a topic, named in the past tense.

    ``type`` becomes ``ce_type``. ``id`` is the same on a repeat of the same fact: a reader that has seen
    it may drop it.
    """

    type: ClassVar[str]

    id: str

    def key(self) -> str:
        """The thing whose order matters: records of one key stay in order."""
        raise NotImplementedError  # abstract: each event names its own key


class Keyed(Protocol):
    """Anything that can be put on a topic under a key."""

    def key(self) -> str: ...


def fingerprint(prefix: str, *parts: str) -> str:
    """A short stable id of the given parts: the prefix, a dash, 26 hex digits (104 bits of SHA-256).

    Parts are separated by a byte that cannot occur in them, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.sha256("\x1f".join(part.replace("\x1f", " ") for part in parts).encode()).hexdigest()
    return f"{prefix}-{digest[:26]}"
