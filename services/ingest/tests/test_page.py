"""Pages without a feed: their main text, what is added to it, and their items."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.contracts import Tier
from tocsin.ingest.entry import Entry
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources.page import Pages
from tocsin.ingest.workers import Workers

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

STATEMENT = (
    "Access to both models is suspended for all customers. Other models work as before, says the vendor."
)
OFFICE = "The vendor has opened an office in Zurich that will be home to eighty people of research and sales."
BACK = (
    "Access to both models is back for everyone as of today, after the letter of June was withdrawn in full."
)

PAGE = """<!doctype html><html lang="en"><head><title>Newsroom | Vendor</title>
<meta property="article:published_time" content="2026-06-12T21:00:00Z"></head>
<body><nav><a href="/">Home</a> <a href="/pricing">Pricing</a></nav>
<main><h1>Newsroom</h1>{paragraphs}</main>
<div class="banner">We use cookies. Accept all</div><footer>{views} views</footer></body></html>"""

LIST = """<html><body><ul>
<li class="act"><h3><a href="/recent/20260612?utm_source=x">Sanctions  &amp; more</a></h3>
<time datetime="2026-06-12">June 12, 2026</time><p>Two firms were added.</p><span>12 views</span></li>
<li class="act"><a href="https://office.example/recent/2">Guidance amended</a></li>
<li class="act"></li></ul></body></html>"""


def page(*paragraphs: str, views: int = 1) -> bytes:
    return PAGE.format(paragraphs="".join(f"<p>{text}</p>" for text in paragraphs), views=views).encode()


def source(url: str = "https://vendor.example/news", **more: Any) -> Source:
    return Source(id="vendor", name="V", tier=Tier.PARTY, kind=Kind.PAGE, url=url, every=0.05).model_copy(
        update=more
    )


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    workers = Workers(count=1, seconds=10, megabytes=1_000)
    yield Pages(None, workers)  # type: ignore[arg-type]  # nothing is fetched here
    workers.close()


class Sights:
    """A page looked at again and again, with the memory that ingest would keep."""

    def __init__(self, pages: Pages, **more: Any) -> None:
        self.pages, self.source = pages, source(**more)
        self.memory: bytes | None = None

    def see(self, body: bytes) -> list[Entry]:
        known = Validators(memory=self.memory)
        parsed = self.pages.parse(self.source, Fetched(body, self.source.location, "text/html", known))
        self.memory = parsed.memory or self.memory
        return list(parsed.entries)


def test_the_first_sight_tells_the_main_text_without_menus_and_banners(pages: Pages) -> None:
    (entry,) = Sights(pages).see(page(STATEMENT, OFFICE))
    assert STATEMENT in entry.text
    assert all(word not in entry.text for word in ("Pricing", "cookies", "views"))
    assert (entry.title, entry.language) == ("Newsroom | Vendor", "en")
    assert entry.published_at == datetime(2026, 6, 12, 21, tzinfo=UTC)


def test_a_change_is_a_revision_that_tells_what_was_added(pages: Pages) -> None:
    sights = Sights(pages)
    (first,) = sights.see(page(STATEMENT, OFFICE))
    (second,) = sights.see(page(BACK, STATEMENT, OFFICE))
    assert (second.native_id, second.text) == (first.native_id, BACK)
    (third,) = sights.see(page(BACK, OFFICE))
    assert third.text == "1 line is gone from the page."


def test_noise_and_another_order_are_no_change(pages: Pages) -> None:
    sights = Sights(pages)
    sights.see(page(STATEMENT, OFFICE, "Last updated 3 minutes ago"))
    assert sights.see(page(OFFICE, STATEMENT, "Last updated 4 minutes ago", views=99)) == []


def test_a_crash_before_remembering_repeats_the_same_text(pages: Pages) -> None:
    sights = Sights(pages)
    sights.see(page(OFFICE))
    kept = sights.memory
    told = sights.see(page(OFFICE, STATEMENT))
    sights.memory = kept
    assert sights.see(page(OFFICE, STATEMENT)) == told


def test_a_selector_chooses_the_part_that_is_read(pages: Pages) -> None:
    body = page(STATEMENT).replace(b"<footer>", b"<div id='alert'><p>Office closed</p></div><footer>")
    (entry,) = Sights(pages, select="#alert").see(body)
    assert entry.text == "Office closed"


def test_a_page_that_is_a_list_gives_a_document_an_item(pages: Pages) -> None:
    first, second = Sights(pages, items="li.act").see(LIST.encode())
    assert first.native_id == first.url == "https://vendor.example/recent/20260612"
    assert (first.title, first.text) == ("Sanctions & more", "Sanctions & more\nTwo firms were added.")
    assert first.published_at == datetime(2026, 6, 12, tzinfo=UTC)
    assert (second.title, second.url) == ("Guidance amended", "https://office.example/recent/2")


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (b"<html><body></body></html>", {}),
        (b"\x00\x01\x02", {}),
        (page(STATEMENT), {"select": "#no-such-part"}),
        (page(STATEMENT), {"items": "li.act"}),
    ],
    ids=["empty", "binary", "no part", "no items"],
)
def test_a_page_that_says_nothing_fails_so_that_somebody_looks(pages: Pages, body: bytes, more: Any) -> None:
    with pytest.raises(PollFailed) as failed:
        Sights(pages, **more).see(body)
    assert failed.value.outcome is Outcome.UNREADABLE


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 200_000 + b"deep",
        b"<p>" + b"a" * 3_000_000,
        b"<a href='x'>" * 100_000,
        b"<table><tr><td>" * 30_000,
    ],
    ids=["nested", "one word", "links", "tables"],
)
def test_a_hostile_page_costs_only_itself(pages: Pages, body: bytes) -> None:
    with contextlib.suppress(PollFailed):
        Sights(pages).see(body)
    assert Sights(pages).see(page(STATEMENT))


def test_the_charset_of_the_header_or_the_page_is_heeded(pages: Pages) -> None:
    words = "Der Zugang zu beiden Modellen ist für alle Kunden gesperrt, sagt die Behörde in ihrer Erklärung."
    body = f"<html><body><main><p>{words}</p></main></body></html>".encode("latin-1")
    known = Validators()
    for given, content_type in (
        (body, "text/html; charset=iso-8859-1"),
        (body.replace(b"<body>", b"<head><meta charset='iso-8859-1'></head><body>"), "text/html"),
        (words.encode("utf-8"), "text/html; charset=utf-8"),
        (
            body.replace(b"<body>", b"<head><meta charset='iso-8859-1'></head><body>"),
            "text/html; charset=no-such",
        ),
    ):
        (entry,) = pages.parse(source(), Fetched(given, "https://a.example/", content_type, known)).entries
        assert "für alle Kunden" in entry.text


async def test_a_page_is_polled_by_the_rules_of_its_site_and_told_as_it_grows(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    site.say("/robots.txt", "User-agent: *\nDisallow: /private", 200)
    site.say("/news", page(BACK, OFFICE), Content_Type="text/html")
    there = Source(
        id=source_id, name="V", tier=Tier.PARTY, kind=Kind.PAGE, url=f"{site.base}/news", every=0.05
    )
    async with polling(there):
        await eventually(lambda: told(1))
        site.say("/news", page(STATEMENT, BACK, OFFICE), Content_Type="text/html")
        await eventually(lambda: told(2))
    first, second = sorted(await place.published(source_id), key=lambda notice: notice.revision)
    assert first.document_id == second.document_id
    assert second.text == STATEMENT
