"""A rehearsal: a made-up alert, plainly marked, by which a team sees that a channel of its arrives."""

import hashlib
from datetime import datetime

from tocsin.contracts import (
    Action,
    AlertRaised,
    CaseState,
    Category,
    Certainty,
    EntityRef,
    Kind,
    Quote,
    Reason,
    Severity,
    StepKind,
    Tier,
    fingerprint,
)

REF = "C-TEST"  # the code of a case has six characters, so none is called this
WORDS = "This is a test. No source has said anything, and nothing has happened."
NOTHING = EntityRef(id="model:tocsin-test", name="nothing", kind=Kind.MODEL)


def rehearse(team: str, channel: str, at: datetime, *, lifted: bool) -> AlertRaised:
    """The alert of a test, or the one that ends it where receivers keep alarms open.

    Both are of one case a team and channel, which no list shows: nothing of a test is on record.
    """
    case = fingerprint("case", "test", team, channel)
    number = 2 if lifted else 1
    quote = Quote(
        text=WORDS,
        notice_id=fingerprint("n", "test"),
        source="Tocsin",
        tier=Tier.COMMUNITY,
        url=None,
        published_at=None,
        seen_at=at,
        sha256=hashlib.sha256(WORDS.encode()).hexdigest(),
    )
    return AlertRaised(
        id=fingerprint("a", case, str(number), team),
        team=team,
        case_id=case,
        case_ref=REF,
        step=number,
        kind=StepKind.LIFTED if lifted else StepKind.OPENED,
        state=CaseState.LIFTED if lifted else CaseState.RUMOURED,
        category=Category.OTHER_REGULATORY,
        action=Action.LIFTED if lifted else Action.IMPOSED,
        certainty=Certainty.RUMOURED,
        severity=Severity.INFO,
        headline="TEST: it ends" if lifted else "TEST: nothing has happened",
        provenance="a test that somebody asked for",
        happened=WORDS,
        quotes=(quote,),
        subjects=(NOTHING,),
        reasons=(Reason(watch="", because=f"Somebody with an API key tests the channel {channel}."),),
        watch_next=("nothing: if you can read this, the channel works",),
        seen_at=at,
        classified_at=at,
        raised_at=at,
    )
