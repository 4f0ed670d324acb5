"""Calling out: whatever a name, a redirect or a literal says, private addresses are not reached."""

import ipaddress
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tocsin.chassis.outbound import ForbiddenAddress, connector, is_public, retry_after

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # cloud metadata
        ("100.64.0.1", False),  # carrier-grade NAT
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::7f00:1", False),  # NAT64 of 127.0.0.1
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.fixture
async def site() -> AsyncIterator[int]:
    app = web.Application()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="reached")

    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"])
async def test_no_spelling_of_loopback_is_reached(site: int, host: str) -> None:
    async with aiohttp.ClientSession(connector=connector([])) as session:
        with pytest.raises((ForbiddenAddress, aiohttp.InvalidURL)):
            await session.get(f"http://{host}:{site}/")


async def test_a_network_that_is_allowed_is_reached(site: int) -> None:
    async with (
        aiohttp.ClientSession(connector=connector([LOOPBACK])) as session,
        session.get(f"http://127.0.0.1:{site}/") as response,
    ):
        assert await response.text() == "reached"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 5_000, 86_400),
        ("Sat, 13 Jun 2026 00:51:00 GMT", 60),
        ("Sat, 13 Jun 2026 00:51:00", 60),
        ("Sat, 13 Jun 2020 00:51:00 GMT", 0),
        ("Sat, 13 Jun 9999 00:51:00 GMT", 86_400),
        ("Sat, 99 Jun 2026 00:51:00 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2027 00:00:00 +" + "9" * 30, None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: int | None) -> None:
    assert retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text())
def test_retry_after_survives_anything(value: str) -> None:
    wish = retry_after(value, NOW)
    assert wish is None or timedelta() <= wish <= timedelta(days=1)
