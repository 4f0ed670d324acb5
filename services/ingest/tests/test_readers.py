"""Each kind of source: what it holds becomes entries, and a bad one costs only itself."""

import json
from datetime import UTC, datetime

import pytest

from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.sources import feed, file, json_feed, statuspage

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Office of Chips</title><language>en-GB</language>
<item><guid isPermaLink="false">act-7</guid><title>Rule on &amp;lt;HX-9&amp;gt; chips</title>
<link>/acts/7</link><pubDate>Sat, 13 Jun 2026 00:50:00 GMT</pubDate>
<description>Short.</description>
<content:encoded><![CDATA[<p>Export of the HX-9 needs a licence.</p>
<p>See <a href="/annex">annex</a>.</p>]]></content:encoded>
</item>
<item><link>https://chips.example/acts/8</link><description>No title here.</description></item>
<item><guid>empty</guid></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Amt</title>
<entry><id>urn:x:1</id><title type="html">Neue &amp;lt;b&amp;gt;Regel&amp;lt;/b&amp;gt;</title>
<link href="https://amt.example/1"/><published>2026-06-13T02:50:00+02:00</published>
<updated>2027-01-01T00:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Eins</p><p>Zwei</p></div></content></entry></feed>"""

INCIDENT = """<?xml version="1.0"?><rss version="2.0"><channel><title>Vendor Status</title>
<item><title>Access to two models paused</title><guid>{host}/incidents/k3y9w1zq0abc</guid>
<link>{host}/incidents/k3y9w1zq0abc</link><pubDate>Sat, 13 Jun 2026 00:50:00 +0000</pubDate>
<description><![CDATA[<p><small>Jun <var data-var='date'>13</var>, <var>00:50</var> UTC</small>
<br><strong>Monitoring</strong> - Both are off.</p>]]></description></item></channel></rss>"""


def rss(item: str, before: str = "") -> str:
    return f'{before}<rss version="2.0"><channel><item>{item}</item></channel></rss>'


def fetched(
    body: str | bytes, location: str = "https://chips.example/feed", content_type: str = ""
) -> Fetched:
    return Fetched(body.encode() if isinstance(body, str) else body, location, content_type, Validators())


def only(parsed: Parsed) -> Entry:
    (entry,) = parsed.entries
    return entry


def test_an_rss_item_is_read_whole() -> None:
    parsed = feed.parse(fetched(RSS))
    assert parsed.entries[0] == Entry(
        native_id="act-7",
        title="Rule on <HX-9> chips",
        text="Export of the HX-9 needs a licence.\nSee annex.",
        url="https://chips.example/acts/7",
        links=("https://chips.example/annex",),
        language="en-GB",
        published_at=datetime(2026, 6, 13, 0, 50, tzinfo=UTC),
    )


def test_without_title_and_id_the_text_and_the_link_stand_in() -> None:
    entry = feed.parse(fetched(RSS)).entries[1]
    assert (entry.title, entry.native_id) == ("No title here.", "https://chips.example/acts/8")


def test_an_item_that_says_nothing_is_kept_as_failed_and_costs_only_itself() -> None:
    parsed = feed.parse(fetched(RSS))
    assert len(parsed.entries) == 2
    assert [(bad.native_id, bad.error) for bad in parsed.bad] == [("empty", "it has neither title nor text")]


def test_an_id_is_what_the_source_wrote_wherever_it_was_fetched() -> None:
    item = rss("<guid>12345</guid><title>A</title>")
    assert only(feed.parse(fetched(item, "https://mirror.example/feed"))).native_id == "12345"


def test_an_atom_entry_is_read_whole_and_a_future_date_is_kept() -> None:
    entry = only(feed.parse(fetched(ATOM)))
    assert (entry.title, entry.text, entry.language) == ("Neue Regel", "Eins\nZwei", "de")
    assert entry.published_at == datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
    assert entry.updated_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        rss("<title>A</title><description>Cut off in the mid")[:-30],
        rss("<title>A & B <b>not closed</title>"),
        rss("<title>A</title>", '<?xml version="1.0" encoding="latin-9x"?>'),
        rss("<title>Z\xfcrich</title>", '<?xml version="1.0" encoding="utf-8"?>').encode("latin-1"),
        rss("<title>A</title><pubDate>soon</pubDate>"),
    ],
    ids=["cut off", "ill-formed", "unknown encoding", "wrong encoding", "no date"],
)
def test_a_feed_in_a_bad_state_still_gives_its_entry(body: str | bytes) -> None:
    assert only(feed.parse(fetched(body, content_type="application/rss+xml"))).title


@pytest.mark.parametrize(
    ("dtd", "title"),
    [
        ('<!ENTITY a "' + "x" * 1_000 + '">' + '<!ENTITY b "' + "&a;" * 1_000 + '">', "&b;" * 10 + "t"),
        ('<!ENTITY b SYSTEM "file:///etc/hostname">', "&b;t"),
    ],
    ids=["bomb", "file"],
)
def test_entities_neither_grow_nor_read_files(dtd: str, title: str) -> None:
    body = rss(f"<title>{title}</title>", f'<?xml version="1.0"?><!DOCTYPE rss [{dtd}]>')
    assert len(only(feed.parse(fetched(body))).title) < 100


@pytest.mark.parametrize(
    "body",
    ["", "hello", "{}", "<html><p>x</p></html>", "\x00\x01"],
    ids=["empty", "text", "json", "page", "binary"],
)
def test_what_is_no_feed_is_said_to_be_none(body: str) -> None:
    with pytest.raises(PollFailed) as failed:
        feed.parse(fetched(body))
    assert failed.value.outcome is Outcome.UNREADABLE


def test_an_incident_is_one_document_on_whichever_host() -> None:
    here, there = (
        only(statuspage.parse(fetched(INCIDENT.format(host=f"https://status.{name}.example"))))
        for name in ("old", "new")
    )
    assert here.native_id == there.native_id == "incident k3y9w1zq0abc"
    assert here.text == "Jun 13, 00:50 UTC\nMonitoring - Both are off."


def test_an_entry_that_is_no_incident_keeps_its_own_id() -> None:
    assert statuspage.parse(fetched(RSS)).entries[0].native_id == "act-7"


def test_a_json_feed_is_read_and_bad_items_cost_only_themselves() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "language": "fr",
        "items": [
            {
                "id": 7,
                "url": "/7",
                "external_url": "https://elsewhere.example/x",
                "title": "A < B",
                "content_html": "<p>One</p><p><a href='/two'>Two</a></p>",
                "date_published": "2026-06-13T02:50:00+02:00",
                "date_modified": "never",
                "language": "en",
            },
            {"id": "8", "content_text": "Only a text."},
            {"id": "9"},
            "junk",
            {"id": {"deep": 1}, "title": ["no text"]},
        ],
    }
    parsed = json_feed.parse(fetched(json.dumps(document)))
    assert parsed.entries[0] == Entry(
        native_id="7",
        title="A < B",
        text="One\nTwo",
        url="https://chips.example/7",
        links=("https://elsewhere.example/x", "https://chips.example/two"),
        language="en",
        published_at=datetime(2026, 6, 13, 0, 50, tzinfo=UTC),
    )
    assert (parsed.entries[1].title, parsed.entries[1].language) == ("Only a text.", "fr")
    assert [bad.native_id for bad in parsed.bad] == ["9", "#4", "#5"]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"items": 3}', "[" * 100_000, '{"items": [1' + "0" * 9_999 + "]}"]
)
def test_what_is_no_json_feed_is_said_to_be_none(body: str) -> None:
    with pytest.raises(PollFailed) as failed:
        json_feed.parse(fetched(body))
    assert failed.value.outcome is Outcome.UNREADABLE


@pytest.mark.parametrize("reference", ["&#xD800;", "&#999999999999;", "&#x" + "f" * 5_000 + ";"])
def test_a_character_that_does_not_exist_costs_only_itself(reference: str) -> None:
    body = rss(f"<title>A{reference}B</title></item><item><title>C</title>")
    assert [entry.title for entry in feed.parse(fetched(body)).entries] == ["A\ufffdB", "C"]


LINES = b"""{"id": "1", "title": "First", "published_at": "2026-06-13T00:50:00Z"}

{"id": "2"}
not json
{"id": "3", "text": "Third", "tier": "official"}
{"text": "Last"}"""


def test_a_file_is_read_by_its_suffix() -> None:
    lines = file.parse(fetched(LINES, "/tmp/notices.ndjson"))
    assert [entry.native_id for entry in lines.entries] == ["1", "Last"]
    assert [bad.native_id for bad in lines.bad] == ["line 3", "line 4", "line 5"]
    assert file.parse(fetched(RSS, "/tmp/feed.xml")).entries[0].native_id == "act-7"
    assert only(file.parse(fetched('{"items": [{"id": "j", "title": "T"}]}', "/tmp/f.json"))).native_id == "j"
