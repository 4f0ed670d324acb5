"""Who may do what: the decision for every scope, keys on a real database, and every route of the API."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify import api
from tocsin.notify.access import Caller, Scope, Verdict, may
from tocsin.notify.api import channels, feeds
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.store import keys
from tocsin.notify.store.keys import Wanted
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any]]]

ADMIN, READER = Caller("a", Scope.ADMIN), Caller("r", Scope.READ)
PAYMENTS = Caller("p", Scope.TEAM, "payments")
DECISIONS: list[tuple[Caller, str, str, str | None, Verdict]] = [
    (ADMIN, "DELETE", "keys", None, Verdict.YES),
    (ADMIN, "PUT", "teams", "payments", Verdict.YES),
    (READER, "GET", "deliveries", "payments", Verdict.YES),
    (READER, "GET", "audit", None, Verdict.YES),
    (READER, "GET", "keys", None, Verdict.NO),
    (READER, "POST", "watches", None, Verdict.NO),
    (PAYMENTS, "GET", "alerts", None, Verdict.YES),
    (PAYMENTS, "POST", "deliveries", None, Verdict.YES),
    (PAYMENTS, "PUT", "teams", "payments", Verdict.YES),
    (PAYMENTS, "GET", "teams", "research", Verdict.UNSEEN),
    (PAYMENTS, "DELETE", "teams", "research", Verdict.UNSEEN),
    (PAYMENTS, "GET", "cases", None, Verdict.YES),
    (PAYMENTS, "POST", "cases", None, Verdict.NO),
    (PAYMENTS, "GET", "subscriptions", None, Verdict.YES),
    (PAYMENTS, "PUT", "subscriptions", None, Verdict.NO),
    (PAYMENTS, "GET", "audit", None, Verdict.NO),
    (PAYMENTS, "GET", "keys", None, Verdict.NO),
    (PAYMENTS, "GET", "something-new", None, Verdict.NO),
]


@pytest.mark.parametrize(("caller", "method", "what", "team", "verdict"), DECISIONS)
def test_every_scope_reaches_as_far_as_it_says(
    caller: Caller, method: str, what: str, team: str | None, verdict: Verdict
) -> None:
    assert may(caller, method, what, team) is verdict


async def test_a_key_is_found_while_it_holds_and_stored_as_its_digest_alone(
    pool: asyncpg.Pool, declare: Declare
) -> None:
    await declare(payments={})
    made = await keys.make(pool, Wanted("ci", Scope.TEAM, "payments"), "ann")
    assert made is not None
    assert keys.SHAPE.fullmatch(made.key)
    found = await keys.find(pool, made.key)
    assert found == Caller(f"ci ({made.row['id']})", Scope.TEAM, "payments")
    row = await pool.fetchrow("select * from api_keys")
    assert row["last_used_at"] is not None
    assert made.key not in str(dict(row))
    assert made.key.removeprefix("tocsin_").encode() not in row["hash"]
    for other in ("", made.key[:-1], made.key.upper(), made.key[:-1] + "g", "tocsin_" + "0" * 64):
        assert await keys.find(pool, other) is None, other
    assert await keys.revoke(pool, made.row["id"])
    assert await keys.find(pool, made.key) is None
    assert await keys.revoke(pool, made.row["id"]) is None


async def test_a_key_is_replaced_with_an_overlap(pool: asyncpg.Pool) -> None:
    old = await keys.make(pool, Wanted("ci", Scope.READ, None, timedelta(days=90)), "ann")
    assert old is not None
    new = await keys.rotate(pool, old.row["id"], timedelta(hours=24), "bob")
    assert new is not None
    assert await keys.find(pool, old.key)
    assert await keys.find(pool, new.key)
    ends = await pool.fetchval("select expires_at - now() from api_keys where id = $1", old.row["id"])
    assert timedelta(hours=23) < ends <= timedelta(hours=24)
    assert new.row["expires_at"] - new.row["made_at"] == timedelta(days=90)
    at_once = await keys.rotate(pool, new.row["id"], timedelta(0), "bob")
    assert at_once is not None
    assert await keys.find(pool, new.key) is None
    assert await keys.rotate(pool, new.row["id"], timedelta(0), "bob") is None


async def test_a_key_of_a_team_ends_with_the_team(pool: asyncpg.Pool, declare: Declare) -> None:
    await declare(payments={})
    made = await keys.make(pool, Wanted("ci", Scope.TEAM, "payments"), "ann")
    assert made is not None
    await declare(research={})
    assert await keys.find(pool, made.key) is None
    assert await keys.make(pool, Wanted("ci", Scope.TEAM, "payments"), "ann") is None


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Callable[[asyncpg.Pool], Any]) -> Any:
    return start(pool)


@pytest.fixture
async def app(replica: Any, declare: Declare, tell: Tell) -> FastAPI:
    """The whole API, two teams with an alert and a delivery each."""
    log = {"channels": [{"kind": "log", "name": "log"}]}
    await declare(payments=log, research=log)
    await replica.hear(tell("one", tier="party"))
    made = create_app("notify", Health())
    door = Door(replica.pool, [SecretStr("a key")])
    made.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    made.include_router(channels.router(replica.pool, replica.directory, {}, 1.0, door))
    made.include_router(feeds.router(replica.pool, replica.directory, [SecretStr("a key")], door))
    return made


@pytest.fixture
async def call(app: FastAPI) -> AsyncIterator[Call]:
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

        async def called(method: str, path: str, key: str = "a key", **more: Any) -> tuple[int, Any]:
            headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key else {})
            async with session.request(method, address + path, headers=headers, **more) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else None

        yield called


async def key_of(pool: asyncpg.Pool, scope: Scope, team: str | None = None) -> str:
    made = await keys.make(pool, Wanted(f"a {scope} key", scope, team), "a test")
    assert made is not None
    return made.key


OPEN = {"/v1/feeds/{team}/atom"}  # answers to its address alone


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route in the description."""
    return [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/") and path not in OPEN
    ]


