"""Following the alerts: nothing is skipped or told twice, and waiting ends with news, or with the service."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
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
from tocsin.notify.api import following
from tocsin.notify.api.bell import Bell, rings
from tocsin.notify.api.door import Door
from tocsin.notify.store import keys, reading
from tocsin.notify.store.keys import Wanted
from tocsin.notify.store.wakeup import listen
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Declare = Callable[..., Awaitable[dict[str, str]]]


class Place:
    """Notify's API with its bell, and a session to call it."""

    def __init__(self, replica: Any, bell: Bell, address: str, session: aiohttp.ClientSession) -> None:
        self.replica, self.bell, self.address, self.session = replica, bell, address, session

    async def pull(self, key: str = "a key", **params: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"}
        url = f"{self.address}/v1/alerts"
        async with self.session.get(url, params=params, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    def stream(self, key: str = "a key", after: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": after} if after else {})
        return self.session.get(f"{self.address}/v1/alerts/stream", headers=headers)


@pytest.fixture
async def place(
    pool: asyncpg.Pool, database: str, start: Callable[[asyncpg.Pool], Any], declare: Declare
) -> AsyncIterator[Place]:
    replica = start(pool)
    await declare(payments={}, research={})
    async with rings() as bell:
        listening = asyncio.create_task(listen(SecretStr(database), bell))
        app = create_app("notify", Health())
        door = Door(pool, [SecretStr("a key")])
        app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, bell))
        async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
            yield Place(replica, bell, address, session)
            bell.closed = True
            bell.set()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_alerts_are_pulled_oldest_first_each_once(place: Place, tell: Tell) -> None:
    for number in range(5):
        await place.replica.hear(tell(f"{number}", hours=number * 24 * 100))
    at, steps = "first", []
    while True:
        status, page = await place.pull(after=at, limit="3")
        assert status == 200
        if not page["items"]:
            assert page["next"] == at
            break
        steps += [(one["case_ref"], one["team"]) for one in page["items"]]
        at = page["next"]
    _, newest_first = await place.pull()
    assert steps == [(one["case_ref"], one["team"]) for one in reversed(newest_first["items"])]
    assert len(set(steps)) == 10


async def test_who_waits_is_told_as_soon_as_there_is_something(place: Place, tell: Tell) -> None:
    _, now = await place.pull(after="now")
    assert now["items"] == []
    waiting = asyncio.create_task(place.pull(after=now["next"], wait="60", team="payments"))
    await place.replica.hear(tell("one"))
    async with asyncio.timeout(10):
        status, page = await waiting
    assert (status, [one["team"] for one in page["items"]]) == (200, ["payments"])


async def test_who_waits_in_vain_gets_an_empty_page_in_time(place: Place) -> None:
    assert (await place.pull(after="now", wait="0.05"))[1]["items"] == []


ODD = [
    ({"after": "now", "cursor": "MQ=="}, 400),
    ({"after": "!"}, 400),
    ({"after": "now", "wait": "61"}, 422),
]


async def test_odd_questions_are_refused(place: Place) -> None:
    for params, status in ODD:
        assert (await place.pull(**params))[0] == status, params


async def test_an_alert_that_is_committed_late_is_not_overtaken(
    pool: asyncpg.Pool, place: Place, tell: Tell
) -> None:
    await place.replica.hear(tell("one"))
    copy = """
        insert into alerts (id, team_id, case_id, step, concerns, body, traceparent, raised_at)
        select $1, team_id, case_id, $2, concerns, body, traceparent, $3 from alerts limit 1 returning seq
    """
    for number in (2, 3):
        await pool.execute(
            "insert into steps (case_id, number, notice_id, body) "
            "select case_id, $1, notice_id, body from steps where number = 1",
            number,
        )
    now = datetime.now(UTC)
    async with pool.acquire() as first, pool.acquire() as second:
        slow = first.transaction()
        await slow.start()
        early = await first.fetchval(copy, "early", 2, now)
        late = asyncio.create_task(second.fetchval(copy, "late", 3, now))
        done, _ = await asyncio.wait([late], timeout=0.3)
        assert not done, "a later number was there before an earlier one"
        seen = await reading.alerts_after(pool, early - 1, None, None, 10)
        assert seen == []
        await slow.commit()
        assert await late > early
    assert (await reading.alerts_after(pool, early - 1, None, None, 10))[0]["seq"] == early


async def _events(response: aiohttp.ClientResponse, count: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    identity = ""
    async with asyncio.timeout(20):
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                identity = value
            if name == "data":
                found.append((identity, json.loads(value)))
            if len(found) == count:
                break
    return found


async def test_a_stream_gives_alerts_as_they_come_and_goes_on_where_it_broke_off(
    place: Place, tell: Tell
) -> None:
    async with place.stream() as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert (await response.content.readline()).startswith(b": from")
        await place.replica.hear(tell("one"))
        (first,) = await _events(response, 1)
    await place.replica.hear(tell("two", hours=24 * 100))
    async with place.stream(after=first[0]) as response:
        rest = await _events(response, 3)
    assert [one["team"] for _, one in (first, *rest)] == ["payments", "research"] * 2
    async with place.stream(after="none of ours!") as response:
        assert response.status == 400


async def test_a_team_hears_its_own_stream(place: Place, pool: asyncpg.Pool, tell: Tell) -> None:
    made = await keys.make(pool, Wanted("ci", Scope.TEAM, "research"), "ann")
    assert made is not None
    await place.replica.hear(tell("one"), tell("two", hours=24 * 100))
    async with place.stream(made.key, after=following.FIRST) as response:
        assert [one["team"] for _, one in await _events(response, 2)] == ["research"] * 2
    assert (await place.pull(made.key, after="now", team="payments"))[0] == 404


async def test_a_stream_ends_with_its_key(
    place: Place, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "TICK_SECONDS", 0.05)
    made = await keys.make(pool, Wanted("ci", Scope.READ), "ann")
    assert made is not None
    async with place.stream(made.key) as response:
        await response.content.readline()
        await keys.revoke(pool, made.row["id"])
        async with asyncio.timeout(10):
            await response.content.read()


async def test_who_waits_is_let_go_when_the_service_stops(place: Place) -> None:
    waiting = asyncio.create_task(place.pull(after="now", wait="60"))
    async with place.stream() as response:
        await response.content.readline()
        place.bell.closed = True
        place.bell.set()
        async with asyncio.timeout(5):
            await response.content.read()
            assert (await waiting)[1]["items"] == []


async def test_one_caller_holds_so_many_streams(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_WAITING", 1)
    async with place.stream() as response:
        await response.content.readline()
        async with place.stream() as second:
            assert second.status == 429
