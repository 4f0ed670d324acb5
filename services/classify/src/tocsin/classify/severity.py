"""How much a classification matters. Only ``critical`` wakes anybody, so it asks for everything at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.classify.frames import Frame
from tocsin.classify.marks import Marked
from tocsin.classify.reading import Reading
from tocsin.classify.rules.rule import Standing
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Action, Category, Certainty, Kind, Mention, Role, Severity, Stage, Tier

FRESH = timedelta(hours=48)
SOON = timedelta(hours=72)
EARLY = 2  # the act stands in the title or the first two sentences

_BURDENS = frozenset({Action.IMPOSED, Action.EXPANDED})
_RELIEFS = frozenset({Action.EASED, Action.LIFTED, Action.DENIED, Action.WITHDRAWN})
_HARD = frozenset({Category.EXPORT_CONTROL, Category.MODEL_RESTRICTION})
_PAGED = _HARD | {Category.OTHER_REGULATORY}  # customs may turn a chip away
_NARROW = frozenset({"one_customer", "prelaunch", "own_staff", "advice_only", "corrected", "class_only"})
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


def severity_of(finding: Finding, marks: Marked) -> Severity:
    """Critical by the design's rule; else by what is done to what. Easings and lifts are at most high."""
    verdict = finding.verdict
    if verdict.category is Category.NOT_REGULATORY:
        return Severity.INFO
    subjects = [entity for entity in finding.entities if entity.role is Role.SUBJECT]
    named = any(entity.kind in (Kind.MODEL, Kind.CHIP) for entity in subjects)
    if named and _grave(finding, marks) and _public(verdict, marks) and _in_time(finding, marks):
        return Severity.CRITICAL
    unsure = finding.certainty in (Certainty.RUMOURED, Certainty.OPINION)
    if unsure or verdict.action in (Action.NONE, Action.ADVISED):
        return Severity.LOW
    if named and verdict.category in _HARD and verdict.action in _BURDENS | _RELIEFS:
        return Severity.HIGH
    if verdict.category in _WEIGHTY and (subjects or verdict.action in _BURDENS):
        return Severity.MEDIUM
    return Severity.LOW


def _grave(finding: Finding, marks: Marked) -> bool:
    """A burden on a named thing, told early, by a credible source, that nothing in the notice takes back."""
    verdict, frame = finding.verdict, finding.verdict.frame
    if frame is None or frame.rule.net or frame.sentence.number > EARLY or frame.standing is Standing.GROUND:
        return False
    if verdict.action not in _BURDENS or verdict.category not in _PAGED:
        return False
    credible = finding.certainty in (Certainty.OFFICIAL, Certainty.REPORTED)
    post = finding.reading.notice.source.tier is Tier.COMMUNITY  # alone it is not credible
    return credible and not post and _by_power(finding, marks) and not any(map(_takes_back, finding.frames))


def _by_power(finding: Finding, marks: Marked) -> bool:
    """An authority, a state or a vendor acts: a website that bans a model wakes nobody."""
    if finding.reading.notice.source.tier is not Tier.PRESS:
        return True
    return "power" in marks


def _takes_back(frame: Frame) -> bool:
    """An easing or lift that is done or decided: whatever the notice told before, it is over."""
    return frame.relieves and not frame.rule.net and frame.standing in (Standing.DONE, Standing.SCHEDULED)


def _public(verdict: Verdict, marks: Marked) -> bool:
    """For the public or a whole class: not one customer, not before a launch, not only public offices."""
    narrowing = marks & _NARROW
    if (
        verdict.category is Category.OTHER_REGULATORY
    ):  # what customs stop is stopped, whatever else is advised
        narrowing -= {"advice_only"}
    if narrowing:
        return False
    return "public_sector" not in marks or "public_reach" in marks


def _in_time(finding: Finding, marks: Marked) -> bool:
    """Published within 48 hours, and in force now or within 72."""
    notice, at = finding.reading.notice, finding.effective_at
    now = notice.first_seen_at
    if now - (notice.published_at or now) > FRESH or (at is not None and at - now > SOON):
        return False
    if finding.verdict.stage is Stage.SCHEDULED:
        return at is not None or "imminent" in marks
    return finding.verdict.stage is Stage.DONE
