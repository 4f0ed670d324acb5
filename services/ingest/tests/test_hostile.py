"""The hostile list: each refused or survived in its own class, memory bounded, neighbours unharmed."""

import asyncio
import contextlib
import gzip
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tocsin.contracts import Tier
from tocsin.ingest import fetch
from tocsin.ingest.fetched import Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source

MEGABYTE = 1_000_000
MOST_MEMORY = 150  # megabytes, over what the process had before; a poll may hold 1 MB

START, END = '<rss version="2.0"><channel>', "</channel></rss>"
ITEM = "<item><title>Ban {}</title><description>In force.</description></item>"


def told(text: str) -> bytes:
    return f"{START}<item><title>Ban</title><description>{text}</description></item>{END}".encode()


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE r [<!ENTITY l0 "lol">{entities}]>'.encode() + told("&l9;")


def mixed() -> bytes:
    head = b'<?xml version="1.0" encoding="utf-8"?>'
    return head + told("é").replace("é".encode(), "é".encode() + "é".encode("latin-1") + b"\xff\xfe\x80")


BODIES: dict[str, tuple[bytes, dict[str, str], Outcome]] = {
    "gzip bomb": (gzip.compress(b"\0" * 50 * MEGABYTE), {"Content-Encoding": "gzip"}, Outcome.TOO_LARGE),
    "gzip in gzip": (
        gzip.compress(gzip.compress(b"\0" * 50 * MEGABYTE)),
        {"Content-Encoding": "gzip, gzip"},
        Outcome.UNREADABLE,
    ),
    "many members": (gzip.compress(b"") * 40_000, {"Content-Encoding": "gzip"}, Outcome.EMPTY),
    "entities": (laughs(), {}, Outcome.READ),
    "one huge entity": (
        f'<!DOCTYPE r [<!ENTITY a "{"x" * 200_000}">]>'.encode() + told("&a;" * 50_000),
        {},
        Outcome.READ,
    ),
    "a file as entity": (
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + told("&a;"),
        {},
        Outcome.READ,
    ),
    "nesting": (told("<div>" * 150_000), {}, Outcome.READ),
    "escaped nesting": (told("&lt;div&gt;" * 80_000), {}, Outcome.READ),
    "cubic declaration": (b"<?xml " + b'encoding="' * 90_000, {}, Outcome.UNREADABLE),
    "quadratic author": (
        f"{START}<item><title>Ban</title><author>{'a.' * 400_000}</author></item>{END}".encode(),
        {},
        Outcome.UNREADABLE,
    ),
    "blanks": (b"\n" * 900_000 + told("x"), {}, Outcome.READ),
    "mixed encodings": (mixed(), {}, Outcome.READ),
    "NULs": (told("\0a\0b").replace(b"Ban", b"B\0an"), {}, Outcome.READ),
    "wide and unmarked": (told("x").decode().encode("utf-16-le"), {}, Outcome.UNREADABLE),
    "50 MB of items": (
        (START + ITEM.format("x") * 900_000).encode(),
        {},
        Outcome.TOO_LARGE,
    ),
    "items up to the cap": (
        (START + "".join(ITEM.format(number) for number in range(3_000)) + END).encode(),
        {},
        Outcome.READ,
    ),
    "an error": (b"<!doctype html><title>Error 500</title>", {}, Outcome.ERROR_PAGE),
    "bot wall": (b"<html><title>Just a moment...</title>", {}, Outcome.BOT_WALL),
}


async def drip(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.05)


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"<item/>" * 10_000)


async def loop(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"/loop?{len(request.query_string)}x"})


async def silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError("nobody waits so long")


ANSWERS: dict[str, tuple[Callable[[web.Request], Awaitable[web.StreamResponse]], Outcome]] = {
    "drip": (drip, Outcome.TIMEOUT),
    "endless": (endless, Outcome.TOO_LARGE),
    "loop": (loop, Outcome.REDIRECTS),
    "silent": (silent, Outcome.TIMEOUT),
}


async def states(database: str) -> dict[str, str]:
    """By source: the class of its last failure, ``read`` for one that succeeded."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            "select id, split_part(last_error, ':', 1) as error, last_success_at from ingest.sources"
        )
    finally:
        await connection.close()
    return {row["id"]: row["error"] or "read" for row in rows if row["error"] or row["last_success_at"]}


def resident() -> int:
    """The most memory that this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000


