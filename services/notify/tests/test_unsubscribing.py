"""Unsubscribing by one click (RFC 8058), and the way back: only the form acts, on its own address."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import AlertRaised
from tocsin.notify import api
from tocsin.notify.api import unsubscribe
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.links import Forged, Links, Reader
from tocsin.notify.sweep import Sweep

Declare = Callable[..., Awaitable[dict[str, str]]]
AnAlert = Callable[..., AlertRaised]

HOME = "https://tocsin.example"
OLD, NEW = SecretStr("the older of two secrets"), SecretStr("the newer of two secrets")
LINKS = Links(HOME, [NEW])
ANN = Reader("payments", "mail", "Ann@x.example")
CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Desk:
    """Notify's pages and its API."""

    pool: asyncpg.Pool
    address: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        headers = {"Authorization": "Bearer a key"} if path.startswith("/v1") else {}
        headers |= more.pop("headers", {})
        url = f"{self.address}{path}"
        async with self.session.request(method, url, headers=headers, **more) as response:
            return response.status, await response.text()

    async def left(self) -> list[str]:
        return [row["address"] for row in await self.pool.fetch("select address from unsubscribed")]


@pytest.fixture
async def desk(pool: asyncpg.Pool, replica: Any, declare: Declare) -> AsyncIterator[Desk]:
    await declare(payments={}, research={})
    await replica.directory.refresh()
    app = create_app("notify", Health())
    app.include_router(unsubscribe.router(pool, replica.directory, LINKS))
    door = Door(pool, [SecretStr("a key")])
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        yield Desk(pool, address, session)


def path_of(reader: Reader = ANN, links: Links = LINKS) -> str:
    url = links.unsubscribe(reader)
    assert url is not None
    return url.removeprefix(HOME)


def multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


LOOKING: list[tuple[str, dict[str, Any]]] = [
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"params": CLICK}),
    ("OPTIONS", {}),
    ("PUT", {"data": CLICK}),
    ("POST", {}),
    ("POST", {"params": CLICK}),
    ("POST", {"json": CLICK}),
    ("POST", {"data": {"List-Unsubscribe": "Two-Clicks"}}),
    ("POST", {"data": {"name": "Ann"}}),
    ("POST", {"data": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "text/plain"}}),
    ("POST", {"data": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "multipart/form-data"}}),
    ("POST", {"data": multipart(name="One-Click")}),
]


@pytest.mark.parametrize(("method", "more"), LOOKING)
async def test_what_looks_at_links_takes_nobody_out(desk: Desk, method: str, more: dict[str, Any]) -> None:
    await desk.call(method, path_of(), **more)
    assert await desk.left() == []


@pytest.mark.parametrize("multiple", [False, True])
async def test_one_click_takes_an_address_out(desk: Desk, multiple: bool) -> None:
    status, page = await desk.call("GET", path_of())
    assert (status, '<form method="post">' in page, "Mail of Tocsin for Payments" in page) == (
        200,
        True,
        True,
    )
    for _ in range(2):
        status, page = await desk.call("POST", path_of(), data=multipart(**CLICK) if multiple else CLICK)
        assert (status, "<form" in page) == (200, False)
        assert "Ann@x.example is sent no more mail from the channel mail" in page
    assert await desk.left() == ["ann@x.example"]
    assert "<form" not in (await desk.call("GET", path_of()))[1]


async def test_a_forged_link_takes_nobody_out(desk: Desk, an_alert: AnAlert) -> None:
    acknowledge = LINKS.acknowledge(an_alert()) or ""
    forged = [
        path_of(links=Links(HOME, [OLD])),
        path_of()[:-1],
        path_of().replace("/unsubscribe/", "/unsubscribe/A"),
        acknowledge.removeprefix(HOME).replace("acknowledge", "unsubscribe"),  # of another purpose
    ]
    for path in forged:
        for method in ("GET", "POST"):
            assert (await desk.call(method, path, data=CLICK))[0] == 404, path
    assert await desk.left() == []


async def test_a_hostile_address_is_plain_text(desk: Desk) -> None:
    _, page = await desk.call("GET", path_of(Reader("payments", "mail", "<script>alert(1)</script>@x")))
    assert "<script" not in page


async def test_a_form_that_is_too_long_is_refused(desk: Desk) -> None:
    status, _ = await desk.call("POST", path_of(), data=CLICK | {"more": "A" * 10_000})
    assert (status, await desk.left()) == (413, [])


async def test_a_team_reads_who_has_left_and_puts_them_back(desk: Desk) -> None:
    for reader in (
        ANN,
        Reader("payments", "other", "ann@x.example"),
        Reader("research", "mail", "r@x.example"),
    ):
        await desk.call("POST", path_of(reader), data=CLICK)
    status, told = await desk.call("GET", "/v1/teams/payments/unsubscribed")
    assert (status, told.count("ann@x.example"), "r@x.example" in told) == (200, 2, False)
    back = "/v1/teams/payments/unsubscribed?address=ANN@x.example"
    assert (await desk.call("DELETE", back))[0] == 204
    assert await desk.left() == ["r@x.example"]
    assert (await desk.call("DELETE", back))[0] == 404
    assert await desk.pool.fetchval("select count(*) from changes") == 1


def test_links_to_unsubscribe_are_good_while_their_key_is(an_alert: AnAlert) -> None:
    before, both = Links(HOME, [OLD]), Links(HOME, [NEW, OLD])
    token = path_of(links=before).removeprefix("/unsubscribe/")
    assert both.reader(token) == ANN
    for reader in (LINKS, Links(HOME, [])):
        with pytest.raises(Forged):
            reader.reader(token)
    assert Links(None, [NEW]).unsubscribe(ANN) is None
    assert Links(HOME, []).unsubscribe(ANN) is None
    with pytest.raises(Forged):
        before.read(token, an_alert().raised_at)
