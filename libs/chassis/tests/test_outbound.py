"""Calling out: whatever a name, a redirect or a literal says, private addresses are not reached."""

import ipaddress
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from tocsin.chassis.outbound import ForbiddenAddress, connector, is_public, retry_after

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


PUBLIC = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808")
PRIVATE = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private, 10/8": "10.1.2.3",
    "private, 172.16/12": "172.31.255.255",
    "private, 192.168/16": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, another of its addresses": "127.9.8.7",
    "link-local, metadata of most clouds": "169.254.169.254",
    "link-local, credentials of containers": "169.254.170.2",
    "carrier-grade NAT": "100.64.0.1",
    "carrier-grade NAT, metadata of a cloud": "100.100.100.200",
    "metadata in 192.0.0/24": "192.0.0.192",
    "metadata at a public address": "168.63.129.16",
    "relays of 6to4": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.7",
    "multicast": "224.0.0.1",
    "multicast within an organisation": "239.1.2.3",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv6 link-local with its interface": "fe80::1%eth0",
    "IPv6 site-local": "fec0::1",
    "unique-local": "fc00::1",
    "unique-local, metadata of a cloud": "fd00:ec2::254",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, the newer": "3fff::1",
    "IPv6 discard": "100::1",
    "segments of routes": "5f00::1",
    "given out to nobody": "4000::1",
    "v4-mapped": "::ffff:127.0.0.1",
    "v4-mapped metadata": "::ffff:a9fe:a9fe",
    "v4-translated": "::ffff:0:127.0.0.1",
    "v4-compatible": "::127.0.0.1",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "NAT64 of a house's own": "64:ff9b:1::7f00:1",
}


@dataclass
class Names(AbstractResolver):
    """A name server that answers every question with the next of its answers."""

    answers: list[list[str]]

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert family in {socket.AF_INET, socket.AF_UNSPEC}
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Site:
    """A web server on loopback that must not be reached, and what it was asked for."""

    port: int = 0
    paths: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.paths.append(request.path_qs)
        if where := request.query.get("to"):
            return web.Response(status=307, headers={"Location": where})
        return web.Response(text="reached")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    taking = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", taking.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.port = runner.addresses[0][1]
    yield taking
    await runner.cleanup()


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
async def test_a_name_that_leads_to_a_private_address_opens_no_connection(address: str) -> None:
    async with aiohttp.ClientSession(connector=connector([], names=Names([[address]]))) as session:
        with pytest.raises(ForbiddenAddress):
            await session.get("http://innocent.example:9/")


async def test_a_name_that_changes_its_mind_is_looked_at_anew(site: Site) -> None:
    """DNS rebinding: where it may go at first, and where it may not as the next connection is made."""
    names = Names([["127.0.0.1"], ["127.0.0.2"]])
    guarded = connector([ipaddress.ip_network("127.0.0.1/32")], names=names)
    url = f"http://rebinding.example:{site.port}/"
    async with aiohttp.ClientSession(connector=guarded, headers={"Connection": "close"}) as session:
        async with session.get(url) as response:
            assert await response.text() == "reached"
        guarded.clear_dns_cache()  # as after ten seconds
        with pytest.raises(ForbiddenAddress):
            await session.get(url)
    assert len(site.paths) == 1


async def test_of_several_addresses_those_that_are_allowed_are_tried(site: Site) -> None:
    first = ipaddress.ip_network("127.0.0.1/32")
    names = Names([["10.0.0.1", "::1", "127.0.0.1"]])
    async with (
        aiohttp.ClientSession(connector=connector([first], names=names)) as session,
        session.get(f"http://many.example:{site.port}/") as response,
    ):
        assert await response.text() == "reached"


async def test_a_name_with_private_addresses_alone_says_so(site: Site) -> None:
    names = Names([["127.0.0.1", "::1", "10.0.0.1"]])
    async with aiohttp.ClientSession(connector=connector([], names=names)) as session:
        with pytest.raises(ForbiddenAddress, match="not a public address"):
            await session.get(f"http://many.example:{site.port}/")
    assert site.paths == []


# Ways to write loopback that some parser of addresses takes; `{port}` is the site's.
SPELLINGS = {
    "as it is": "http://127.0.0.1:{port}/",
    "by name": "http://localhost:{port}/",
    "by name, with the dot of the root": "http://localhost.:{port}/",
    "unspecified": "http://0.0.0.0:{port}/",
    "unspecified, short": "http://0:{port}/",
    "decimal": "http://2130706433:{port}/",
    "hexadecimal": "http://0x7f000001:{port}/",
    "octal": "http://017700000001:{port}/",
    "octal parts": "http://0177.0.0.1:{port}/",
    "hexadecimal part": "http://0x7f.1:{port}/",
    "short": "http://127.1:{port}/",
    "with zeroes": "http://127.000.000.001:{port}/",
    "too large": "http://4425673729:{port}/",
    "ideographic dots": "http://127。0。0。1:{port}/",
    "wide digits": "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:{port}/",
    "digits in circles": "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "dots as percent": "http://127%2e0%2e0%2e1:{port}/",
    "IPv6": "http://[::1]:{port}/",
    "IPv6 written out": "http://[0:0:0:0:0:0:0:1]:{port}/",
    "IPv6, mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "IPv6, mapped, as hexadecimal": "http://[::ffff:7f00:1]:{port}/",
    "IPv6 with an interface": "http://[::1%25lo]:{port}/",
    "behind a user": "http://public.example@127.0.0.1:{port}/",
    "behind a user and password": "http://public.example:80@127.0.0.1:{port}/",
    "behind a backslash": "http://127.0.0.1:{port}\\@public.example/",
    "with a fragment": "http://127.0.0.1:{port}#@public.example/",
    "by a file": "file:///etc/passwd",
    "by another scheme": "gopher://127.0.0.1:{port}/",
    "a name that resolves there": "http://ip6-localhost:{port}/",
}
FAILS = (aiohttp.ClientError, ValueError)  # ValueError: it is no address at all


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_no_spelling_of_loopback_is_reached(site: Site, spelling: str) -> None:
    async with aiohttp.ClientSession(connector=connector([])) as session:
        with pytest.raises(FAILS):
            await session.post(spelling.format(port=site.port), data=b"x", allow_redirects=True)
    assert site.paths == []


@pytest.mark.parametrize("aim", ["127.0.0.2", "0x7f000002", "2130706434", "[::ffff:127.0.0.2]", "10.0.0.1"])
async def test_a_redirect_leads_nowhere_that_an_address_may_not(site: Site, aim: str) -> None:
    """What is allowed here is the first address alone, as if it were outside."""
    first = ipaddress.ip_network("127.0.0.1/32")
    async with aiohttp.ClientSession(connector=connector([first])) as session:
        with pytest.raises(FAILS):
            await session.get(
                f"http://127.0.0.1:{site.port}/first", params={"to": f"http://{aim}:{site.port}/"}
            )
    assert [path.partition("?")[0] for path in site.paths] == ["/first"]


async def test_a_network_that_is_allowed_is_reached(site: Site) -> None:
    async with (
        aiohttp.ClientSession(connector=connector([LOOPBACK])) as session,
        session.get(f"http://127.0.0.1:{site.port}/") as response,
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
