"""Why and why not: every alert and every silence is explained, down to the condition and the words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.contracts.subscriptions import Team
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.cases.filing import Development, open_case
from tocsin.notify.routing.conditions import Conditions
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.route import compile_team
from tocsin.notify.routing.why import explain_routing
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Get = Callable[..., Awaitable[tuple[int, Any]]]

IT = "the step is about Claude Fable 5, Anthropic"
FAILED: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    ({"models": ["Fable 5"]}, {}, []),
    (
        {"models": ["Fable 5"], "min_severity": "critical"},
        {"severity": "high"},
        [("min_severity", "the step is high, and critical is asked for, or graver")],
    ),
    (
        {"models": ["Fable 5"], "categories": ["guidance"], "jurisdictions": ["EU"]},
        {"jurisdictions": ("US",)},
        [
            ("categories", "it is model restriction; asked for: guidance"),
            ("jurisdictions", "it is US; asked for: EU"),
        ],
    ),
    (
        {"models": ["Fable 5"], "not": {"jurisdictions": ["US"]}},
        {"jurisdictions": ("US",)},
        [("not.jurisdictions", "it is US; not meant: US")],
    ),
    (
        {"models": ["Claude Opus 4.8"]},
        {"beside": ("opus",)},
        [
            (
                "models, families, vendors, chips",
                f"{IT}; nothing of that is watched; Claude Opus 4.8 is named, and not what the act is about",
            )
        ],
    ),
    (
        {"vendors": ["Anthropic"], "not": {"families": ["Claude Fable"]}},
        {},
        [
            (
                "models, families, vendors, chips",
                f"{IT}, of which Claude Fable 5 does not count; nothing of that is watched",
            )
        ],
    ),
]


@pytest.mark.parametrize(("what", "said", "failed"), FAILED)
def test_every_condition_that_fails_is_named(
    tell: Tell, names: Names, what: dict[str, Any], said: dict[str, Any], failed: list[tuple[str, str]]
) -> None:
    fact = tell(tier="official", **said)
    opened = open_case(fact)
    assert opened is not None
    news = Development(fact=fact, case=opened[0], step=opened[1])
    team = Team.model_validate({"id": "t", "name": "T", "watches": [{"name": "w"} | what]})
    explained = explain_routing(news, compile_team(team, Conditions(names)), frozenset(), names)
    (watch,) = explained.watches
    assert [(check.asks, check.because) for check in watch.checks if not check.holds] == failed
    assert (watch.matches, explained.told) == (not failed, not failed)


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start, declare: Declare) -> Any:
    await declare(payments={}, research={"watches": [{"name": "gpt", "models": ["GPT-6"]}]}, gone={})
    await declare(payments={}, research={"watches": [{"name": "gpt", "models": ["GPT-6"]}]})
    return start(pool)


@pytest.fixture
async def get(replica: Any) -> AsyncIterator[Get]:
    app = create_app("notify", Health())
    app.include_router(
        api.router(Sweep(replica.handler), Door(replica.pool, [SecretStr("a key")]), lambda _: True, Bell())
    )
    headers = {"Authorization": "Bearer a key"}
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession(headers=headers) as session:

        async def got(path: str, **params: str) -> tuple[int, Any]:
            async with session.get(f"{address}/v1/{path}", params=params) as response:
                return response.status, await response.json(content_type=None)

        yield got


async def test_an_alert_is_explained_by_the_watch_of_then_and_the_words(
    pool: asyncpg.Pool, replica: Any, get: Get, tell: Tell, declare: Declare
) -> None:
    fact = tell("a", tier="party")
    await replica.hear(fact)
    await declare(payments={"watches": [{"name": "ours", "models": ["GPT-6"]}]})
    status, why = await get(f"why/{await pool.fetchval('select id from alerts')}")
    assert status == HTTPStatus.OK
    assert (why["team"], why["step"], why["kind"]) == ("payments", 1, "opened")
    assert why["joined_because"] == "it is the first to tell of it"
    (reason,) = why["reasons"]
    assert reason["declared"] == {"name": "ours", "models": ["Claude Fable 5"]}
    assert [word["quote"] for word in reason["entities"][0]["words"]] == ["Claude Fable 5"]
    assert why["evidence"] == [{"claim": "action=imposed", "rule": "a-rule", "words": "The order"}]
    assert [watch["matches"] for watch in why["watches"]] == [True]


async def because(get: Get, fact: NoticeClassified, team: str) -> tuple[bool, str]:
    status, said = await get("why-not", notice=fact.id, team=team)
    assert status == HTTPStatus.OK
    return said["told"], said["because"]


async def test_every_silence_has_its_reason(pool: asyncpg.Pool, replica: Any, get: Get, tell: Tell) -> None:
    first, again = tell("a", tier="party"), tell("again", hours=1)
    noise, opinion = tell("noise", action="none"), tell("o", certainty="opinion")
    everyday, plan = (
        tell("e", category="not_regulatory"),
        tell("p", about=("gpt",), action="lifted", stage="possible"),
    )
    await replica.hear(first, again, noise, opinion, everyday, plan)
    ref = await pool.fetchval("select ref from cases")
    assert (await because(get, first, "payments"))[0]
    assert await because(get, first, "research") == (False, "no watch of the team matches")
    assert await because(get, first, "gone") == (False, "the team is retired")
    assert await because(get, noise, "payments") == (False, "it reports no act")
    assert await because(get, everyday, "payments") == (False, "it is nothing regulatory")
    assert (await because(get, opinion, "payments"))[1].startswith("it is an opinion")
    assert (await because(get, plan, "research"))[1].startswith("it is in no case")
    told, folded = await because(get, again, "payments")
    assert not told
    joined = "it is about Claude Fable 5 too"
    assert folded == f"it is folded into {ref} ({joined}), and says nothing new: that is in force"


async def test_what_was_refused_is_the_reason_and_names_who_said_so(
    pool: asyncpg.Pool, replica: Any, get: Get, tell: Tell
) -> None:
    await pool.execute(
        "insert into not_this (team, sort, thing, author, reason) values ('payments', 'source', 'a-party', "
        "'ann', 'a rumour mill')"
    )
    fact = tell("a", tier="party")
    await replica.hear(fact)
    status, said = await get("why-not", notice=fact.id, team="payments")
    assert status == HTTPStatus.OK
    assert said["because"] == "not this source, said ann: a rumour mill"
    assert [one["thing"] for one in said["cases"][0]["not_this"]] == ["a-party"]
    assert [watch["matches"] for watch in said["cases"][0]["watches"]] == [True]


async def test_what_is_not_there_is_not_found(get: Get, replica: Any, tell: Tell) -> None:
    fact = tell("a")
    await replica.hear(fact)
    for path, params in (
        ("why/a-0", {}),
        ("why-not", {"notice": "n-0", "team": "payments"}),
        ("why-not", {"notice": fact.id, "team": "nobody"}),
        ("why-not", {"notice": fact.id, "team": "tocsin-canary"}),
    ):
        assert (await get(path, **params))[0] == HTTPStatus.NOT_FOUND, (path, params)
