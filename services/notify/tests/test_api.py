"""The HTTP API over real rows: who may call, what is refused and why, and pages that can be followed."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import AlertRaised, Entity, Kind, NoticeClassified
from tocsin.contracts.signature import written
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.api.subscriptions import MOST_BYTES, MOST_COMPLAINTS
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.routing.names import Names
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]


class Caller:
    """Calls the API and gives status and JSON."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._address = address
        self._session = session

    async def get(self, path: str, key: str = "Bearer a key", **params: str) -> tuple[int, Any]:
        headers = {"Authorization": key}
        async with self._session.get(f"{self._address}{path}", params=params, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def post(self, path: str, key: str = "Bearer a key", **params: str) -> tuple[int, Any]:
        headers = {"Authorization": key}
        async with self._session.post(f"{self._address}{path}", params=params, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def put(self, body: Any, key: str = "Bearer a key") -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self._address}/v1/subscriptions"
        headers = {"Authorization": key}
        async with self._session.put(url, data=io.BytesIO(raw), headers=headers) as response:
            return response.status, await response.json(content_type=None)


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start) -> Any:
    return start(pool)


async def serving(handler: Handler) -> AsyncIterator[Caller]:
    app = create_app("notify", Health())
    app.include_router(
        api.router(
            Sweep(handler), Door(handler.pool, [SecretStr("a key")]), lambda name: name == "A_SECRET", Bell()
        )
    )
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        yield Caller(address, session)


@pytest.fixture
async def caller(replica: Any) -> AsyncIterator[Caller]:
    async for one in serving(replica.handler):
        yield one


def team(name: str = "payments", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "watches": [{"name": "ours", "models": ["Fable 5"]}]} | more


PATHS = ["/v1/alerts", "/v1/cases", "/v1/cases/C-1", "/v1/deliveries", "/v1/subscriptions", "/v1/audit"]


async def test_nobody_without_a_key_is_answered(caller: Caller) -> None:
    for key in ("", "Bearer", "Bearer another", "Basic a key", "a key"):
        for path in PATHS:
            status, problem = await caller.get(path, key)
            assert (status, problem["status"]) == (401, 401), (path, key)
        assert (await caller.put({"teams": [team()]}, key))[0] == 401, key
        assert (await caller.post("/v1/audit/sweep", key))[0] == 401, key
    assert (await caller.get("/v1/subscriptions"))[1] == {"teams": []}


async def test_teams_are_declared_and_read_back(caller: Caller) -> None:
    declared = {"teams": [team(), team("research", channels=[{"kind": "log", "name": "log"}])]}
    became = [(await caller.put(declared))[1]["teams"] for _ in range(2)]
    became.append((await caller.put({"teams": [team(name="payments") | {"name": "Pay"}]}))[1]["teams"])
    assert became == [
        {"payments": "added", "research": "added"},
        {"payments": "unchanged", "research": "unchanged"},
        {"payments": "changed", "research": "retired"},
    ]
    status, read = await caller.get("/v1/subscriptions")
    assert (status, [one["name"] for one in read["teams"]]) == (200, ["Pay"])
    assert (await caller.put(read))[1]["teams"] == {"payments": "unchanged"}


HOOK = {"kind": "webhook", "name": "hook", "url": "https://x.example/", "secret_env": "NOT_THERE"}
REFUSED: list[tuple[Any, list[Any], str]] = [
    (b"{", [], "Invalid JSON"),
    (b"\xff\xff", [], "Invalid JSON"),
    ({}, ["teams"], "Field required"),
    ({"teams": [team(colour="red")]}, ["teams", 0, "colour"], "Extra inputs"),
    ({"teams": [team("tocsin-canary")]}, ["teams", 0, "id"], "reserved for the canary"),
    ({"teams": [team(), team()]}, [], "two teams share the name 'payments'"),
    (
        {"teams": [team(), team("b", watches=[{"name": "w", "models": ["GPT-6", "Claude Fabel 5"]}])]},
        ["teams", 1, "watches", 0, "models", 1],
        "did you mean 'Claude Fable 5'?",
    ),
    (
        {"teams": [team(channels=[HOOK])]},
        ["teams", 0, "channels", 0, "secret_env"],
        "NOT_THERE: set it where",
    ),
    (
        {"teams": [team(channels=[{"kind": "slack", "name": "room", "url_env": "NOT_HERE"}])]},
        ["teams", 0, "channels", 0, "url_env"],
        "NOT_HERE",
    ),
    (
        {"teams": [team(channels=[HOOK | {"secret_env": "TOCSIN_DATABASE_URL"}])]},
        ["teams", 0, "channels", 0, "secret_env"],
        "a setting of Tocsin",
    ),
]


