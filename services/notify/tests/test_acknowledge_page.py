"""The page behind a signed link: looking acknowledges nothing, a form with a name does, once."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify.api import signed
from tocsin.notify.links import VALID, Links
from tocsin.notify.store import acknowledgements, timeline

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]

KEY, OTHER = SecretStr("a secret for signing links"), SecretStr("a secret of somebody else")


@dataclass
class Desk:
    """A page of notify, and one alert to open there."""

    pool: asyncpg.Pool
    address: str
    session: aiohttp.ClientSession
    links: Links = field(default_factory=lambda: Links("https://tocsin.example", [KEY]))

    async def path(self, links: Links | None = None, **other: Any) -> str:
        """Where the one alert is; anything in it can be replaced."""
        identity = await self.pool.fetchval("select id from alerts order by seq limit 1")
        alert = await acknowledgements.alert(self.pool, identity)
        assert alert is not None
        url = (links or self.links).acknowledge(alert.model_copy(update=other))
        assert url is not None
        return url.removeprefix("https://tocsin.example")

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, str, dict[str, str]]:
        async with self.session.request(method, f"{self.address}{path}", **more) as response:
            return response.status, await response.text(), dict(response.headers)

    async def authors(self) -> list[str]:
        rows = await self.pool.fetch("select author from acknowledgements order by seq")
        return [row["author"] for row in rows]


@pytest.fixture
async def desk(pool: asyncpg.Pool, start: Start, declare: Declare, tell: Tell) -> AsyncIterator[Desk]:
    await declare(payments={}, research={})
    replica = start(pool)
    await replica.hear(tell("a"))
    links = Links("https://tocsin.example", [KEY])
    app = create_app("notify", Health())
    app.include_router(signed.router(pool, replica.directory, links))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        yield Desk(pool, address, session)


LOOKING: list[tuple[str, dict[str, Any]]] = [
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"params": {"name": "Ann"}}),
    ("POST", {}),
    ("POST", {"data": b""}),
    ("POST", {"data": {"name": ""}}),
    ("POST", {"data": {"name": " \t\r\n\u200b"}}),
    ("POST", {"data": {"who": "Ann"}}),
    ("POST", {"params": {"name": "Ann"}}),
    ("POST", {"json": {"name": "Ann"}}),
    ("POST", {"data": b"name=Ann", "headers": {"Content-Type": "text/plain"}}),
    ("OPTIONS", {}),
    ("PUT", {"data": {"name": "Ann"}}),
]


@pytest.mark.parametrize(("method", "more"), LOOKING)
async def test_what_looks_at_links_acknowledges_nothing(
    desk: Desk, method: str, more: dict[str, Any]
) -> None:
    for _ in range(2):
        await desk.call(method, await desk.path(), **more)
    assert await desk.authors() == []


async def test_a_form_with_a_name_acknowledges_and_says_who_did(desk: Desk) -> None:
    path = await desk.path()
    status, page, _ = await desk.call("GET", path)
    assert status == HTTPStatus.OK
    assert '<form method="post">' in page
    assert "Claude Fable 5" in page
    status, page, _ = await desk.call("POST", path, data={"name": "Ann Ode"})
    assert (status, await desk.authors()) == (HTTPStatus.OK, ["Ann Ode"])
    for method, more in (("GET", {}), ("POST", {"data": {"name": "Bob"}})):
        _, page, _ = await desk.call(method, path, **more)
        assert "Acknowledged by Ann Ode at " in page
        assert "<form" not in page
    assert await desk.authors() == ["Ann Ode"]


async def test_a_form_without_a_name_is_answered_with_what_to_do(desk: Desk) -> None:
    status, page, _ = await desk.call("POST", await desk.path(), data={"name": ""})
    assert status == HTTPStatus.BAD_REQUEST
    assert "Say who you are" in page
    assert '<form method="post">' in page


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "Ann\r\nSet-Cookie: a=b\r\n\r\n<b>",
    "Ann\x00\x1b[31m\u202eevil",
    "A" * 3_000,
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_becomes_plain_text_on_one_line(desk: Desk, name: str) -> None:
    status, page, headers = await desk.call("POST", await desk.path(), data={"name": name})
    assert status == HTTPStatus.OK
    assert "Set-Cookie" not in headers
    said = page[page.index("Acknowledged by ") : page.index(" at ", page.index("Acknowledged by "))]
    assert not re.search(r"[<>\"\x00-\x1f\u202e]", said)
    assert "49" not in said
    (author,) = await desk.authors()
    assert author.isprintable()
    assert len(author) <= 100


async def test_a_form_that_is_too_long_is_refused(desk: Desk) -> None:
    status, _, _ = await desk.call("POST", await desk.path(), data={"name": "A" * 10_000})
    assert (status, await desk.authors()) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [])


async def test_a_hostile_headline_is_plain_text(desk: Desk) -> None:
    evil = "<script>alert(1)</script>"
    await desk.pool.execute("update alerts set body = body || jsonb_build_object('headline', $1::text)", evil)
    _, page, _ = await desk.call("GET", await desk.path())
    assert evil not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_link_that_is_not_ours_too_old_or_of_another_team_opens_nothing(
    desk: Desk, method: str
) -> None:
    stranger = Links("https://tocsin.example", [OTHER])
    raised_at = await desk.pool.fetchval("select raised_at from alerts limit 1")
    wrong = [
        (await desk.path(stranger), HTTPStatus.NOT_FOUND),
        (await desk.path(team="research"), HTTPStatus.NOT_FOUND),
        (await desk.path(id="a-none"), HTTPStatus.NOT_FOUND),
        ((await desk.path())[:-2], HTTPStatus.NOT_FOUND),
        (await desk.path(raised_at=raised_at - VALID - timedelta(seconds=1)), HTTPStatus.GONE),
    ]
    for path, expected in wrong:
        status, page, headers = await desk.call(method, path, data={"name": "Ann"})
        assert status == expected
        assert headers["Cache-Control"] == "no-store"
        assert "Claude" not in page
    assert "tocsin ack" in (await desk.call("GET", wrong[-1][0]))[1]
    assert await desk.authors() == []
    assert await desk.pool.fetchval("select count(*) from openings") == 0


async def test_the_page_may_load_run_and_pass_on_nothing(desk: Desk) -> None:
    for method in ("GET", "HEAD", "POST"):
        _, page, headers = await desk.call(method, await desk.path())
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        for rule in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
            assert rule in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert "<script" not in page
        assert "style=" not in page
    _, page, headers = await desk.call("GET", await desk.path())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{allowed}'" in headers["Content-Security-Policy"]
    assert "color-scheme: light dark" in style


async def test_that_the_page_was_opened_is_on_the_time_line_and_is_no_acknowledgement(desk: Desk) -> None:
    path = await desk.path()
    await desk.call("HEAD", path)
    await desk.call("GET", path)
    await desk.call("GET", path)
    identity = await desk.pool.fetchval("select id from alerts where team_id = 'payments'")
    opened = [one for one in await timeline.events(desk.pool, identity) if one["what"] == "page opened"]
    assert [one["detail"] for one in opened] == ["2 times; by a person, or by what looks at links"]
    assert await desk.authors() == []


async def test_one_team_s_acknowledgement_is_not_another_s(desk: Desk) -> None:
    await desk.call("POST", await desk.path(), data={"name": "Ann"})
    teams = await desk.pool.fetch("select team_id from acknowledgements")
    other = await desk.pool.fetchval("select id from alerts where team_id <> $1", teams[0]["team_id"])
    alert = await acknowledgements.alert(desk.pool, other)
    assert alert is not None
    assert await acknowledgements.of(desk.pool, alert) is None
