"""Pages are fetched as their site's robots.txt allows, by RFC 9309; feeds are not asked for leave."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from tocsin.ingest import fetch, robots
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed

PAGE = b"<!doctype html><title>News</title><p>A ban"


@pytest.fixture
async def client() -> AsyncIterator[fetch.Web]:
    async with fetch.session(
        "Tocsin/0.1 (ops@tocsin.example)", (ip_network("127.0.0.0/8"),), limit=9
    ) as session:
        yield fetch.Web(session, fetch.Caps(max_bytes=600_000, seconds=2.0, redirects=5))


async def get(client: fetch.Web, url: str) -> Fetched | None:
    return await client.get(url, Validators(), page=True)


async def refusal(client: fetch.Web, url: str) -> PollFailed:
    with pytest.raises(PollFailed) as failed:
        await get(client, url)
    return failed.value


def asked_for(site: Any, path: str) -> int:
    return [request.path for request in site.asked].count(path)


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: tocsin\nDisallow: /private/", True),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: *\nDisallow: /\nAllow: /news/", True),  # the longest match
        ("User-agent: *\nDisallow: /*/today$", False),
        ("\ufeffUser-agent: *\nDisallow: /news/", False),
        ("User-agent: Tocsin\nDisallow: /a\n\nUser-agent: Tocsin\nDisallow: /news", False),  # one group
        ("#" * 512_000 + "\nUser-agent: *\nDisallow: /", True),  # beyond 500 KiB
        ("\0\x01User-agent\n: :\n*" * 100, True),
    ],
)
async def test_a_page_is_fetched_if_its_site_allows(
    client: fetch.Web, site: Any, rules: str, allowed: bool
) -> None:
    site.say("/robots.txt", rules)
    site.say("/news/today", PAGE)
    if allowed:
        assert await get(client, site.base + "/news/today") is not None
    else:
        assert (await refusal(client, site.base + "/news/today")).outcome is Outcome.DISALLOWED
        assert asked_for(site, "/news/today") == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_rules_allows_everything(client: fetch.Web, site: Any, status: int) -> None:
    site.say("/robots.txt", "no", status)
    site.say("/news", PAGE)
    assert await get(client, site.base + "/news") is not None


@pytest.mark.parametrize(("status", "outcome"), [(500, Outcome.BROKEN), (429, Outcome.THROTTLED)])
async def test_rules_that_cannot_be_had_forbid_everything(
    client: fetch.Web, site: Any, status: int, outcome: Outcome
) -> None:
    site.say("/robots.txt", "User-agent: *", status)
    site.say("/news", PAGE)
    assert (await refusal(client, site.base + "/news")).outcome is outcome
    assert asked_for(site, "/news") == 0


async def test_a_page_in_the_place_of_rules_is_none(client: fetch.Web, site: Any) -> None:
    site.say("/robots.txt", "<!doctype html><title>Home</title>Disallow: /")
    site.say("/news", PAGE)
    assert await get(client, site.base + "/news") is not None


async def test_rules_are_asked_for_once_whoever_asks(client: fetch.Web, site: Any) -> None:
    async def slowly(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(text="User-agent: *\nAllow: /")

    site.answers["/robots.txt"] = slowly
    site.say("/news", PAGE)
    await asyncio.gather(*(get(client, site.base + "/news") for _ in range(5)))
    assert (asked_for(site, "/robots.txt"), asked_for(site, "/news")) == (1, 5)


async def test_a_redirect_asks_the_site_that_it_leads_to(client: fetch.Web, site: Any) -> None:
    other = site.base.replace("127.0.0.1", "localhost")
    rules = {"127.0.0.1": "User-agent: *\nAllow: /", "localhost": "User-agent: *\nDisallow: /"}

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=rules[request.url.host or ""])

    site.answers["/robots.txt"] = answer
    site.say("/news", b"", 302, Location=other + "/there")
    assert (await refusal(client, site.base + "/news")).outcome is Outcome.DISALLOWED
    assert asked_for(site, "/there") == 0


async def test_old_rules_hold_while_new_ones_cannot_be_had(
    client: fetch.Web, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "KEPT_SECONDS", 0.0)
    site.say("/robots.txt", "User-agent: *\nDisallow: /private")
    site.say("/news", PAGE)
    await get(client, site.base + "/news")
    site.say("/robots.txt", "busy", 503)
    assert await get(client, site.base + "/news") is not None
    assert (await refusal(client, site.base + "/private")).outcome is Outcome.DISALLOWED


async def test_a_feed_is_there_to_be_polled(client: fetch.Web, site: Any) -> None:
    site.say("/robots.txt", "User-agent: *\nDisallow: /")
    site.say("/feed", b"<rss/>")
    assert await client.get(site.base + "/feed", Validators()) is not None
    assert asked_for(site, "/robots.txt") == 0
