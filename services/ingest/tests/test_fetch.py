"""Fetching from a real server that is slow, huge, lying, or leads elsewhere."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tocsin.contracts import Tier
from tocsin.ingest import fetch
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source

FEED = b"<rss version='2.0'><channel/></rss>"
CAPS = fetch.Caps(max_bytes=100_000, seconds=2.0, redirects=3)
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
async def client() -> AsyncIterator[fetch.Web]:
    async with fetch.session("Tocsin/test (ops@tocsin.example)", LOOPBACK, limit=10) as session:
        yield fetch.Web(session, CAPS)


def source(url: str) -> Source:
    return Source(id="s", name="S", tier=Tier.PRESS, kind=Kind.FEED, url=url)


async def get(client: fetch.Web, url: str, known: Validators | None = None) -> Fetched | None:
    return await client.fetch(source(url), known or Validators())


async def failure(client: fetch.Web, url: str) -> PollFailed:
    with pytest.raises(PollFailed) as failed:
        await get(client, url)
    return failed.value


async def test_a_document_comes_with_its_validators_and_we_say_who_we_are(
    client: fetch.Web, site: Any
) -> None:
    site.say("/f", FEED, ETag='"1"', Last_Modified="Sat, 13 Jun 2026 00:50:00 GMT", Content_Type="text/xml")
    got = await get(client, site.base + "/f")
    validators = Validators('"1"', "Sat, 13 Jun 2026 00:50:00 GMT")
    assert got == Fetched(FEED, site.base + "/f", "text/xml", validators)
    assert site.asked[0].headers["User-Agent"] == "Tocsin/test (ops@tocsin.example)"


async def test_both_validators_are_sent_and_304_is_nothing_new(client: fetch.Web, site: Any) -> None:
    site.say("/f", b"", 304)
    assert await get(client, site.base + "/f", Validators('"1"', "yesterday")) is None
    assert site.asked[0].headers["If-None-Match"] == '"1"'
    assert site.asked[0].headers["If-Modified-Since"] == "yesterday"


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "retry_after"),
    [
        (429, {"Retry_After": "120"}, Outcome.THROTTLED, 120),
        (429, {}, Outcome.THROTTLED, None),
        (503, {"Retry_After": "7"}, Outcome.THROTTLED, 7),
        (503, {}, Outcome.BROKEN, None),
        (500, {}, Outcome.BROKEN, None),
        (404, {}, Outcome.GONE, None),
        (410, {}, Outcome.GONE, None),
        (403, {"Retry_After": "soon"}, Outcome.REFUSED, None),
        (403, {"Retry_After": "60"}, Outcome.REFUSED, 60),
        (403, {"cf_mitigated": "challenge"}, Outcome.BOT_WALL, None),
        (429, {"Retry_After": "99999999999"}, Outcome.THROTTLED, 86_400),
        (202, {}, Outcome.BOT_WALL, None),
        (204, {}, Outcome.BROKEN, None),
        (304, {}, Outcome.BROKEN, None),  # to a question without conditions
        (302, {}, Outcome.BROKEN, None),
    ],
)
async def test_a_status_is_told_apart(  # noqa: PLR0917 - a table of four columns
    client: fetch.Web,
    site: Any,
    status: int,
    headers: dict[str, str],
    outcome: Outcome,
    retry_after: float | None,
) -> None:
    site.say("/f", b"" if status in {204, 304} else b"x", status, **headers)
    failed = await failure(client, site.base + "/f")
    assert (failed.outcome, failed.retry_after) == (outcome, retry_after)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"", Outcome.EMPTY),
        (b" \n ", Outcome.EMPTY),
        (b"<!DOCTYPE html><p>Checking your browser", Outcome.HTML),
        (b"\xef\xbb\xbf\n<!-- a --><!-- b --> <HTML><body>", Outcome.HTML),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html/>', Outcome.HTML),
        (b"x" * 100_001, Outcome.TOO_LARGE),
    ],
)
async def test_200_does_not_mean_success(client: fetch.Web, site: Any, body: bytes, outcome: Outcome) -> None:
    site.say("/f", body)
    assert (await failure(client, site.base + "/f")).outcome is outcome


async def test_many_comments_take_no_time(client: fetch.Web, site: Any) -> None:
    site.say("/f", b"<!-- -->" * 5_000 + b"<rss/>")
    assert await get(client, site.base + "/f") is not None


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("gzip", gzip.compress(FEED[:9]) + gzip.compress(FEED[9:])),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("identity", FEED),
    ],
    ids=["gzip", "two members", "zlib", "raw deflate", "none"],
)
async def test_compression_is_undone(client: fetch.Web, site: Any, encoding: str, body: bytes) -> None:
    site.say("/f", body, Content_Encoding=encoding)
    got = await get(client, site.base + "/f")
    assert got is not None
    assert got.body == FEED


@pytest.mark.parametrize(
    ("encoding", "body", "outcome"),
    [
        ("gzip", gzip.compress(b"\0" * 50_000_000), Outcome.TOO_LARGE),
        ("deflate", zlib.compress(b"\0" * 50_000_000), Outcome.TOO_LARGE),
        ("gzip", FEED, Outcome.UNREADABLE),
        ("gzip", gzip.compress(FEED)[:-9], Outcome.UNREADABLE),
        ("br", FEED, Outcome.UNREADABLE),
    ],
    ids=["gzip bomb", "deflate bomb", "not gzip", "cut short", "not asked for"],
)
async def test_bad_compression_is_refused(
    client: fetch.Web, site: Any, encoding: str, body: bytes, outcome: Outcome
) -> None:
    site.say("/f", body, Content_Encoding=encoding)
    assert (await failure(client, site.base + "/f")).outcome is outcome


async def test_a_slow_drip_ends_at_the_cap_of_time(site: Any) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.01)

    site.answers["/f"] = drip
    async with fetch.session("Tocsin/test", LOOPBACK, limit=1) as session:
        client = fetch.Web(session, fetch.Caps(max_bytes=100_000, seconds=0.3, redirects=0))
        assert (await failure(client, site.base + "/f")).outcome is Outcome.TIMEOUT


async def test_redirects_are_followed_up_to_a_cap(client: fetch.Web, site: Any) -> None:
    site.say("/a", b"", 301, Location="/b")
    site.say("/b", b"", 307, Location=site.base + "/f")
    site.say("/f", FEED)
    got = await get(client, site.base + "/a")
    assert got is not None
    assert got.location == site.base + "/f"
    site.say("/f", b"", 302, Location="/f")
    assert (await failure(client, site.base + "/f")).outcome is Outcome.REDIRECTS


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:secret@example.org/",
    ],
)
async def test_a_redirect_into_a_private_place_sends_nothing(
    client: fetch.Web, site: Any, target: str
) -> None:
    site.say("/f", b"", 302, Location=target)
    assert (await failure(client, site.base + "/f")).outcome is Outcome.FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_is_private_unless_allowed(site: Any, host: str) -> None:
    site.say("/f", FEED)
    async with fetch.session("Tocsin/test", (), limit=1) as session:
        client = fetch.Web(session, CAPS)
        url = site.base.replace("127.0.0.1", host) + "/f"
        assert (await failure(client, url)).outcome is Outcome.FORBIDDEN
    assert site.asked == []


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://127.0.0.1:1/", Outcome.UNREACHABLE),
        ("http://no-such-host.invalid/", Outcome.NO_SUCH_HOST),
    ],
)
async def test_nobody_there_is_told_from_no_such_name(client: fetch.Web, url: str, outcome: Outcome) -> None:
    assert (await failure(client, url)).outcome is outcome


async def test_a_connection_that_breaks_is_unreachable(client: fetch.Web, site: Any) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"<rss")
        assert request.transport is not None
        request.transport.abort()
        return answer

    site.answers["/f"] = hang_up
    assert (await failure(client, site.base + "/f")).outcome is Outcome.UNREACHABLE


async def test_a_certificate_that_does_not_hold_has_its_own_class(
    client: fetch.Web, expired_tls: str
) -> None:
    assert (await failure(client, expired_tls)).outcome is Outcome.BAD_CERTIFICATE


async def test_a_redirect_from_https_to_http_is_not_followed(expired_tls: str) -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=trusting)
    headers = {"User-Agent": "Tocsin/test"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        assert (await failure(fetch.Web(session, CAPS), expired_tls)).outcome is Outcome.INSECURE


async def test_a_redirect_that_asks_for_a_key_says_so(client: fetch.Web, site: Any) -> None:
    site.say("/f", b"", 302, Location="/missing_key.html")
    assert (await failure(client, site.base + "/f")).outcome is Outcome.MISSING_KEY
    assert len(site.asked) == 1


async def test_permanent_redirects_say_where_the_source_went(client: fetch.Web, site: Any) -> None:
    site.say("/a", b"", 301, Location="/b")
    site.say("/b", b"", 308, Location="/c")
    site.say("/c", b"", 302, Location="/f")  # only for now
    site.say("/f", FEED, ETag='"1"')
    got = await get(client, site.base + "/a", Validators('"1"'))
    assert got is not None
    assert (got.moved_to, got.location) == (site.base + "/c", site.base + "/f")
    # Asked without conditions, so that a source with nothing new can be seen to have moved.
    assert ["If-None-Match" in request.headers for request in site.asked] == [True, False, False, False]
    got = await get(client, site.base + "/c", Validators('"0"'))
    assert got is not None
    assert got.moved_to is None
    assert "If-None-Match" in site.asked[-1].headers


async def test_how_long_an_answer_is_fresh_comes_with_it(client: fetch.Web, site: Any) -> None:
    site.say("/f", FEED, Cache_Control="public, max-age=600", Age="60")
    got = await get(client, site.base + "/f")
    assert got is not None
    assert got.fresh_for == 540


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        ('W/"1"', 'W/"1"'),
        ("x" * 2_000, None),
        ("caf\u00e9", None),
        ('"a\tb"', None),
        ("unquoted", "unquoted"),
    ],
)
async def test_only_a_validator_that_can_be_sent_back_is_kept(
    client: fetch.Web, site: Any, etag: str, kept: str | None
) -> None:
    site.say("/f", FEED, ETag=etag)
    got = await get(client, site.base + "/f")
    assert got is not None
    assert got.validators == Validators(kept)
    await get(client, site.base + "/f", got.validators)
    assert site.asked[-1].headers.get("If-None-Match") == kept
