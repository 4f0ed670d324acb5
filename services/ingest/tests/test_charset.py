"""The encoding of a feed, by RFC 7303, through the reader."""

import codecs
import contextlib
import time

import pytest

from tocsin.ingest.charset import tame
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.sources import feed, json_feed

WORDS = "Żółw — 禁止 é"


def document(declared: str | None, words: str = WORDS) -> str:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f'{head}<rss version="2.0"><channel><item><title>{words}</title></item></channel></rss>'


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        (document("utf-8").encode(), "text/xml", WORDS),
        (document(None).encode(), "text/xml", WORDS),
        (document(None).encode(), "application/rss+xml", WORDS),
        (document("utf-8").encode(), "", WORDS),
        (document("utf-8").encode(), "text/plain", WORDS),
        (document("iso-8859-1").encode(), 'application/xml; charset="UTF-8"', WORDS),  # the header wins
        (document("utf-8", "é").encode("iso-8859-1"), "text/xml; charset=ISO-8859-1", "é"),
        (document("iso-8859-1", "é").encode("iso-8859-1"), "text/xml", "é"),
        (document("windows-1252", "“x”").encode("windows-1252"), "application/xml", "“x”"),
        (document("iso-2022-jp", "禁止").encode("iso-2022-jp"), "text/xml", "禁止"),
        (
            codecs.BOM_UTF8 + document("iso-8859-1").encode(),
            "text/xml; charset=iso-8859-1",
            WORDS,
        ),  # the mark
        (codecs.BOM_UTF16_LE + document("utf-16").encode("utf-16-le"), "text/xml", WORDS),
        (codecs.BOM_UTF16_BE + document("utf-8").encode("utf-16-be"), "text/xml; charset=utf-8", WORDS),
        (document("utf-8").encode(), "text/xml; charset=no-such-charset", WORDS),
    ],
)
def test_a_mark_wins_over_the_header_over_the_declaration(body: bytes, content_type: str, title: str) -> None:
    (entry,) = feed.parse(Fetched(body, "https://a.example/f", content_type, Validators())).entries
    assert entry.title == title


@pytest.mark.parametrize(
    "hostile", ["text/xml; charset=\x00", "; ; charset==", "charset", "a" * 900, "\u00e9;charset=\u00e9"]
)
def test_no_header_breaks_it(hostile: str) -> None:
    assert tame(b"<rss/>", hostile) == (b"<rss/>", "application/xml")


@pytest.mark.parametrize(
    "body",
    [
        b"<?xml " + b'encoding="' * 5_000,
        b'<?xml version="1.0" encoding="utf-8"?>' + b'<rss a="encoding=&quot;' + b'encoding="?>' * 5_000,
        codecs.BOM_UTF16_LE + ("\ufeff<?xml " + 'encoding="' * 5_000).encode("utf-16-le"),
        codecs.BOM_UTF8 * 2 + b"<?xml " + b'encoding="' * 5_000,
        b"\n" * 50_000 + b"<rss/>",
        b'<?xml version="1.0"?>' + b"\n" * 50_000 + b"<rss/>",
    ],
    ids=["open", "one line", "utf-16", "two marks", "blanks", "blanks after"],
)
def test_no_beginning_takes_the_parser_long(body: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(PollFailed):
        feed.parse(Fetched(body, "https://a.example/f", "", Validators()))
    assert time.process_time() - started < 2  # it was eleven seconds at the least


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_json_is_utf8_whatever_the_header_says(encoding: str) -> None:
    body = f'{{"items": [{{"id": "1", "title": "{WORDS}"}}]}}'.encode(encoding)
    told = Fetched(body, "https://a.example/f", "application/json; charset=iso-8859-1", Validators())
    assert json_feed.parse(told).entries[0].title == WORDS
