"""Dead subscriptions: what can be shown to tell nobody anything is found, told to its owners, and counted."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tocsin.chassis.health import Health
from tocsin.contracts import Entity, NoticeClassified
from tocsin.contracts.subscriptions import Team
from tocsin.notify import metrics
from tocsin.notify.caretaker import Caretaker
from tocsin.notify.dead import Flaw, of_channels, of_watches
from tocsin.notify.routing.names import Names
from tocsin.notify.store import proofs

Declare = Callable[..., Awaitable[dict[str, str]]]
Start = Callable[[asyncpg.Pool], Any]
Tell = Callable[..., NoticeClassified]

LOG, MAIL = {"kind": "log", "name": "log"}, {"kind": "email", "name": "mail", "to": ["a@b.example"]}
PAGER = {"kind": "pagerduty", "name": "pager", "routing_key_env": "KEY"}
NIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)

WATCHES: list[tuple[dict[str, Any], str | None]] = [
    ({"models": ["Fable 5"]}, None),
    ({"families": ["Claude"], "not": {"models": ["Fable 5"]}}, None),
    ({"categories": ["guidance"], "not": {"categories": ["licensing"]}}, None),
    ({"jurisdictions": ["US", "us-ca", "EU"]}, None),
    ({"vendors": ["Anthropic"], "not": {"families": ["Claude"]}}, None),
    ({"models": ["Zephyr"]}, "the catalogue has nothing of what it names"),
    ({"models": ["Fable 5"], "not": {"families": ["Claude"]}}, "takes back everything that it names"),
    ({"models": ["Fable 5"], "not": {"vendors": ["Anthropic"]}}, "takes back everything that it names"),
    (
        {"categories": ["guidance"], "not": {"categories": ["guidance", "licensing"]}},
        "takes back every category",
    ),
    ({"jurisdictions": ["us"], "not": {"jurisdictions": ["US"]}}, "takes back every jurisdiction"),
    ({"categories": ["not_regulatory"]}, "tells nobody anything"),
    ({"jurisdictions": ["Germany"]}, "GERMANY is no jurisdiction"),
]


@pytest.mark.parametrize(("what", "says"), WATCHES)
def test_a_watch_that_can_never_match_is_found_with_why(
    entities: list[Entity], what: dict[str, Any], says: str | None
) -> None:
    team = Team.model_validate({"id": "t", "name": "T", "watches": [{"name": "w"} | what]})
    found = of_watches([team], Names(entities), entities)
    assert [one.flaw for one in found] == ([Flaw.WATCH] if says else []), found
    assert says is None or says in found[0].says


def test_a_name_that_nothing_has_is_found_in_a_watch_that_lives(entities: list[Entity]) -> None:
    watch = {"name": "w", "models": ["Fable 5", "Claude Fabel 5"], "not": {"models": ["Nothing of ours"]}}
    team = Team.model_validate({"id": "t", "name": "T", "watches": [watch]})
    (one,) = of_watches([team], Names(entities), entities)
    assert (one.flaw, one.name, "did you mean 'Claude Fable 5'?" in one.says) == (Flaw.NAME, "w", True)


def test_what_nothing_reaches_is_found() -> None:
    watch = [{"name": "w", "categories": ["guidance"]}]
    quiet, tried, failing = (
        Team.model_validate({"id": name, "name": name, "watches": watch, "channels": channels})
        for name, channels in (("quiet", []), ("tried", [LOG, MAIL]), ("failing", [MAIL]))
    )
    found = of_channels([quiet, tried, failing], {("failing", "mail")}, {("failing", "mail")})
    assert [(one.team, one.flaw) for one in found] == [
        ("quiet", Flaw.SILENT),
        ("tried", Flaw.UNPROVEN),
        ("failing", Flaw.FAILING),
    ]
    assert of_channels([tried], {("tried", "mail")}, {("tried", "mail")}) == []


@pytest.fixture
def caretaker(pool: asyncpg.Pool, start: Start) -> Caretaker:
    return Caretaker(pool, start(pool).directory, Health().pulse("caretaker", limit=60))


async def turn(caretaker: Caretaker, now: datetime) -> int:
    """One look; gives how many summaries there are."""
    await caretaker.turn(await caretaker.directory.refresh(), now)
    count: int = await caretaker.pool.fetchval("select count(*) from summaries where sort = 'upkeep'")
    return count


async def test_owners_are_told_once_and_again_when_it_is_another(
    pool: asyncpg.Pool, caretaker: Caretaker, declare: Declare, entities: list[Entity]
) -> None:
    await declare(payments={"channels": [MAIL, PAGER]}, fine={"channels": [LOG]})
    assert await turn(caretaker, NIGHT) == 1
    row = await pool.fetchrow("select team_id, channel, headline, lines from summaries")
    assert (row["team_id"], row["channel"]) == ("payments", "mail")  # a pager is no letter box
    assert row["headline"] == "2 of what Payments declared can tell it nothing"
    assert "tocsin channels test payments mail" in row["lines"][0]
    assert await turn(caretaker, NIGHT + timedelta(days=1)) == 1
    assert await turn(caretaker, NIGHT + timedelta(days=31)) == 2
    caretaker.directory.know(one for one in entities if one.id != "model:claude-fable-5")
    assert await turn(caretaker, NIGHT + timedelta(days=31)) == 4
    assert metrics.DEAD.labels(Flaw.WATCH)._value.get() == 2


async def test_what_arrived_once_is_proven(
    pool: asyncpg.Pool, declare: Declare, start: Start, tell: Tell
) -> None:
    await declare(payments={"channels": [MAIL, PAGER]}, other={"channels": [MAIL]})
    await start(pool).hear(tell())
    assert await proofs.proven(pool) == set()
    await pool.execute(
        "update deliveries set state = 'delivered' where team_id = 'payments' and channel = 'mail'"
    )
    await proofs.prove(pool, "other", "mail")
    await proofs.prove(pool, "other", "mail")
    assert await proofs.proven(pool) == {("payments", "mail"), ("other", "mail")}