def filled(path: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{number}", "1").replace("{name}", "key-000000000000")


async def test_every_route_asks_for_a_key_and_read_keys_change_nothing(
    app: FastAPI, call: Call, pool: asyncpg.Pool
) -> None:
    reader = await key_of(pool, Scope.READ)
    before = await pool.fetchval("select version from subscriptions")
    assert len(routes(app)) > 30
    for method, path in routes(app):
        at = filled(path, {"team": "payments", "alert": "a", "delivery": "d", "notice": "n"})
        for key in ("", "another", "tocsin_" + "0" * 64):
            assert (await call(method, at, key))[0] == 401, (method, path)
        if method != "GET":
            assert (await call(method, at, reader))[0] == 403, (method, path)
    assert await pool.fetchval("select version from subscriptions") == before
    assert await pool.fetchval("select count(*) from changes") == 0


async def test_a_team_learns_nothing_of_another(app: FastAPI, call: Call, pool: asyncpg.Pool) -> None:
    key = await key_of(pool, Scope.TEAM, "payments")
    theirs = {
        "team": "research",
        "alert": await pool.fetchval("select id from alerts where team_id = 'research'"),
        "delivery": await pool.fetchval("select id from deliveries where team_id = 'research'"),
    }
    mine = {
        "alert": await pool.fetchval("select id from alerts where team_id = 'payments'"),
        "delivery": await pool.fetchval("select id from deliveries where team_id = 'payments'"),
    }
    for method, path in routes(app):
        if any(f"{{{name}}}" in path for name in theirs):
            status, told = await call(method, filled(path, theirs), key, json={"author": "eve"})
            assert status in {404, 422}, (method, path, told)
            assert "research" not in str(told).replace(theirs["alert"], ""), (method, path)
        if method == "GET" and all(f"{{{name}}}" not in path for name in ("team", "notice")):
            if path.endswith("/stream"):
                continue
            at = filled(path, mine)
            status, told = await call(method, at, key)
            assert status in {200, 403, 404, 422}, (path, told)
            if "cases" not in path:
                assert "research" not in str(told), path
            if path in {"/v1/alerts", "/v1/deliveries", "/v1/channels", "/v1/changes", "/v1/teams"}:
                assert (await call(method, f"{at}?team=research", key))[0] in {404, 200}
    for path, body in (
        ("/v1/deliveries/retry", {"team": "research"}),
        ("/v1/channels/replay", {"team": "research", "channel": "log", "since": "2026-01-01T00:00:00Z"}),
        ("/v1/channels/test", {"team": "research", "channel": "log"}),
    ):
        assert (await call("POST", path, key, json=body))[0] == 404, path
    assert (await call("GET", "/v1/why-not?notice=n&team=research", key))[0] == 404
    assert (await call("GET", "/v1/alerts", key))[1]["items"][0]["team"] == "payments"


async def test_a_key_is_made_shown_once_rotated_and_ended_over_http(call: Call, pool: asyncpg.Pool) -> None:
    wanted = {"label": "ci", "scope": "team", "team": "payments", "seconds": 3600}
    status, made = await call("POST", "/v1/keys", json=wanted)
    assert status == 201
    assert (await call("GET", "/v1/alerts", made["key"]))[0] == 200
    status, listed = await call("GET", "/v1/keys")
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert made["key"] not in json.dumps(listed)
    assert "hash" not in listed["items"][0]
    status, new = await call("POST", f"/v1/keys/{made['id']}/rotate", json={"overlap_seconds": 60})
    assert status == 201
    assert (await call("GET", "/v1/alerts", made["key"]))[0] == 200
    assert (await call("DELETE", f"/v1/keys/{made['id']}"))[0] == 204
    assert (await call("GET", "/v1/alerts", made["key"]))[0] == 401
    assert (await call("GET", "/v1/alerts", new["key"]))[0] == 200
    assert (await call("POST", "/v1/keys", json=wanted, headers={"Idempotency-Key": "x"}))[0] == 400
    assert (await call("POST", "/v1/keys", json=wanted | {"team": "nobody"}))[0] == 404
    assert (await call("POST", "/v1/keys", json={"label": "x", "scope": "team"}))[0] == 422
    rows = await pool.fetch("select what, team, outcome, summary from changes order by number")
    assert [row["what"].split(" ")[0] for row in rows] == ["POST", "POST", "DELETE"]
    assert {row["team"] for row in rows} == {"payments"}
    assert made["key"] not in str(list(map(dict, rows)))


async def test_every_change_is_on_record_with_who_made_it(call: Call, pool: asyncpg.Pool) -> None:
    key = await key_of(pool, Scope.TEAM, "payments")
    said = {"source": "agency", "author": "ann", "reason": "a rumour mill"}
    assert (await call("POST", "/v1/teams/payments/not-this", key, json=said))[0] == 201
    assert (await call("POST", "/v1/teams/research/not-this", json=said))[0] == 201
    assert (await call("POST", "/v1/teams/payments/not-this", key, json={}))[0] == 422
    status, told = await call("GET", "/v1/changes", key)
    assert status == 200
    (mine,) = told["items"]
    assert (mine["what"], mine["team"], mine["outcome"]) == (
        "POST /v1/teams/payments/not-this",
        "payments",
        "done",
    )
    assert mine["who"].startswith("a team key (key-")
    _, everybody = await call("GET", "/v1/changes")
    assert [one["who"] for one in everybody["items"]] == ["key 1 of the settings", mine["who"]]


async def test_a_call_sent_twice_with_one_idempotency_key_makes_one_thing(
    call: Call, pool: asyncpg.Pool
) -> None:
    path, said = "/v1/teams/payments/not-this", {"source": "agency", "author": "ann", "reason": "why"}
    first = await call("POST", path, json=said, headers={"Idempotency-Key": "one"})
    assert first[0] == 201
    assert await call("DELETE", f"{path}/{first[1]['number']}?author=ann") == (204, None)
    assert await call("POST", path, json=said, headers={"Idempotency-Key": "one"}) == first
    assert (await call("GET", path))[1]["items"] == []
    other = said | {"reason": "another"}
    assert (await call("POST", path, json=other, headers={"Idempotency-Key": "one"}))[0] == 422
    assert (await call("POST", path, json={}, headers={"Idempotency-Key": "two"}))[0] == 422
    assert (await call("POST", path, json=said, headers={"Idempotency-Key": "two"}))[0] == 201
    await pool.execute("update kept_answers set status = null where key = 'two'")
    assert (await call("POST", path, json=said, headers={"Idempotency-Key": "two"}))[0] == 409
    reader = await key_of(pool, Scope.TEAM, "payments")
    assert (await call("POST", path, reader, json=other, headers={"Idempotency-Key": "one"}))[0] == 201
    await pool.execute("update kept_answers set asked_at = now() - interval '25 hours'")
    assert (await call("POST", path, json=other, headers={"Idempotency-Key": "one"}))[0] == 201


async def test_two_calls_at_one_instant_with_one_idempotency_key_make_one_thing(call: Call) -> None:
    path, said = "/v1/teams/payments/not-this", {"source": "agency", "author": "ann", "reason": "why"}
    answers = await asyncio.gather(
        *(call("POST", path, json=said, headers={"Idempotency-Key": "one"}) for _ in range(8))
    )
    assert {status for status, _ in answers} <= {201, 409}
    assert len({told["number"] for status, told in answers if status == 201}) == 1


async def test_too_many_calls_are_told_when_to_come_again(replica: Any) -> None:
    app = create_app("notify", Health())
    door = Door(replica.pool, [SecretStr("a key"), SecretStr("another")], per_minute=60)
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

        async def one(key: str) -> aiohttp.ClientResponse:
            headers = {"Authorization": f"Bearer {key}"}
            return await session.get(f"{address}/v1/teams", headers=headers)

        statuses = [(await one("a key")).status for _ in range(12)]
        refused = await one("a key")
        assert statuses[:10] == [200] * 10
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await one("another")).status == 200


async def test_a_body_too_large_is_refused(call: Call) -> None:
    body = json.dumps({"source": "a", "author": "ann", "reason": "x" * api.MOST_BYTES})
    headers = {"Content-Type": "application/json"}
    status, told = await call(
        "POST", "/v1/teams/payments/not-this", data=io.BytesIO(body.encode()), headers=headers
    )
    assert (status, told["status"]) == (413, 413)


async def test_while_the_database_is_away_callers_are_told_to_come_again(replica: Any, database: str) -> None:
    gone = await asyncpg.create_pool(database, min_size=1)
    await gone.close()
    app = create_app("notify", Health())
    door = Door(gone, [SecretStr("a key")])
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer tocsin_" + "0" * 64}
        async with session.get(f"{address}/v1/alerts", headers=headers) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