async def test_a_declaration_with_a_mistake_changes_nothing_and_says_where(caller: Caller) -> None:
    await caller.put({"teams": [team("before")]})
    for body, at, part in REFUSED:
        status, problem = await caller.put(body)
        assert status == 422, part
        (complaint,) = problem["errors"]
        assert complaint["at"] == at
        assert part in complaint["detail"]
    assert [one["id"] for one in (await caller.get("/v1/subscriptions"))[1]["teams"]] == ["before"]


async def test_a_secret_that_is_there_is_taken(caller: Caller) -> None:
    assert (await caller.put({"teams": [team(channels=[HOOK | {"secret_env": "A_SECRET"}])]}))[0] == 200


async def test_a_declaration_too_large_is_refused(caller: Caller) -> None:
    assert (await caller.put(b" " * (MOST_BYTES + 1)))[0] == 413


class Counting(Names):
    """Names that count how often they had to search for what was meant."""

    asked = 0

    def suggest(self, kind: Kind | None, name: str) -> str | None:
        self.asked += 1
        return super().suggest(kind, name)


async def test_thousands_of_unknown_names_hold_nobody_up(caller: Caller, replica: Any) -> None:
    counting = Counting([Entity(id="model:one", kind=Kind.MODEL, name="One")])
    (await replica.directory.refresh()).names = counting
    watches = [
        {"name": f"w{n}", "models": [f"Claude Unknown {n} {m}" for m in range(100)]} for n in range(200)
    ]
    status, problem = await caller.put({"teams": [team(watches=watches)]})
    assert status == 422
    assert len(problem["errors"]) == counting.asked == MOST_COMPLAINTS
    assert problem["detail"] == "100 problem(s) or more; nothing was changed"


async def test_text_that_no_row_can_hold_is_refused(caller: Caller) -> None:
    status, problem = await caller.put({"teams": [team() | {"name": "nul \x00"}]})
    assert (status, problem["status"]) == (422, 422)


async def test_while_the_catalogue_is_loading_nothing_can_be_declared(pool: asyncpg.Pool) -> None:
    async for caller in serving(Handler(pool, Directory(pool), lambda _: None)):
        status, problem = await caller.put({"teams": [team()]})
        assert status == 503
        assert "loading" in problem["detail"]


@pytest.fixture
async def told(replica: Any, declare: Declare, tell: Tell) -> list[NoticeClassified]:
    """Two teams, seven measures, the last of them confirmed."""
    log = [{"kind": "log", "name": "log"}]
    await declare(payments={"channels": log}, research={"watches": [{"name": "w", "vendors": ["Anthropic"]}]})
    facts = [tell(f"{n}", tier="party", hours=n * 24 * 100) for n in range(7)]
    facts.append(tell("again", tier="official", hours=6 * 24 * 100 + 1))
    for fact in facts:
        await replica.hear(fact)
    return facts


PAGES: list[tuple[str, dict[str, str], int]] = [
    ("/v1/alerts", {}, 16),
    ("/v1/alerts", {"team": "payments"}, 8),
    ("/v1/alerts", {"team": "nobody"}, 0),
    ("/v1/cases", {}, 7),
    ("/v1/deliveries", {}, 8),
    ("/v1/deliveries", {"team": "research"}, 0),
    ("/v1/deliveries", {"state": "pending"}, 8),
    ("/v1/deliveries", {"state": "failed"}, 0),
    ("/v1/alerts", {"since": "2000-01-01T00:00:00Z"}, 16),
    ("/v1/alerts", {"since": "2999-01-01T00:00:00+02:00"}, 0),
    ("/v1/deliveries", {"since": "2999-01-01T00:00:00Z"}, 0),
    ("/v1/cases", {"since": "2027-10-01T00:00:00Z"}, 2),
]


async def test_everything_is_read_page_by_page(caller: Caller, told: list[NoticeClassified]) -> None:
    assert told
    for path, params, count in PAGES:
        items = await _all(caller, path, params)
        assert len(items) == count, (path, params)
        assert len({json.dumps(item) for item in items}) == count, "an item stood on two pages"
        assert (await caller.get(path, **params))[1]["items"] == items


async def _all(caller: Caller, path: str, params: dict[str, str]) -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        status, page = await caller.get(path, **params, **cursor, limit="3")
        assert status == 200
        assert len(page["items"]) <= 3
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


async def test_an_alert_read_back_is_the_alert_that_was_raised(
    caller: Caller, told: list[NoticeClassified]
) -> None:
    _, page = await caller.get("/v1/alerts", team="payments")
    newest, *_, first = [AlertRaised.model_validate(item) for item in page["items"]]
    assert (newest.kind, newest.step) == ("confirmed", 2)
    assert first.quotes[0].notice_id == told[0].id
    _, one_case = await caller.get("/v1/alerts", case=newest.case_ref, team="payments")
    assert [item["step"] for item in one_case["items"]] == [2, 1]
    _, by_id = await caller.get("/v1/alerts", case=newest.case_id, team="payments")
    assert by_id == one_case


