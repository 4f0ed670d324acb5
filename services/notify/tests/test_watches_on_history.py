"""Watches tried on what is on record, and plans of the teams: what would be told is what is told."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.hindsight import Burden, days_of
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any]]]

NOW = datetime(2026, 9, 1, tzinfo=UTC)
GPT = {"name": "gpt", "models": ["GPT-6"]}
FABLE = {"name": "ours", "models": ["Claude Fable 5"]}


def team(name: str = "payments", *watches: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "watches": list(watches or (FABLE,))} | more


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start) -> Any:
    return start(pool)


@pytest.fixture
async def call(replica: Any) -> AsyncIterator[Call]:
    app = create_app("notify", Health())
    app.include_router(
        api.router(Sweep(replica.handler), Door(replica.pool, [SecretStr("a key")]), lambda _: True, Bell())
    )
    headers = {"Authorization": "Bearer a key"}
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession(headers=headers) as session:

        async def called(method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
            url = f"{address}/v1/{path}"
            async with session.request(method, url, json=body, **more) as response:
                text = await response.text()
                lines = "ndjson" in response.headers["content-type"]
                said = [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)
                return response.status, said

        yield called


@pytest.fixture
async def june(replica: Any, declare: Declare, tell: Tell) -> list[NoticeClassified]:
    """Fable suspended, a copy of that, GPT-6 advised on, Fable given back, and an opinion."""
    await declare(payments={})
    facts = [
        tell("a", tier="party"),
        tell("b", hours=1),
        tell("c", about=("gpt",), hours=2, action="advised", category="guidance", severity="medium"),
        tell("d", tier="party", hours=9, action="lifted"),
        tell("e", hours=10, certainty="opinion"),
    ]
    for fact in facts:
        await replica.hear(fact)
    return facts


@pytest.mark.usefixtures("june")
async def test_what_would_have_been_told_is_what_was_told(pool: asyncpg.Pool, call: Call) -> None:
    status, trial = await call("POST", "watches/test", {"team": team()})
    assert status == 200, trial
    told = {(one["case"], one["step"], one["headline"]) for one in trial["told"]}
    rows = await pool.fetch("select case_id, step, body ->> 'headline' as headline from alerts")
    assert told == {tuple(row) for row in rows}
    assert (trial["burden"]["alerts"], trial["burden"]["pages"], trial["burden"]["cases"]) == (2, 1, 1)
    assert trial["steps"] == 3


@pytest.mark.usefixtures("june")
async def test_trying_sends_nothing_and_changes_nothing(replica: Any, call: Call) -> None:
    before = await replica.counts()
    for body in ({"watch": GPT}, {"team": team("other", GPT, channels=[{"kind": "log", "name": "log"}])}):
        status, trial = await call("POST", "watches/test", body)
        assert (status, [one["severity"] for one in trial["told"]]) == (200, ["medium"])
    await call("POST", "subscriptions/plan", {"teams": [team("payments", GPT)]})
    assert await replica.counts() == before
    assert (await call("GET", "subscriptions"))[1]["teams"][0]["watches"][0]["name"] == "ours"


@pytest.mark.usefixtures("june")
async def test_cases_that_it_must_tell_are_named_with_why_not(pool: asyncpg.Pool, call: Call) -> None:
    refs = dict(await pool.fetch("select subjects[1], ref from cases"))
    fable, gpt = refs["model:claude-fable-5"], refs["model:gpt-6"]
    await pool.execute("update steps set taken_at = taken_at - interval '300 days'")
    ask = {"watch": FABLE, "must": [fable.lower(), gpt, "C-NONE00"]}
    _, trial = await call("POST", "watches/test", ask)
    assert trial["steps"] == 0
    assert [(one["case_ref"], one["told"]) for one in trial["must"]] == [
        (fable, True),
        (gpt, False),
        ("C-NONE00", False),
    ]
    assert "nothing of that is watched" in trial["must"][1]["because"][0]


@pytest.mark.usefixtures("june")
async def test_what_the_team_refuses_is_heeded(call: Call) -> None:
    said = {"source": "a-party", "author": "ann", "reason": "not ours"}
    await call("POST", "teams/payments/not-this", said)
    _, trial = await call("POST", "watches/test", {"team": team()})
    assert trial["burden"]["alerts"] == 0
    assert (await call("POST", "watches/test", {"watch": FABLE}))[1]["burden"]["alerts"] == 2


@pytest.mark.usefixtures("june")
async def test_progress_comes_before_the_answer_for_whoever_asks(call: Call) -> None:
    lines = {"Accept": "application/x-ndjson"}
    _, said = await call("POST", "watches/test", {"watch": FABLE}, headers=lines)
    assert said[:-1] == [{"done": 3, "total": 3}]
    assert said[-1] == (await call("POST", "watches/test", {"watch": FABLE}))[1]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "name one of watch, team"),
    ({"watch": FABLE, "team": team()}, "name one of watch, team"),
    ({"watch": FABLE, "days": 0}, "greater than or equal to 1"),
    ({"watch": {"name": "w", "models": ["Claude Fabel 5"]}}, "did you mean 'Claude Fable 5'?"),
]


@pytest.mark.parametrize(("body", "says"), REFUSED)
async def test_a_mistake_is_told(call: Call, body: dict[str, Any], says: str) -> None:
    status, problem = await call("POST", "watches/test", body)
    assert (status, says in problem["detail"]) == (422, True), problem


@pytest.mark.usefixtures("june")
async def test_a_plan_says_who_would_be_paged(call: Call) -> None:
    proposed = {"teams": [team("payments", GPT), team("research", FABLE)]}
    status, plan = await call("POST", "subscriptions/plan", proposed)
    assert status == 200, plan
    assert [(one["team"], one["sort"], one["name"], one["what"]) for one in plan["changes"]] == [
        ("payments", "watch", "ours", "removed"),
        ("payments", "watch", "gpt", "added"),
        ("research", "team", "research", "added"),
    ]
    assert [one["says"] for one in plan["effects"]] == [
        "payments: about 4 pages a month fewer, from 1 case in the last 7 days",
        "research: about 4 pages a month more, from 1 case in the last 7 days",
    ]
    assert plan["version"] == (await call("GET", "subscriptions/changes"))[1]["items"][0]["after"]


@pytest.mark.usefixtures("june")
async def test_a_change_of_channels_alone_has_no_effect_on_what_is_told(call: Call) -> None:
    proposed = {"teams": [team(channels=[{"kind": "log", "name": "log"}])]}
    _, plan = await call("POST", "subscriptions/plan", proposed)
    assert [(one["sort"], one["what"], one["after"]) for one in plan["changes"]] == [
        ("channel", "added", {"kind": "log", "name": "log"})
    ]
    assert plan["effects"] == []
    assert (await call("POST", "subscriptions/plan", {"teams": [team()]}))[1]["changes"] == []


async def test_a_plan_refuses_what_applying_refuses(call: Call) -> None:
    status, problem = await call("POST", "subscriptions/plan", {"teams": [team("t", {"name": "w"})]})
    assert (status, problem["errors"][0]["at"]) == (422, ["teams", 0, "watches", 0])


async def test_a_change_is_on_record_with_author_and_reason(call: Call) -> None:
    who = {"author": "ann", "reason": "we left Fable"}
    await call("PUT", "subscriptions", {"teams": [team()]})
    status, first = await call("PUT", "subscriptions", {"teams": [team("payments", GPT)]}, params=who)
    assert (status, first["teams"]) == (200, {"payments": "changed"})
    again = await call("PUT", "subscriptions", {"teams": [team("payments", GPT)]}, params=who)
    assert again == (200, {"teams": {"payments": "unchanged"}, "version": first["version"]})
    _, page = await call("GET", "subscriptions/changes", params={"limit": "1"})
    (change,) = page["items"]
    assert (change["author"], change["reason"], change["after"]) == ("ann", "we left Fable", first["version"])
    assert [(one["name"], one["what"]) for one in change["diff"]] == [("ours", "removed"), ("gpt", "added")]
    _, rest = await call("GET", "subscriptions/changes", params={"cursor": page["next"]})
    assert [one["after"] for one in rest["items"]] == [change["before"]]


async def test_whoever_planned_on_other_teams_is_told_who_came_first(call: Call) -> None:
    _, seen = await call("POST", "subscriptions/plan", {"teams": [team()]})
    await call("PUT", "subscriptions", {"teams": [team("a")]}, params={"author": "bob", "reason": "mine"})
    stale = {"If-Match": f'"{seen["version"]}"'}
    status, problem = await call("PUT", "subscriptions", {"teams": [team()]}, headers=stale)
    assert status == 412
    assert "bob changed them at 20" in problem["detail"]
    assert "(mine)" in problem["detail"]
    assert [one["id"] for one in (await call("GET", "subscriptions"))[1]["teams"]] == ["a"]
    _, now = await call("POST", "subscriptions/plan", {"teams": [team()]})
    fresh = {"If-Match": f'"{now["version"]}"'}
    assert (await call("PUT", "subscriptions", {"teams": [team()]}, headers=fresh))[0] == 200


@pytest.mark.parametrize(
    ("asked", "ago", "days"), [(90, None, 7), (90, 0, 7), (90, 30, 31), (90, 200, 90), (3, 200, 3)]
)
def test_a_rate_is_made_of_the_days_on_record(asked: int, ago: int | None, days: int) -> None:
    oldest = None if ago is None else NOW - timedelta(days=ago)
    assert days_of(asked, oldest, NOW) == days


async def test_too_much_is_called_noisy(replica: Any, call: Call, declare: Declare, tell: Tell) -> None:
    await declare(payments={})
    for number in range(8):
        await replica.hear(
            tell(str(number), tier="party", hours=48 * number, action=("imposed", "lifted")[number % 2])
        )
    _, trial = await call("POST", "watches/test", {"watch": FABLE})
    assert trial["burden"]["pages"] == 4
    assert trial["burden"]["warnings"] == [
        "noisy: about 4 pages a week, and over 3 nobody reads: ask for less or graver"
    ]
    quiet = FABLE | {"jurisdictions": ["EU"]}
    calm = Burden.model_validate((await call("POST", "watches/test", {"watch": quiet}))[1]["burden"])
    assert (calm.alerts, calm.warnings) == (0, ())
