"""Readers before arbitrary bytes, and before every feed of the corpus: an answer, and never a crash."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.entry import Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.sources import feed, json_feed

TAGS = "<item> </item> <title> </title> <entry> <content> <link>/a< <pubDate>1< <![CDATA[ ]]> <!-- -->"
REFERENCES = "&#0; &#xd800; &#99999999999; &#x; &lt;p&gt; &nbsp;"
STARTS = [
    "<rss version='2.0'><channel>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<?xml encoding='x'?>",
]
soup = st.lists(
    st.sampled_from([*TAGS.split(), *REFERENCES.split(), *STARTS]) | st.text(max_size=5), max_size=20
).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("\ud800\x00"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "title", "content_html", "url", "date_published", "language", "items"]),
            inner,
        )
    ),
    max_leaves=8,
)


def fetched(body: bytes) -> Fetched:
    return Fetched(body, "https://chips.example/feed", "", Validators())


def read_or_refused(body: bytes) -> Parsed | None:
    try:
        return feed.parse(fetched(body))
    except PollFailed:
        return None


def sound(parsed: Parsed | None) -> None:
    for entry in parsed.entries if parsed else ():
        assert entry.native_id
        assert entry.title
        for words in (entry.native_id, entry.title, entry.text, entry.url or ""):
            words.encode()
            assert "\x00" not in words


@given(soup | st.binary())
def test_no_bytes_break_the_feed_reader(body: str | bytes) -> None:
    document = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    sound(read_or_refused(document))


@given(json_values)
def test_no_json_breaks_the_json_feed_reader(item: Any) -> None:
    sound(json_feed.parse(fetched(json.dumps({"items": [item]}).encode())))


CORPUS = Path(__file__).parents[4] / "shared" / "data" / "feeds"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not on this machine")
def test_every_feed_of_the_corpus_is_read_or_refused_in_words() -> None:
    index = [json.loads(line) for line in (CORPUS / "index.jsonl").read_text().splitlines()]
    entries = refused = 0
    for row in index:
        parsed = read_or_refused((CORPUS / row["path"]).read_bytes())
        if parsed is None:
            assert row["role"] != "feed" or row["feedparser"]["entries"] == 0, row["path"]
            refused += 1
        else:
            entries += len(parsed.entries)
    assert entries > 5_000
    assert refused < len(index) / 4