async def test_a_case_is_read_by_reference_or_id_with_steps_and_notices(
    caller: Caller, told: list[NoticeClassified]
) -> None:
    _, page = await caller.get("/v1/cases")
    newest = page["items"][0]
    status, case = await caller.get(f"/v1/cases/{newest['ref']}")
    assert status == 200
    assert [step["kind"] for step in case["steps"]] == ["opened", "confirmed"]
    assert [notice["id"] for notice in case["notices"]] == [told[-2].id, told[-1].id]
    assert (case["ref"], case["state"]) == (newest["ref"], "in_force")
    assert (await caller.get(f"/v1/cases/{newest['id']}"))[1] == case
    assert (await caller.get(f"/v1/cases/{newest['ref'].lower()}"))[1] == case


async def test_a_case_says_how_many_of_its_notices_are_copies_and_of_whom(
    caller: Caller, replica: Any, tell: Tell
) -> None:
    words = written([], range(12))
    for number in range(3):
        await replica.hear(tell(f"{number}", tier="press", hours=number, signature=words))
    _, page = await caller.get("/v1/cases")
    (one,) = page["items"]
    assert (one["notices"], one["copies"]) == (3, 2)
    _, case = await caller.get(f"/v1/cases/{one['ref']}")
    assert [notice["because"] for notice in case["notices"]] == [
        "it is the first to tell of it",
        *["it is about Claude Fable 5 too; it is a copy of what A press source told"] * 2,
    ]


async def test_a_case_that_is_not_there_is_a_problem(caller: Caller) -> None:
    status, problem = await caller.get("/v1/cases/C-NOBODY")
    assert (status, problem["status"]) == (404, 404)
    assert "GET /v1/cases lists them" in problem["detail"]


async def test_a_cursor_that_is_none_of_ours_is_a_problem(caller: Caller) -> None:
    for cursor in ("x", "!!!", "é", "YWJj", "MTIzNDU2Nzg"):
        status, problem = await caller.get("/v1/alerts", cursor=cursor)
        assert (status, problem["status"]) == (400, 400), cursor
        assert "send `next` unchanged" in problem["detail"]


ODD: list[tuple[str, dict[str, str], int]] = [
    ("/v1/alerts", {"limit": "0"}, 422),
    ("/v1/alerts", {"limit": "501"}, 422),
    ("/v1/alerts", {"since": "2026-06-12T22:00:00"}, 422),  # of which zone?
    ("/v1/deliveries", {"state": "lost"}, 422),
    ("/v1/alerts", {"team": "a\x00b"}, 422),
    ("/v1/alerts", {"case": "a\x00b"}, 422),
    ("/v1/cases/a%00b", {}, 422),
    ("/v1/cases/" + "x" * 3000, {}, 422),
    ("/v1/alerts", {"cursor": "LTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="}, 200),  # far below any number
    ("/v1/alerts", {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="}, 200),  # far above
    ("/v1/elsewhere", {}, 404),
]


async def test_odd_questions_get_a_plain_answer(caller: Caller) -> None:
    for path, params, expected in ODD:
        status, _ = await caller.get(path, **params)
        assert status == expected, (path, params)


async def test_an_audit_is_read_page_by_page_and_a_sweep_answers_alike(
    caller: Caller, pool: asyncpg.Pool, replica: Any, declare: Declare, tell: Tell
) -> None:
    await declare(payments={"channels": [{"kind": "log", "name": "log"}]})
    for number in range(5):
        await replica.hear(tell(f"{number}", hours=number * 24 * 100))
    await pool.execute(
        "delete from deliveries where alert_id in (select id from alerts order by seq limit 2)"
    )
    pages = []
    cursor: dict[str, str] = {}
    while True:
        status, page = await caller.get("/v1/audit", limit="2", **cursor)
        assert status == 200
        pages.append(page)
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [(page["notices"], len(page["gaps"]), page["expected"]) for page in pages] == [
        (2, 2, 2),
        (2, 0, 2),
        (1, 0, 1),
    ]
    gap = pages[0]["gaps"][0]
    assert (gap["cause"], gap["team"], gap["channel"], gap["step"]) == ("no_delivery", "payments", "log", 1)
    assert gap["case_ref"].startswith("C-")
    status, swept = await caller.post("/v1/audit/sweep")
    assert (status, swept["gaps"]) == (200, pages[0]["gaps"])
    assert (await caller.get("/v1/audit"))[1]["gaps"] == []
    assert (await caller.get("/v1/audit", since="2999-01-01T00:00:00Z"))[1]["notices"] == 0
    assert (await caller.get("/v1/audit", cursor="none of ours"))[0] == 400
