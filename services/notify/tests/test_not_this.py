"""Not this: what a team refuses is not told, but for the end of what it was told; the audit knows it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
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
from tocsin.notify.audit import examine
from tocsin.notify.store import records, standings
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any]]]

BY = {"author": "ann", "reason": "not ours"}
PATH = "/v1/teams/payments/not-this"
FABLE = "model:claude-fable-5"


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start, declare: Declare) -> Any:
    await declare(payments={}, research={"watches": [{"name": "all", "vendors": ["Anthropic"]}]})
    return start(pool)


@pytest.fixture
async def call(replica: Any) -> AsyncIterator[Call]:
    app = create_app("notify", Health())
    app.include_router(
        api.router(Sweep(replica.handler), Door(replica.pool, [SecretStr("a key")]), lambda _: True, Bell())
    )
    headers = {"Authorization": "Bearer a key"}
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession(headers=headers) as session:

        async def called(method: str, path: str, **more: Any) -> tuple[int, Any]:
            async with session.request(method, f"{address}{path}", **more) as response:
                return response.status, await response.json(content_type=None)

        yield called


async def told(pool: asyncpg.Pool) -> list[tuple[str, str]]:
    """Who was told which kind of step, in order."""
    rows = await pool.fetch("select team_id, body ->> 'kind' as kind from alerts order by seq, team_id")
    return [(row["team_id"], row["kind"]) for row in rows]


REFUSALS = [{"entity": FABLE}, {"entity": "fable 5"}, {"source": "a-party"}]


@pytest.mark.parametrize("thing", REFUSALS)
async def test_what_a_team_refuses_is_told_to_the_others_alone(
    pool: asyncpg.Pool, replica: Any, call: Call, tell: Tell, thing: dict[str, str]
) -> None:
    status, made = await call("POST", PATH, json=BY | thing)
    assert (status, made["number"], made["author"], made["reason"]) == (201, 1, "ann", "not ours")
    await replica.hear(tell("a", tier="party"))
    assert await told(pool) == [("research", "opened")]
    assert (await call("DELETE", f"{PATH}/1", params={"author": "bob"}))[0] == HTTPStatus.NO_CONTENT
    await replica.hear(tell("b", tier="official", hours=1))
    assert await told(pool) == [("research", "opened"), ("payments", "confirmed"), ("research", "confirmed")]


async def test_the_end_of_what_a_team_was_told_reaches_it_whatever_it_refused_since(
    pool: asyncpg.Pool, replica: Any, call: Call, tell: Tell
) -> None:
    await replica.hear(tell("a", tier="party"))
    ref = await pool.fetchval("select ref from cases")
    for thing in ({"case": ref.lower()}, {"entity": FABLE}, {"source": "a-official"}):
        assert (await call("POST", PATH, json=BY | thing))[0] == HTTPStatus.CREATED
    await replica.hear(tell("b", tier="official", hours=1))
    await replica.hear(tell("c", tier="official", hours=2, action="lifted", severity="high"))
    assert [kind for team, kind in await told(pool) if team == "payments"] == ["opened", "lifted"]


async def test_an_audit_decides_on_what_was_refused_then(
    pool: asyncpg.Pool, replica: Any, call: Call, tell: Tell
) -> None:
    await call("POST", PATH, json=BY | {"entity": FABLE})
    await replica.hear(tell("a", tier="party"))
    await call("DELETE", f"{PATH}/1", params={"author": "ann"})
    await replica.hear(tell("b", tier="official", hours=1))
    await call("POST", PATH, json=BY | {"source": "a-official"})
    page = await records.read(pool, datetime(2020, 1, 1, tzinfo=UTC), 0, 10)
    assert [examine(record, datetime.now(UTC)).gaps for record in page.records] == [(), ()]


async def test_the_same_refusal_twice_is_one_and_what_is_taken_back_is_not_listed(call: Call) -> None:
    numbers = [(await call("POST", PATH, json=BY | {"source": "a"}))[1]["number"] for _ in range(2)]
    assert len(set(numbers)) == 1
    assert [one["thing"] for one in (await call("GET", PATH))[1]["items"]] == ["a"]
    taken = {"author": "ann"}
    assert (await call("DELETE", f"{PATH}/{numbers[0]}", params=taken))[0] == HTTPStatus.NO_CONTENT
    assert (await call("DELETE", f"{PATH}/{numbers[0]}", params=taken))[0] == HTTPStatus.NOT_FOUND
    assert (await call("GET", PATH))[1] == {"items": []}


WRONG: list[tuple[str, dict[str, str], int, str]] = [
    (PATH, BY, 422, ""),
    (PATH, BY | {"source": "a", "entity": FABLE}, 422, ""),
    (PATH, {"source": "a", "author": "ann"}, 422, ""),
    (PATH, BY | {"source": "a", "reason": "two\nlines"}, 422, ""),
    (PATH, BY | {"case": "C-000000"}, 404, "there is no case"),
    (PATH, BY | {"entity": "Claude Nothing"}, 404, "the catalogue knows no"),
    ("/v1/teams/nobody/not-this", BY | {"source": "a"}, 404, "there is no team"),
]


@pytest.mark.parametrize(("path", "body", "status", "part"), WRONG)
async def test_what_cannot_be_refused_is_answered_with_what_to_do(
    call: Call, path: str, body: dict[str, str], status: int, part: str
) -> None:
    answered, problem = await call("POST", path, json=body)
    assert answered == status
    assert part in problem["detail"]


async def test_a_standing_that_older_code_wrote_refuses_nothing(pool: asyncpg.Pool) -> None:
    await pool.execute("insert into standings (id, teams, entities) values ('standing-1', '[]', '[]')")
    assert (await standings.read(pool, ["standing-1"]))["standing-1"].not_this == ()
