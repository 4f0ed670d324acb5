"""How sure a reader may be: from the tier of the source and the hedging of the text."""

from tocsin.classify.language import is_read
from tocsin.classify.marks import Marked
from tocsin.classify.reading import Reading
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Category, Certainty, Tier


def certainty_of(reading: Reading, verdict: Verdict, marks: Marked) -> Certainty:
    """Official when the authority or the addressee speaks, or the press states an act without hedge.

    A text in a language without rules is at most reported, unless an authority speaks.
    """
    tier = reading.notice.source.tier
    if "rumour" in marks and tier in (Tier.PRESS, Tier.COMMUNITY):
        return Certainty.RUMOURED
    unread = not is_read(reading.language)  # an English sentence in a text that nobody here reads
    if tier is Tier.OFFICIAL or (tier is Tier.PARTY and not unread):
        return Certainty.OFFICIAL
    if verdict.category is Category.NOT_REGULATORY and "opinion" in marks:
        return Certainty.OPINION
    net = verdict.frame is not None and verdict.frame.rule.net
    if tier is Tier.COMMUNITY or net or unread or "hedged" in marks:
        return Certainty.REPORTED
    return Certainty.OFFICIAL
