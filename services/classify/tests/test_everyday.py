"""The everyday wakes nobody: forty ordinary notices, old news, and measures that are not for the public."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tocsin.classify import Knowledge, classify
from tocsin.contracts import Category, NoticePublished, Severity, Tier

EVERYDAY: list[list[str]] = yaml.safe_load(Path(__file__).with_name("everyday.yaml").read_text("utf-8"))
BAN = ("Commerce imposes export controls on Grok 4", "The Commerce Department ordered a halt on Friday.")


@pytest.mark.parametrize(("tier", "title", "text"), EVERYDAY, ids=[row[1] for row in EVERYDAY])
def test_the_everyday_is_no_measure(
    tier: str, title: str, text: str, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier(tier), title, text), knowledge)
    assert (said.category, said.severity) == (Category.NOT_REGULATORY, Severity.INFO)


@pytest.mark.parametrize(
    ("age", "severity"),
    [(timedelta(hours=47), Severity.CRITICAL), (timedelta(hours=49), Severity.HIGH)],
    ids=["fresh", "stale"],
)
def test_old_news_wakes_nobody(
    age: timedelta, severity: Severity, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    assert classify(write(Tier.PRESS, *BAN, age=age), knowledge).severity is severity


def test_a_later_date_wakes_nobody(knowledge: Knowledge, write: Callable[..., NoticePublished]) -> None:
    soon = write(Tier.OFFICIAL, "Commerce requires a licence for exports of the H20, effective 15 June 2026")
    later = write(Tier.OFFICIAL, "Commerce requires a licence for exports of the H20, effective 15 July 2026")
    assert classify(soon, knowledge).severity is Severity.CRITICAL
    assert classify(later, knowledge).severity is Severity.HIGH


def test_a_ban_on_state_devices_wakes_nobody(
    knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, "Texas bans DeepSeek on state devices"), knowledge)
    assert said.severity is Severity.HIGH
