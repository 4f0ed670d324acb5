"""How sure a reader may be: from the tier of the source and the hedging of the text."""

from tocsin.classify.marks import Marks, first_mark
from tocsin.classify.reading import Reading
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Category, Certainty, Tier


def certainty_of(reading: Reading, verdict: Verdict, marks: Marks) -> Certainty:
    """Official when the authority or the addressee speaks, or the press states an act without hedge."""
    tier = reading.notice.source.tier
    if first_mark(reading, marks["rumour"]) and tier in (Tier.PRESS, Tier.COMMUNITY):
        return Certainty.RUMOURED
    if tier in (Tier.OFFICIAL, Tier.PARTY):
        return Certainty.OFFICIAL
    if verdict.category is Category.NOT_REGULATORY and first_mark(reading, marks["opinion"]):
        return Certainty.OPINION
    net = verdict.frame is not None and verdict.frame.rule.net
    if tier is Tier.COMMUNITY or net or first_mark(reading, marks["hedged"]):
        return Certainty.REPORTED
    return Certainty.OFFICIAL
