"""How much a classification matters. Only ``critical`` wakes anybody, so it asks for everything at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.classify.frames import Frame
from tocsin.classify.marks import Marks, first_mark
from tocsin.classify.reading import Reading
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Action, Category, Certainty, Kind, Mention, Role, Severity, Stage, Tier

FRESH = timedelta(hours=48)
SOON = timedelta(hours=72)
EARLY = 2  # the act stands in the title or the first two sentences
CLOSE = 1.5  # an easing that scores so near the burden may be the newer act

_BURDENS = frozenset({Action.IMPOSED, Action.EXPANDED})
_RELIEFS = frozenset({Action.EASED, Action.LIFTED, Action.DENIED, Action.WITHDRAWN})
_HARD = frozenset({Category.EXPORT_CONTROL, Category.MODEL_RESTRICTION})
_WEIGHTY = _HARD | {Category.SANCTIONS, Category.SECURITY_DIRECTIVE, Category.ENFORCEMENT}


@dataclass(frozen=True)
class Finding:
    """All that severity is judged by."""

    reading: Reading
    verdict: Verdict
    certainty: Certainty
    entities: Sequence[Mention]
    frames: Sequence[Frame]
    effective_at: datetime | None


def severity_of(finding: Finding, marks: Marks) -> Severity:
    """Critical by the design's rule; else by what is done to what. Easings and lifts are at most high."""
    verdict = finding.verdict
    if verdict.category is Category.NOT_REGULATORY:
        return Severity.INFO
    subjects = [entity for entity in finding.entities if entity.role is Role.SUBJECT]
    named = any(entity.kind in (Kind.MODEL, Kind.CHIP) for entity in subjects)
    if named and _grave(finding) and _public(finding.reading, marks) and _in_time(finding, marks):
        return Severity.CRITICAL
    unsure = finding.certainty in (Certainty.RUMOURED, Certainty.OPINION)
    if unsure or verdict.action in (Action.NONE, Action.ADVISED):
        return Severity.LOW
    if named and verdict.category in _HARD and verdict.action in _BURDENS | _RELIEFS:
        return Severity.HIGH
    if verdict.category in _WEIGHTY and (subjects or verdict.action in _BURDENS):
        return Severity.MEDIUM
    return Severity.LOW


def _grave(finding: Finding) -> bool:
    """A burden, told early, by a credible source, that no easing in the same notice takes back."""
    verdict, frame = finding.verdict, finding.verdict.frame
    if frame is None or frame.rule.net or frame.sentence.number > EARLY:
        return False
    if verdict.action not in _BURDENS or verdict.category not in _HARD:
        return False
    credible = finding.certainty in (Certainty.OFFICIAL, Certainty.REPORTED)
    post = finding.reading.notice.source.tier is Tier.COMMUNITY  # alone it is not credible
    eased = any(other.relieves and other.score >= frame.score - CLOSE for other in finding.frames)
    return credible and not post and not eased


def _public(reading: Reading, marks: Marks) -> bool:
    """For the public or a whole class: not one customer, not before a launch, not only public offices."""
    if any(first_mark(reading, marks[name]) for name in ("one_customer", "prelaunch")):
        return False
    only_offices = first_mark(reading, marks["public_sector"]) is not None
    return not only_offices or first_mark(reading, marks["public_reach"]) is not None


def _in_time(finding: Finding, marks: Marks) -> bool:
    """Published within 48 hours, and in force now or within 72."""
    notice, at = finding.reading.notice, finding.effective_at
    now = notice.first_seen_at
    if now - (notice.published_at or now) > FRESH or (at is not None and at - now > SOON):
        return False
    if finding.verdict.stage is Stage.SCHEDULED:
        return at is not None or first_mark(finding.reading, marks["imminent"]) is not None
    return finding.verdict.stage is Stage.DONE
