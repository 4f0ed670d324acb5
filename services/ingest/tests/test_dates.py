"""Dates as sources write them: mended where they have one meaning, dropped where they have none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.dates import Flag, checked, mended
from tocsin.ingest.entry import Entry
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.sources import feed

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("text", "parsed", "meant"),
    [
        ("Fri, 12 Jun 2026 17:21:00 EST", at(2026, 6, 12, 22, 21), at(2026, 6, 12, 21, 21)),
        ("Fri, 12 Jun 2026 17:21:00 PST", at(2026, 6, 13, 1, 21), at(2026, 6, 13, 0, 21)),
        ("Fri, 12 Jun 2026 17:21:00 EDT", at(2026, 6, 12, 21, 21), at(2026, 6, 12, 21, 21)),
        ("Fri, 16 Jan 2026 17:21:00 EST", at(2026, 1, 16, 22, 21), at(2026, 1, 16, 22, 21)),
        ("Sat, 07 Mar 2026 12:00:00 EST", at(2026, 3, 7, 17, 0), at(2026, 3, 7, 17, 0)),
        ("Mon, 09 Mar 2026 12:00:00 EST", at(2026, 3, 9, 17, 0), at(2026, 3, 9, 16, 0)),
        ("Sat, 31 Oct 2026 12:00:00 EST", at(2026, 10, 31, 17, 0), at(2026, 10, 31, 16, 0)),
        ("Mon, 02 Nov 2026 12:00:00 EST", at(2026, 11, 2, 17, 0), at(2026, 11, 2, 17, 0)),
        ("2026-06-12T17:21:00-05:00", at(2026, 6, 12, 22, 21), at(2026, 6, 12, 22, 21)),
        ("Thu, 09/10/2026 - 14:30", None, at(2026, 9, 10, 14, 30)),
        ("Fri, 09/10/2026 - 14:30", None, at(2026, 10, 9, 14, 30)),  # the weekday says: day first
        ("13/06/2026 - 14:30", None, at(2026, 6, 13, 14, 30)),
        ("06/07/2026 - 14:30", None, at(2026, 6, 7, 14, 30)),
        ("Mon, 99/99/2026 - 14:30", None, None),
        ("Thu, 09/10/2026 - 25:30", None, None),
        ("last week", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_date_means_what_its_writers_clock_showed(
    text: str | None, parsed: datetime | None, meant: datetime | None
) -> None:
    assert mended(text, parsed) == meant


@given(st.text() | st.from_regex(r"\w{3}, \d{1,3}/\d{1,3}/\d{4} - \d\d:\d\d", fullmatch=True))
def test_no_text_breaks_it(text: str) -> None:
    mended(text, None)


@pytest.mark.parametrize(
    ("ahead", "flags", "kept"),
    [
        (timedelta(), (), True),
        (timedelta(minutes=9), (), True),  # clocks differ
        (timedelta(hours=1), (Flag.FUTURE,), True),
        (timedelta(days=3), (Flag.FUTURE,), True),  # tomorrow's issue, listed on a Friday
        (timedelta(days=5), (Flag.ABSURD,), False),
        (timedelta(days=-365 * 30), (), True),
        (timedelta(days=-365 * 60), (Flag.ABSURD,), False),
    ],
)
def test_a_date_ahead_is_flagged_and_an_absurd_one_dropped(
    ahead: timedelta, flags: tuple[Flag, ...], kept: bool
) -> None:
    entry = Entry("a", "T", "", published_at=NOW + ahead, updated_at=NOW)
    found, flagged = checked(entry, NOW)
    assert flagged == flags
    assert (found.published_at, found.updated_at) == (NOW + ahead if kept else None, NOW)


@pytest.mark.parametrize(
    ("element", "published"),
    [
        ("<pubDate>Fri, 12 Jun 2026 17:21:00 EST</pubDate>", at(2026, 6, 12, 21, 21)),
        ("<pubDate>Thu, 09/10/2026 - 14:30</pubDate>", at(2026, 9, 10, 14, 30)),
        ("<pubDate>tomorrow</pubDate>", None),
    ],
)
def test_a_feeds_dates_are_mended(element: str, published: datetime | None) -> None:
    body = f'<rss version="2.0"><channel><item><title>T</title>{element}</item></channel></rss>'
    (entry,) = feed.parse(Fetched(body.encode(), "https://a.example/f", "", Validators())).entries
    assert entry.published_at == published


def test_a_link_that_is_an_escaped_anchor_leads_where_it_leads() -> None:
    link = "&lt;a href=&quot;/news/ban&quot; hreflang=&quot;en&quot;&gt;A ban&lt;/a&gt;"
    body = f'<rss version="2.0"><channel><item><title>T</title><link>{link}</link></item></channel></rss>'
    (entry,) = feed.parse(Fetched(body.encode(), "https://a.example/f", "", Validators())).entries
    assert entry.url == "https://a.example/news/ban"
