"""Teams, channels, notices and entities over HTTP: pages, entity tags, and nobody's work overwritten."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify import api
from tocsin.notify.access import Scope
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.store import keys
from tocsin.notify.store.keys import Wanted
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any, str | None]]]


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Callable[[asyncpg.Pool], Any]) -> Any:
    return start(pool)


@pytest.fixture
async def call(replica: Any) -> AsyncIterator[Call]:
    """Calls the API; gives status, JSON and ETag."""
    app = create_app("notify", Health())
    door = Door(replica.pool, [SecretStr("a key")])
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

        async def called(
            method: str, path: str, key: str = "a key", **more: Any
        ) -> tuple[int, Any, str | None]:
            headers = more.pop("headers", {}) | {"Authorization": f"Bearer {key}"}
            async with session.request(method, address + path, headers=headers, **more) as response:
                body = await response.json(content_type=None) if await response.read() else None
                return response.status, body, response.headers.get("ETag")

        yield called


def team(name: str = "payments", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "watches": [{"name": "ours", "models": ["Fable 5"]}]} | more


async def test_a_team_is_made_changed_and_retired_by_who_knows_what_it_is(call: Call) -> None:
    path, new = "/v1/teams/payments", {"If-None-Match": "*"}
    assert (await call("GET", path))[0] == 404
    assert (await call("PUT", path, json=team()))[0] == 428
    assert (await call("PUT", path, json=team(), headers={"If-Match": "*"}))[0] == 412
    status, _, tag = await call("PUT", path, json=team(), headers=new)
    assert (status, bool(tag)) == (201, True)
    assert (await call("PUT", path, json=team(), headers=new))[0] == 412
    status, read, same = await call("GET", path)
    assert (status, read["id"], same) == (200, "payments", tag)
    assert (await call("GET", path, headers={"If-None-Match": tag}))[0] == 304
    status, changed, newer = await call("PUT", path, json=team() | {"name": "Pay"}, headers={"If-Match": tag})
    assert (status, changed["name"], newer != tag) == (200, "Pay", True)
    status, problem, stands = await call("PUT", path, json=team(), headers={"If-Match": tag})
    assert (status, stands) == (412, newer)
    assert "GET it" in problem["detail"]
    assert (await call("DELETE", path))[0] == 428
    assert (await call("DELETE", path, headers={"If-Match": tag}))[0] == 412
    assert (await call("DELETE", path, headers={"If-Match": newer}))[0] == 204
    assert (await call("GET", path))[0] == 404
    assert (await call("DELETE", path, headers={"If-Match": "*"}))[0] == 404
    _, told, _ = await call("GET", "/v1/changes")
    assert [(one["before"], one["after"]) for one in told["items"]] == [
        (newer, None),
        (tag, newer),
        (None, tag),
    ]


async def test_one_team_is_changed_and_the_others_stay(call: Call, declare: Declare) -> None:
    await declare(payments={}, research={})
    _, _, tag = await call("GET", "/v1/teams/payments")
    await call("PUT", "/v1/teams/payments", json=team() | {"name": "Pay"}, headers={"If-Match": tag})
    _, read, _ = await call("GET", "/v1/teams")
    assert [one["name"] for one in read["items"]] == ["Pay", "Research"]


async def test_mistakes_are_named_and_change_nothing(call: Call) -> None:
    path, new = "/v1/teams/payments", {"If-None-Match": "*"}
    wrong = team(watches=[{"name": "w", "models": ["Claude Fabel 5"]}])
    status, problem, _ = await call("PUT", path, json=wrong, headers=new)
    assert (status, problem["errors"][0]["at"]) == (422, ["teams", 0, "watches", 0, "models", 0])
    assert (await call("PUT", path, json=team("research"), headers=new))[0] == 422
    assert (await call("PUT", path, json=team() | {"name": "nul \x00"}, headers=new))[0] == 422
    assert (await call("PUT", path, data=b"{", headers=new))[0] == 422
    assert (await call("GET", "/v1/teams"))[1]["items"] == []


async def test_a_team_changes_itself_with_the_secrets_it_was_given(
    call: Call, declare: Declare, pool: asyncpg.Pool
) -> None:
    room = {"kind": "slack", "name": "room", "url_env": "PAYMENTS_ROOM"}
    await declare(payments={"channels": [room]}, research={})
    made = await keys.make(pool, Wanted("ci", Scope.TEAM, "payments"), "ann")
    assert made is not None
    path = "/v1/teams/payments"
    _, read, tag = await call("GET", path, made.key)
    status, _, tag = await call(
        "PUT", path, made.key, json=read | {"name": "Pay"}, headers={"If-Match": tag or ""}
    )
    assert status == 200
    stolen = {"kind": "slack", "name": "theirs", "url_env": "RESEARCH_ROOM"}
    status, problem, _ = await call(
        "PUT", path, made.key, json=read | {"channels": [room, stolen]}, headers={"If-Match": tag or ""}
    )
    assert (status, "RESEARCH_ROOM" in problem["detail"]) == (403, True)
    assert (await call("PUT", "/v1/teams/other", made.key, json=team("other")))[0] == 404


async def test_notices_and_what_they_told_are_read_back(call: Call, replica: Any, tell: Tell) -> None:
    facts = [tell(f"{n}", text="A long text.", hours=n * 24 * 100) for n in range(3)]
    for fact in facts:
        await replica.hear(fact)
    _, page, _ = await call("GET", "/v1/notices?limit=2")
    assert [one["id"] for one in page["items"]] == [facts[2].id, facts[1].id]
    assert "text" not in page["items"][0]["notice"]
    _, rest, _ = await call("GET", f"/v1/notices?limit=2&cursor={page['next']}")
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([facts[0].id], None)
    status, one, tag = await call("GET", f"/v1/notices/{facts[0].id}")
    assert (status, one["notice"]["text"], len(one["cases"])) == (200, "A long text.", 1)
    assert (await call("GET", f"/v1/notices/{facts[0].id}", headers={"If-None-Match": f'"x", {tag}'}))[
        0
    ] == 304
    assert (await call("GET", "/v1/notices/none"))[0] == 404
    assert (await call("GET", "/v1/notices?source=nobody"))[1]["items"] == []


async def test_the_catalogue_is_read_by_page_kind_and_name(call: Call, entities: list[Any]) -> None:
    found: list[str] = []
    at = "/v1/entities?limit=4"
    while True:
        status, page, _ = await call("GET", at)
        assert status == 200
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        at = f"/v1/entities?limit=4&cursor={page['next']}"
    assert found == sorted(entity.id for entity in entities)
    _, chips, _ = await call("GET", "/v1/entities?kind=chip")
    assert [one["id"] for one in chips["items"]] == ["chip:h20"]
    _, named, _ = await call("GET", "/v1/entities?text=fable-5")
    assert [one["id"] for one in named["items"]] == ["model:claude-fable-5"]
    assert (await call("GET", "/v1/entities/chip:h20"))[1]["name"] == "H20"
    assert (await call("GET", "/v1/entities/chip:h21"))[0] == 404
    assert (await call("GET", "/v1/entities?cursor=%C3%A9"))[0] == 400


async def test_channels_are_shown_with_how_they_fare(
    call: Call, declare: Declare, pool: asyncpg.Pool
) -> None:
    await declare(payments={"channels": [{"kind": "log", "name": "log"}]}, research={})
    await pool.execute("insert into destinations (team_id, channel, failures) values ('payments', 'log', 3)")
    _, told, _ = await call("GET", "/v1/channels")
    (one,) = told["items"]
    assert (one["team"], one["name"], one["kind"], one["failures"], one["proven_at"]) == (
        "payments",
        "log",
        "log",
        3,
        None,
    )
