"""What wakes somebody and what does not: each row takes one condition of `critical` away."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tocsin.classify import Knowledge, classify
from tocsin.contracts import NoticePublished, Severity, Tier

BAN = "Commerce bars exports of the Nvidia H20 to China"


@pytest.mark.parametrize(
    ("why", "tier", "title", "text", "pages"),
    [
        ("a class of users loses a named chip", Tier.PRESS, BAN, "A licence is needed as of today.", True),
        ("a state blocks a named model", Tier.PRESS, "Malaysia blocks Grok", "The regulator did it.", True),
        ("the maker says so", Tier.PARTY, "Grok 4 withdrawn", "We have suspended access to Grok 4.", True),
        ("no name", Tier.PRESS, "Commerce bars exports of chips to China", "A licence is needed.", False),
        ("told late in the text", Tier.PRESS, "A week in tech", f"One. Two. Three. Four. {BAN}.", False),
        ("only considered", Tier.PRESS, "Commerce weighs export ban on the Nvidia H20", "", False),
        ("denied", Tier.PRESS, "Commerce denies it banned exports of the Nvidia H20", "", False),
        ("asked for", Tier.PRESS, "Senators urge Commerce to ban exports of the Nvidia H20", "", False),
        ("lifted in the same text", Tier.PRESS, BAN, "On Friday Commerce lifted the export ban.", False),
        ("one post", Tier.COMMUNITY, BAN, "A licence is needed as of today.", False),
        ("public offices only", Tier.PRESS, "Virginia bans DeepSeek on state devices", "", False),
        ("own staff only", Tier.PRESS, "Samsung bans ChatGPT for its staff", "A memo told workers.", False),
        (
            "before a launch",
            Tier.PRESS,
            "OpenAI to limit GPT-5.6 before launch",
            "The US asked for it.",
            False,
        ),
        ("a correction", Tier.PRESS, f"Correction: {BAN}", "An editing error crept in.", False),
        (
            "only the ground of what is new",
            Tier.PRESS,
            "After Commerce bars exports of the H20, work stops",
            "",
            False,
        ),
        (
            "a class of chips",
            Tier.OFFICIAL,
            "Commerce Department bars exports of high-bandwidth memory to China",
            "Memory stacks of the HBM2 generation and later need a licence as of today.",
            False,
        ),
        (
            "customs turn it away",
            Tier.PRESS,
            "Chinese customs turn away Nvidia H20",
            "Buy none, firms were advised.",
            True,
        ),
        ("no power acts", Tier.PRESS, "Stack Overflow bans ChatGPT", "Users had posted bad text.", False),
        ("in a month", Tier.PRESS, "Commerce will bar exports of the Nvidia H20 in December", "", False),
        ("opinion", Tier.PRESS, "Opinion: Commerce was right to ban the Nvidia H20", "", False),
    ],
)
def test_what_pages(
    why: str,
    tier: Tier,
    title: str,
    text: str,
    *,
    pages: bool,
    knowledge: Knowledge,
    write: Callable[..., NoticePublished],
) -> None:
    said = classify(write(tier, title, text), knowledge)
    assert (said.severity is Severity.CRITICAL) is pages, (why, said.category, said.action, said.severity)


def test_a_stale_notice_wakes_nobody(knowledge: Knowledge, write: Callable[..., NoticePublished]) -> None:
    assert classify(write(Tier.PRESS, BAN), knowledge).severity is Severity.CRITICAL
    stale = write(Tier.PRESS, BAN, age=timedelta(hours=49))
    assert classify(stale, knowledge).severity is not Severity.CRITICAL
