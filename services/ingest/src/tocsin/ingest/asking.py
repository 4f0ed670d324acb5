"""Learns how a source is best asked "anything new?": which of its validators it honours, and which move."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from tocsin.ingest.fetched import Validators

WHOLE_SECONDS = 86_400.0


class Way(StrEnum):
    """With which validators a source is asked."""

    BOTH = "both"
    ETAG = "etag"
    LAST_MODIFIED = "last_modified"


@dataclass(frozen=True)
class Asking:
    """What the answers of a source taught, as of the last body that was read to its end."""

    validators: Validators = field(default_factory=Validators)
    way: Way = Way.BOTH
    telling: tuple[Way, ...] = ()  # each validator that moved when the body last did
    fingerprint: str | None = None  # of the last body
    whole_at: float = 0.0  # when it came, POSIX time

    def conditions(self, now: float) -> Validators:
        """What to ask with. Nothing once a day: a source that says "unchanged" for ever is caught by it."""
        if now - self.whole_at >= WHOLE_SECONDS:
            return Validators()
        alone = {
            Way.ETAG: Validators(etag=self.validators.etag),
            Way.LAST_MODIFIED: Validators(last_modified=self.validators.last_modified),
        }.get(self.way, Validators())
        return alone if alone != Validators() else self.validators

    def heard(self, asked: Validators, given: Validators, fingerprint: str, now: float) -> "Asking":
        """What is known after a whole body came in answer to ``asked``.

        The same body again was a wasted answer: where both validators were sent, the one that changes with
        every answer spoilt the other (RFC 9110, section 13.1.3, lets If-None-Match win). So the next way is
        tried; but a validator is sent alone only after it was seen to move with the body, or a source that
        never touches its date would hide its news.
        """
        seen = replace(self, validators=given, fingerprint=fingerprint, whole_at=now)
        if self.fingerprint is None:
            return seen
        if fingerprint != self.fingerprint:
            telling = _moved(self.validators, given)
            return replace(seen, telling=telling, way=self.way if self.way in telling else Way.BOTH)
        return replace(seen, way=_next(self.way, self.telling)) if asked != Validators() else seen


def _moved(before: Validators, after: Validators) -> tuple[Way, ...]:
    moved = {
        Way.LAST_MODIFIED: None not in {before.last_modified, after.last_modified}
        and before.last_modified != after.last_modified,
        Way.ETAG: None not in {before.etag, after.etag} and before.etag != after.etag,
    }
    return tuple(way for way, did in moved.items() if did)


def _next(way: Way, telling: tuple[Way, ...]) -> Way:
    ways = (Way.BOTH, *telling)
    return ways[(ways.index(way) + 1) % len(ways)] if way in ways else Way.BOTH
