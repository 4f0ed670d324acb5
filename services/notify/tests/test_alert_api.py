"""One alert over HTTP: acknowledged by whoever may, and told from raised to superseded."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify import api
from tocsin.notify.access import Scope
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.channels import Outcome
from tocsin.notify.oncall import OnCall
from tocsin.notify.store import keys, ledger
from tocsin.notify.store.keys import Wanted
from tocsin.notify.store.ledger import Result
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any]]]

LEASE = timedelta(seconds=60)
ON_CALL = {
    "channels": [{"kind": "log", "name": "log"}, {"kind": "log", "name": "duty"}],
    "on_call": {"fallback": "duty"},
}


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell) -> Any:
    await declare(payments=ON_CALL)
    replica = start(pool)
    await replica.hear(tell("a", tier="press"))
    return replica


@pytest.fixture
async def call(replica: Any) -> AsyncIterator[Call]:
    app = create_app("notify", Health())
    door = Door(replica.pool, [SecretStr("a key")])
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:

        async def called(method: str, path: str, key: str = "a key", **more: Any) -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {key}"}
            async with session.request(method, f"{address}/v1{path}", headers=headers, **more) as response:
                return response.status, await response.json(content_type=None)

        yield called


async def send(pool: asyncpg.Pool) -> None:
    for delivery in await ledger.claim(pool, 10, [], LEASE):
        await ledger.record(pool, delivery, Result(Outcome.DELIVERED, "ok", 0.1))


async def turn(replica: Any, minutes: float) -> None:
    await replica.pool.execute(
        "update escalations set due_at = due_at - $1::interval, remind_at = remind_at - $1::interval, "
        "fall_back_at = fall_back_at - $1::interval",
        timedelta(minutes=minutes),
    )
    now = await replica.pool.fetchval("select now()")
    await OnCall(replica.pool, replica.directory, Health().pulse("on-call", limit=60)).turn(now)


async def the_alert(pool: asyncpg.Pool, step: int = 1) -> str:
    found: str = await pool.fetchval("select id from alerts where step = $1", step)
    return found


async def test_an_alert_is_acknowledged_by_whoever_says_so_first(
    pool: asyncpg.Pool, call: Call, replica: Any
) -> None:
    assert replica
    path = f"/alerts/{await the_alert(pool)}"
    _, before = await call("GET", path)
    assert (before["acknowledged"], before["on_call"]["state"]) == (None, "armed")
    counted = REGISTRY.get_sample_value("tocsin_notify_acknowledgements_total", {"how": "api"})
    assert counted is not None
    status, made = await call("POST", f"{path}/acknowledge", json={"author": "Ann"})
    assert (status, made["new"], made["acknowledged"]["author"]) == (HTTPStatus.OK, True, "Ann")
    status, again = await call("POST", f"{path}/acknowledge", json={"author": "Bob"})
    assert (status, again["new"], again["acknowledged"]["author"]) == (HTTPStatus.OK, False, "Ann")
    _, after = await call("GET", path)
    assert (after["acknowledged"]["how"], after["on_call"]["state"]) == ("api", "acknowledged")
    assert REGISTRY.get_sample_value("tocsin_notify_acknowledgements_total", {"how": "api"}) == counted + 1


async def test_the_time_line_tells_everything_in_order(
    pool: asyncpg.Pool, call: Call, replica: Any, tell: Tell
) -> None:
    path = f"/alerts/{await the_alert(pool)}"
    await send(pool)
    await turn(replica, 15)
    await send(pool)
    await turn(replica, 15)
    await send(pool)
    await call("POST", f"{path}/acknowledge", json={"author": "Ann"})
    await replica.hear(tell("b", tier="official", hours=1))
    _, line = await call("GET", f"{path}/timeline")
    told = [(one["what"], one["channel"]) for one in line["items"]]
    assert sorted(line["items"], key=lambda one: str(one["at"])) == line["items"]
    assert [what for what, _ in told if what not in {"sent", "delivered"}] == [
        "raised",
        "reminded",
        "fallen back",
        "acknowledged",
        "superseded",
    ]
    assert [one for one in told if one[0] == "delivered"] == [
        ("delivered", "log"),
        ("delivered", "log"),
        ("delivered", "duty"),
    ]
    sent = [one["detail"] for one in line["items"] if one["what"] == "sent"]
    assert sorted(sent) == [f"{why}, attempt 1: delivered: ok" for why in ("alert", "fallback", "reminder")]
    assert line["items"][-1]["detail"] == "by step 2, in_force"


async def test_a_covered_alert_says_by_which_step(
    pool: asyncpg.Pool, call: Call, replica: Any, tell: Tell
) -> None:
    await replica.hear(tell("b", tier="official", hours=1))
    await call("POST", f"/alerts/{await the_alert(pool, 2)}/acknowledge", json={"author": "Ann"})
    _, line = await call("GET", f"/alerts/{await the_alert(pool)}/timeline")
    (said,) = [one["detail"] for one in line["items"] if one["what"] == "acknowledged"]
    assert said == "by Ann (api), with step 2 of the case"


async def test_what_cannot_be_acknowledged_is_answered_with_what_to_do(
    pool: asyncpg.Pool, call: Call
) -> None:
    status, problem = await call("POST", "/alerts/a-none/acknowledge", json={"author": "Ann"})
    assert (status, "GET /v1/alerts" in problem["detail"]) == (HTTPStatus.NOT_FOUND, True)
    path = f"/alerts/{await the_alert(pool)}/acknowledge"
    for body in ({}, {"author": ""}, {"author": "two\nlines"}, {"author": "Ann", "step": 1}):
        assert (await call("POST", path, json=body))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (await call("POST", path, key="no key", json={"author": "Ann"}))[0] == HTTPStatus.UNAUTHORIZED
    assert await pool.fetchval("select count(*) from acknowledgements") == 0


async def test_what_is_another_team_s_is_neither_seen_nor_acknowledged(
    pool: asyncpg.Pool, call: Call, declare: Declare
) -> None:
    await declare(payments=ON_CALL, research={})
    made = await keys.make(pool, Wanted(label="research", scope=Scope.TEAM, team="research"), "a test")
    assert made is not None
    path = f"/alerts/{await the_alert(pool)}"
    for method, where in (("GET", path), ("GET", f"{path}/timeline"), ("POST", f"{path}/acknowledge")):
        status, _ = await call(method, where, key=made.key, json={"author": "Eve"})
        assert status == HTTPStatus.NOT_FOUND
    assert await pool.fetchval("select count(*) from acknowledgements") == 0
