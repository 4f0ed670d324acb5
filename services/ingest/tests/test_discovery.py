"""What is found at an address, how it is proposed, and what a first poll of it would tell."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from typing import Any

import pytest

from tocsin.contracts import Tier
from tocsin.ingest import fetch
from tocsin.ingest.discovery import MAX_TRIED, Found, discover
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.poll import Reader
from tocsin.ingest.proposal import propose
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import feed
from tocsin.ingest.trial import attempt

NOW = datetime(2026, 6, 13, tzinfo=UTC)
TODAY = date(2026, 6, 13)


def rss(link: str = "https://a.example/1", *, count: int = 3, gap: timedelta = timedelta(hours=10)) -> str:
    items = "".join(
        f"<item><title>N{n}</title><guid>{n}</guid><link>{link}</link>"
        f"<pubDate>{format_datetime(NOW - n * gap)}</pubDate></item>"
        for n in range(count)
    )
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'


def html(head: str = "", body: str = "<p>Hello.</p>") -> str:
    return f"<!doctype html><html><head><title> Our\nNews </title>{head}</head><body>{body}</body></html>"


@pytest.fixture
async def net() -> AsyncIterator[fetch.Web]:
    async with fetch.session("Tocsin/test", (ip_network("127.0.0.0/8"),), limit=10) as client:
        yield fetch.Web(client, fetch.Caps(max_bytes=1_000_000, seconds=5, redirects=3))


async def test_a_feed_is_known_by_what_it_holds(site: Any, net: fetch.Web) -> None:
    site.say("/f", rss(), Content_Type="text/html")
    found = await discover(site.base + "/f", net)
    assert (found.kind, found.url) == (Kind.FEED, site.base + "/f")
    site.say("/j", '{"items": [{"id": "1", "title": "A"}]}')
    assert (await discover(site.base + "/j", net)).kind is Kind.JSON_FEED
    site.say("/s", rss("https://status.a.example/incidents/abc123def"))
    assert (await discover(site.base + "/s", net)).kind is Kind.STATUSPAGE


@pytest.mark.parametrize(
    ("head", "body", "at"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="deep/feed">', "", "/blog/deep/feed"),
        ('<LINK REL="home Alternate" TYPE="application/atom+xml" HREF="/atom">', "", "/atom"),
        ("", '<a href="/other/rss.xml">RSS</a>', "/other/rss.xml"),
        ("", "", "/blog/feed"),
        ("", "", "/atom.xml"),
        ('<link rel="alternate" type="text/css" href="/x"><link rel="alternate">', "", "/history.rss"),
    ],
    ids=["declared", "in capitals", "linked", "usual, near", "usual, at the top", "a status page's"],
)
async def test_the_feed_of_a_page_is_found(site: Any, net: fetch.Web, head: str, body: str, at: str) -> None:
    site.say("/blog/", html(head, body))
    site.say(at, rss())
    found = await discover(site.base + "/blog/", net)
    assert (found.kind, found.url, found.title) == (Kind.FEED, site.base + at, "Our\nNews")


async def test_without_a_feed_a_sitemap_that_lists_what_is_under_the_page_is_proposed(
    site: Any, net: fetch.Web
) -> None:
    site.say("/news", html())
    site.say("/robots.txt", f"User-agent: *\nSitemap: {site.base}/maps/all.xml\n")
    site.say("/maps/all.xml", f"<urlset><url><loc>{site.base}/news/a</loc></url></urlset>")
    found = await discover(site.base + "/news", net)
    assert (found.kind, found.url, found.under) == (Kind.SITEMAP, site.base + "/maps/all.xml", "/news/")
    assert propose(found, TODAY).under == "/news/"
    site.say("/maps/all.xml", f"<urlset><url><loc>{site.base}/else/a</loc></url></urlset>")
    assert (await discover(site.base + "/news", net)).kind is Kind.PAGE


async def test_a_page_with_a_thousand_links_costs_its_neighbours_a_dozen_requests(
    site: Any, net: fetch.Web
) -> None:
    links = "".join(f'<a href="/{n}/rss.xml">x</a>' for n in range(1_000))
    site.say("/", html(body=links + '<a href="http://[">bad</a><a href="javascript:x">js</a>'))
    assert (await discover(site.base + "/", net)).kind is Kind.PAGE
    assert len(site.asked) <= MAX_TRIED + 5


async def test_nothing_there_is_a_failure_with_its_class(site: Any, net: fetch.Web) -> None:
    with pytest.raises(PollFailed) as failed:
        await discover(site.base + "/none", net)
    assert failed.value.outcome is Outcome.GONE


@pytest.mark.parametrize(
    ("url", "kind", "gap", "expected"),
    [
        ("https://www.ftc.gov/feed", Kind.FEED, 2.0, ("ftc-gov", Tier.OFFICIAL, 360)),
        ("https://ec.europa.eu/rss", Kind.FEED, 0.1, ("ec-europa-eu", Tier.OFFICIAL, 60)),
        ("https://www.gov.uk/a.atom", Kind.FEED, 500.0, ("gov-uk", Tier.OFFICIAL, 3_600)),
        ("https://status.a.example/history.rss", Kind.STATUSPAGE, 90.0, ("status-a-example", Tier.PARTY, 60)),
        ("https://gov.a.example/rss", Kind.FEED, None, ("gov-a-example", Tier.PRESS, 300)),
    ],
)
def test_tier_and_cadence_are_proposed(
    url: str, kind: Kind, gap: float | None, expected: tuple[str, Tier, int]
) -> None:
    dated = [] if gap is None else [NOW + timedelta(hours=n * gap) for n in range(5)]
    parsed = Parsed(tuple(Entry(str(n), "T", "", published_at=at) for n, at in enumerate(dated)))
    source = propose(Found(kind, url, "A  name\n", parsed), TODAY)
    assert (source.name, source.checked) == ("A name", "13 June 2026, tocsin sources add")
    proposed: tuple[str, Tier, float] = source.id, source.tier, source.every
    assert proposed == expected


def test_an_id_is_never_taken_twice() -> None:
    found = Found(Kind.PAGE, "https://a.example/")
    assert propose(found, TODAY, {"a-example", "a-example-2"}).id == "a-example-3"


async def test_a_trial_shows_what_would_be_told_and_what_not_and_why(site: Any, net: fetch.Web) -> None:
    state = "<item><guid>1</guid><link>https://a.example/1</link><title>{}</title>{}</item>"
    late = "<pubDate>Sun, 14 Jun 2026 00:00:00 GMT</pubDate>"
    items = state.format("Banned", "") + state.format("Lifted", late) + "<item><guid>2</guid></item>"
    site.say("/f", f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>')
    source = Source(id="a", name="A", tier=Tier.PARTY, kind=Kind.FEED, url=site.base + "/f")
    tried = await attempt(source, Reader(net.fetch, feed.parse))
    assert [notice.title for notice in tried.notices] == ["Lifted"]
    assert [(entry.title, "later state" in why) for entry, why in tried.left_out] == [("Banned", True)]
    assert [(bad.native_id, bad.place) for bad in tried.bad] == [("2", "#3")]
    assert (tried.outcome, tried.reason) == (Outcome.READ, "")
    site.say("/f", "no", 403)
    tried = await attempt(source, Reader(net.fetch, feed.parse))
    assert (tried.outcome, tried.reason) == (Outcome.REFUSED, "it refuses us: status 403")
