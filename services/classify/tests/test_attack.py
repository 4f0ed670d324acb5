"""Hostile texts: nothing a source can send makes a classification slow, fail or page."""

import time
from collections.abc import Callable

import pytest

from tocsin.classify import Knowledge, classify
from tocsin.contracts import NoticePublished, Severity, Tier

SIZE = 1_000_000
PATIENCE = 20.0  # seconds; what it costs is measured in the bench, this only tells linear from blown up

TEXTS = {
    "one trigger repeated": "ban ",
    "triggers without an object": "ban block restrict suspend lift export licence ",
    "two triggers and a gap that never closes": "commerce bans the use of a b c d e f g h i j k l m n ",
    "a named model repeated": "Claude Fable 5 ",
    "models and triggers": "ban Claude Fable 5 blocked access to Grok export controls on H20 ",
    "near miss of a licence duty": "cannot be sold or used or moved without ",
    "nested brackets": "((((((((((",
    "brackets around triggers": "(ban (export [control {licence ",
    "dotted words": "a.a.a.a.a.a.a.a.a.a.",
    "trigger, then dots": "ban a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p. ",
    "ampersands and slashes": "ban a&b/c%d$e ",
    "one endless word": "x",
    "empty lines": "\n",
    "signs": "-:-",
    "blanks": " ",
    "status states": "Resolved - \n\n\n",
    "dates of updates": "Jun 12, 10:00 UTC ",
    "questions": "why ban? how? ",
    "combining marks": "e\u0301\u0301\u0301\u0301",
    "letters that expand": "\ufdfa\ufb03",
    "soft hyphens and joiners": "b\u00ada\u200dn ",
    "right to left": "\u202eban\u202c ",
    "chinese triggers": "禁止出口管制",
    "surrogates' neighbours": "\U0001f6ab\U0001f1fa\U0001f1f8",
}


def huge(notice: NoticePublished, text: str) -> NoticePublished:
    """The notice with a text longer than the contract lets in, as from a caller that does not check it."""
    return notice.model_copy(update={"text": text})


@pytest.mark.parametrize("tier", [Tier.PRESS, Tier.OFFICIAL, Tier.PARTY])
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_costs_little(
    name: str, tier: Tier, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    piece = TEXTS[name]
    notice = huge(write(tier, piece * (1_000 // len(piece))), piece * (SIZE // len(piece)))
    began = time.monotonic()
    said = classify(notice, knowledge)
    assert time.monotonic() - began < PATIENCE
    assert said.severity in Severity


def test_a_status_page_of_empty_lines_costs_little(
    knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    notice = huge(write(Tier.PARTY, "Incident", kind="statuspage"), "\n" * SIZE + "Resolved - done")
    began = time.monotonic()
    classify(notice, knowledge)
    assert time.monotonic() - began < PATIENCE
