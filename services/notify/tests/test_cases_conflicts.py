"""Conflicts of a case: what its sources differ about stays side by side, and nothing else is called one."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tocsin.contracts import NoticeClassified
from tocsin.notify.cases.conflicts import conflicts
from tocsin.notify.store import reading

Tell = Callable[..., NoticeClassified]

EASED = {"action": "eased", "severity": "high"}
ROWS: dict[str, tuple[list[dict[str, Any]], dict[str, dict[str, tuple[str, ...]]]]] = {
    "all agree": ([{"targets": ("CN",)}, {"tier": "party", "targets": ("CN",)}], {}),
    "one is silent": ([{"targets": ("CN",)}, {"tier": "party"}], {}),
    "one place or everywhere": (
        [{"targets": ("CN", "RU")}, {"tier": "party", "targets": ("worldwide",), "hours": 1}],
        {"whom it hits (imposed)": {"CN, RU": ("A press source",), "worldwide": ("A party source",)}},
    ),
    "two days, in whatever zone and at whatever hour": (
        [
            {"effective_at": "2026-06-13T01:00:00Z"},
            {"tier": "party", "hours": 1, "effective_at": "2026-06-13T22:00:00Z"},
            {"tier": "official", "hours": 2, "effective_at": "2026-07-01T00:00:00Z"},
        ],
        {
            "from when (imposed)": {
                "2026-06-13": ("A press source", "A party source"),
                "2026-07-01": ("A official source",),
            }
        },
    ),
    "a source that corrects itself": (
        [{"targets": ("CN",)}, {"hours": 5, "targets": ("RU",)}, {"tier": "party", "targets": ("RU",)}],
        {},
    ),
    "whom it hits, and whom it then frees": (
        [{"targets": ("worldwide",)}, {"tier": "party", "targets": ("US",)} | EASED],
        {},
    ),
    "it is denied": (
        [{}, {"tier": "party", "hours": 1, "action": "denied"}],
        {"whether it is so": {"imposed": ("A press source",), "denied": ("A party source",)}},
    ),
    "comment": ([{"targets": ("CN",)}, {"tier": "party", "targets": ("RU",), "certainty": "opinion"}], {}),
}


@pytest.mark.parametrize(("told", "found"), ROWS.values(), ids=ROWS.keys())
def test_what_sources_differ_about(
    tell: Tell, told: list[dict[str, Any]], found: dict[str, dict[str, tuple[str, ...]]]
) -> None:
    facts = [tell(f"d{number}", **said) for number, said in enumerate(told)]
    for order in (facts, facts[::-1]):
        assert {
            one.about: {side.says: side.sources for side in one.sides} for one in conflicts(order)
        } == found


async def test_a_case_that_is_read_back_shows_what_its_sources_differ_about(
    pool: asyncpg.Pool, start: Callable[[asyncpg.Pool], Any], tell: Tell
) -> None:
    one, other = tell("a", targets=("CN",)), tell("b", tier="party", hours=1, targets=("worldwide",))
    await start(pool).hear(one, other)
    (listed,) = await reading.cases(pool, reading.Page(limit=9))
    case = await reading.case(pool, listed["ref"])
    assert case is not None
    assert [differ["about"] for differ in case["conflicts"]] == ["whom it hits (imposed)"]
    assert json.dumps(case["conflicts"])