async def test_each_ends_in_its_class_and_costs_the_neighbours_nothing(
    polling: Any, place: Any, site: Any, source_id: str, database: str
) -> None:
    for number, (body, headers, _) in enumerate(BODIES.values()):
        site.say(f"/{number}", body, **{name.replace("-", "_"): value for name, value in headers.items()})
    for name, (answer, _) in ANSWERS.items():
        site.answers[f"/{name}"] = answer
    site.say("/good", f"{START}{ITEM.format(1)}{END}")

    def source(name: str, url: str, every: float = 3_000) -> Source:
        return Source(id=name, name="S", tier=Tier.PRESS, kind=Kind.FEED, url=url, every=every)

    expected = {f"h{number}": outcome for number, (_, _, outcome) in enumerate(BODIES.values())}
    expected |= {name: outcome for name, (_, outcome) in ANSWERS.items()}
    hostile = [source(name, f"{site.base}/{name.removeprefix('h')}") for name in expected]
    neighbour = source(source_id, site.base.replace("127.0.0.1", "localhost") + "/good", every=0.2)
    before = resident()
    async with polling(neighbour, *hostile), asyncio.timeout(90):
        found = dict[str, str]()
        while len(found) < len(expected) + 1:
            await asyncio.sleep(0.2)
            found = await states(database)
        good = [request.path for request in site.asked].count("/good")
    named = dict(zip(expected, (*BODIES, *ANSWERS), strict=True))
    assert {named[id_]: found[id_] for id_ in expected} == {
        named[id_]: str(outcome) for id_, outcome in expected.items()
    }
    assert resident() - before < MOST_MEMORY
    assert good >= 5
    assert len(await place.published(source_id)) == 1
    secret = await place.published(f"h{list(BODIES).index('a file as entity')}")
    assert "root" not in secret[0].text


FORBIDDEN = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.000.000.001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://news.example@127.0.0.1:{port}/",
    "http://news.example:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/?@news.example",
    "http://127.0.0.1:{port}#@news.example/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
]


@contextlib.asynccontextmanager
async def guarded(*allowed: str) -> AsyncIterator[tuple[fetch.Web, Any]]:
    networks = tuple(ip_network(network) for network in allowed)
    async with fetch.session("Tocsin/test", networks, limit=5) as session:
        yield fetch.Web(session, fetch.Caps(max_bytes=1_000, seconds=3, redirects=3)), session


@pytest.mark.parametrize("form", FORBIDDEN)
async def test_a_private_address_is_forbidden_in_every_written_form(site: Any, form: str) -> None:
    site.say("/", b"secret")
    url = form.format(port=site.base.rpartition(":")[2])
    async with guarded() as (web_, _):
        with pytest.raises(PollFailed) as failed:
            await web_.get(url, Validators())
    # Where the form is no address to anybody it is not even looked up.
    assert failed.value.outcome in {Outcome.FORBIDDEN, Outcome.UNREACHABLE, Outcome.NO_SUCH_HOST}
    assert "secret" not in str(failed.value)
    assert site.asked == []


@pytest.mark.parametrize("form", [form for form in FORBIDDEN if "@" not in form.partition("?")[0]])
async def test_a_redirect_to_a_private_address_ends_before_it(site: Any, form: str) -> None:
    """The site is on an address that is allowed; where it leads is not."""
    there = form.format(port=1)
    site.say("/f", b"", 301, Location=there)
    async with guarded(f"{site.base.split('/')[2].partition(':')[0]}/32") as (web_, _):
        with pytest.raises(PollFailed) as failed:
            await web_.get(site.base + "/f", Validators())
    assert failed.value.outcome in {Outcome.FORBIDDEN, Outcome.UNREACHABLE, Outcome.NO_SUCH_HOST}
    assert len(site.asked) == 1


class Rebinding(AbstractResolver):
    """Says a harmless address first, and a private one ever after."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0),
        ]

    async def close(self) -> None: ...


async def test_a_name_that_is_bound_to_another_address_is_checked_again(site: Any) -> None:
    site.say("/f", b"<rss/>", Connection="close")
    port = site.base.rpartition(":")[2]
    async with guarded("127.0.0.1/32") as (web_, session):
        session.connector._resolver = Rebinding("127.0.0.1", "127.0.0.2")
        session.connector._use_dns_cache = False
        assert await web_.get(f"http://news.example:{port}/f", Validators()) is not None
        with pytest.raises(PollFailed) as failed:
            await web_.get(f"http://news.example:{port}/f", Validators())
    assert failed.value.outcome is Outcome.FORBIDDEN
    assert len(site.asked) == 1
