"""Sitemaps: the pages under a path that are new or changed, a few at each poll."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from tocsin.contracts import Tier
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import sitemap

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

PAGE = """<html><head><title>{title}</title></head><body><main>
<p>{title}: access to the model is suspended for all customers until the letter is withdrawn.</p>
<p>Others work as before.</p></main></body></html>"""


def mapped(pages: dict[str, str]) -> str:
    urls = "".join(f"<url><loc>{url}</loc><lastmod>{date}</lastmod></url>" for url, date in pages.items())
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def index(*maps: str) -> str:
    listed = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in maps)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>'


class Newsroom:
    """A site whose pages and map a test changes."""

    def __init__(self, site: Any) -> None:
        self.site, self.pages = site, dict[str, str]()
        site.say("/robots.txt", "", 404)
        self.etag = 0

    def publish(
        self, name: str, date: str, title: str = "", *, under: str = "/news", status: int = 200
    ) -> None:
        path = f"{under}/{name}"
        self.pages[f"{self.site.base}{path}"] = date
        self.site.say(path, PAGE.format(title=title or name), status, Content_Type="text/html")
        self.etag += 1
        self.site.say(
            "/sitemap.xml", mapped(self.pages), Content_Type="application/xml", ETag=f'"{self.etag}"'
        )

    def asked(self, name: str) -> int:
        return [request.path for request in self.site.asked].count(f"/news/{name}")


@pytest.fixture
def newsroom(site: Any) -> Newsroom:
    return Newsroom(site)


def source(site: Any, id_: str, path: str = "/sitemap.xml") -> Source:
    url = site.base + path
    return Source(id=id_, name="V", tier=Tier.PARTY, kind=Kind.SITEMAP, url=url, under="/news/", every=0.05)


async def test_new_and_changed_pages_under_the_path_are_told(
    polling: Any, place: Any, newsroom: Newsroom, source_id: str, eventually: Eventually
) -> None:
    async def told(*titles: str) -> bool:
        return sorted(notice.title for notice in await place.published(source_id)) == sorted(titles)

    newsroom.publish("a", "2026-06-01")
    newsroom.publish("jobs", "2026-06-02", under="/careers")
    async with polling(source(newsroom.site, source_id)):
        await eventually(lambda: told("a"))
        newsroom.publish("b", "2026-06-12T21:00:00Z")
        await eventually(lambda: told("a", "b"))
        newsroom.publish("a", "2026-06-13", "a, corrected")
        await eventually(lambda: told("a", "b", "a, corrected"))
    notices = await place.published(source_id)
    assert len({notice.document_id for notice in notices}) == 2
    assert newsroom.asked("b") == 1
    assert {notice.url for notice in notices} == {f"{newsroom.site.base}/news/{name}" for name in "ab"}


async def test_of_a_site_seen_for_the_first_time_the_newest_pages_are_told_and_later_ones_a_few_a_poll(
    polling: Any, place: Any, newsroom: Newsroom, source_id: str, eventually: Eventually
) -> None:
    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    for number in range(30):
        newsroom.publish(f"old{number}", f"2026-05-{number + 1:02}")
    async with polling(source(newsroom.site, source_id)):
        await eventually(lambda: told(sitemap.MAX_PAGES))
        for number in range(2 * sitemap.MAX_PAGES + 3):
            newsroom.publish(f"new{number}", f"2026-06-{number + 1:02}")
        await eventually(lambda: told(3 * sitemap.MAX_PAGES + 3))
    titles = {notice.title for notice in await place.published(source_id)}
    assert not {"old0", "old19"} & titles
    assert {"old20", "old29", "new0", "new22"} <= titles


async def test_a_page_that_fails_costs_only_itself_and_is_kept(
    polling: Any, place: Any, newsroom: Newsroom, source_id: str, eventually: Eventually
) -> None:
    newsroom.publish("gone", "2026-06-02", status=404)
    newsroom.publish("broken", "2026-06-03", status=500)
    newsroom.publish("empty", "2026-06-04")
    newsroom.site.say("/news/empty", "<html><body></body></html>", Content_Type="text/html")
    newsroom.publish("good", "2026-06-01")

    async def given_up() -> bool:
        return newsroom.asked("broken") >= sitemap.MAX_TRIES

    async with polling(source(newsroom.site, source_id)):
        await eventually(given_up)
        newsroom.publish("later", "2026-06-09")
        await eventually(lambda: _told(place, source_id, {"good", "later"}))
    assert newsroom.asked("gone") == 1
    assert newsroom.asked("broken") == sitemap.MAX_TRIES
    rows = await place.pool.fetch("select native_id from failed_entries where source_id = $1", source_id)
    assert {row["native_id"].rpartition("/")[2] for row in rows} == {"gone", "broken", "empty"}


async def _told(place: Any, source_id: str, titles: set[str]) -> bool:
    return {notice.title for notice in await place.published(source_id)} == titles


async def test_an_index_and_compressed_maps_are_followed(
    polling: Any, place: Any, newsroom: Newsroom, source_id: str, eventually: Eventually
) -> None:
    newsroom.publish("a", "2026-06-01")
    site = newsroom.site
    elsewhere = {"https://elsewhere.example/news/x": "2026-06-01"}
    site.say("/pages.xml.gz", gzip.compress(mapped(newsroom.pages | elsewhere).encode()))
    site.say("/sitemap.xml", index(f"{site.base}/pages.xml.gz"))
    async with polling(source(newsroom.site, source_id)):
        await eventually(lambda: _told(place, source_id, {"a"}))


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"<urlset/>",
        b"<rss/>",
        mapped({"https://a.example/": "x"}).encode()[:-9],
        gzip.compress(b"<urlset/>")[:-3],
        gzip.compress(b" " * (sitemap.MAX_INFLATED + 10)),
        b'<!DOCTYPE u [<!ENTITY a "'
        + b"x" * 1_000
        + b'"><!ENTITY b "'
        + b"&a;" * 1_000
        + b'"><!ENTITY c "'
        + b"&b;" * 1_000
        + b'">]><urlset><url><loc>&c;</loc></url></urlset>',
    ],
    ids=["text", "empty", "feed", "cut off", "gzip cut off", "gzip bomb", "entity bomb"],
)
def test_what_is_no_map_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(PollFailed) as failed:
        sitemap._read(Fetched(body, "https://a.example/sitemap.xml", "", Validators()))
    assert failed.value.outcome is Outcome.UNREADABLE


async def test_a_site_that_asks_for_less_gets_less(
    polling: Any, place: Any, newsroom: Newsroom, source_id: str, eventually: Eventually
) -> None:
    newsroom.publish("a", "2026-06-01")
    newsroom.publish("b", "2026-06-02")
    patience = 2

    async def busy(_request: web.Request) -> web.Response:
        nonlocal patience
        patience -= 1
        if patience >= 0:
            return web.Response(status=429)
        return web.Response(text=PAGE.format(title="b"), content_type="text/html")

    newsroom.site.answers["/news/b"] = busy
    async with polling(source(newsroom.site, source_id)):
        await eventually(lambda: _told(place, source_id, {"a", "b"}))
    assert newsroom.asked("b") == 3
