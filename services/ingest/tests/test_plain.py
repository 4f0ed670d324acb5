"""Text from outside made plain."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import NoticePublished, SourceRef, Tier
from tocsin.contracts.notice import MAX_TEXT, MAX_TITLE
from tocsin.contracts.topics import MAX_RECORD_BYTES
from tocsin.ingest import plain
from tocsin.ingest.entry import Entry

pieces = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b", ">", "<", "&lt;", "&amp;lt;", "b&gt;", "<!--", "-->", "<script>", "x"]
    )
    | st.text(max_size=3)
).map("".join)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("A<br>B<br/>C", "A\nB\nC"),
        ("<ul><li>first</li><li>second</li></ul>", "first\nsecond"),
        ("<p>kept<script>alert(1)</script><style>p{}</style></p>", "kept"),
        ("&lt;p&gt;escaped &lt;b&gt;twice&lt;/b&gt;&lt;/p&gt;", "escaped twice"),
        ("5 &lt; 6 and 7 &gt; 2", "5 < 6 and 7 > 2"),
        ("half a <b", "half a"),
        ("<!-- hidden -->seen", "seen"),
        ("wrapped\nin the\nsource", "wrapped in the source"),
        ("nul\x00 bell\x07 \ud800lone \u202egnorw", "nul bell lone gnorw"),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_html_becomes_words_and_lines(markup: str, words: str) -> None:
    assert plain.plain(markup) == words


@pytest.mark.parametrize("text", ["if a<b and c>d", "the <Fable> prize", "1 < 2"])
def test_plain_text_is_left_alone(text: str) -> None:
    assert plain.plain(text, is_html=False) == text


@given(pieces, st.booleans())
def test_no_markup_and_nothing_unsafe_remains(text: str, is_html: bool) -> None:
    words = plain.plain(text, is_html=is_html)
    assert not plain.has_markup(words)
    assert words == plain.tidy(words)
    assert "\x00" not in words
    words.encode()  # no lone surrogate


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 200_000,
        "<b><p>" * 150_000,
        "<table><b>" * 90_000,
        "<a " * 300_000,
        "<a " + "=" * 900_000,
        "&amp;" * 200_000,
        " " * 900_000 + "x",
        "\n " * 400_000,
    ],
    ids=["deep", "misnested", "tables", "open tags", "attributes", "entities", "spaces", "lines"],
)
def test_no_text_takes_long(bomb: str) -> None:
    began = time.process_time()
    plain.plain(bomb)
    plain.links(bomb, "https://example.org/")
    assert time.process_time() - began < 5  # it is 0.5 at most; squares took minutes


def test_links_are_absolute_unique_and_of_the_web() -> None:
    markup = (
        "<a href='/a?x=1&amp;y=2'>1</a><a href='https://e.org/b'>2</a><a href='https://e.org/b'>3</a>"
        "<a href='javascript:alert(1)'>4</a><a href='mailto:a@e.org'>5</a><a name=x>6</a>"
    )
    assert plain.links(markup, "https://e.org/feed") == ("https://e.org/a?x=1&y=2", "https://e.org/b")


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://e.org/a", "https://e.org/a"),
        ("/a", "https://base.org/a"),
        (" https://e.org/\n", "https://e.org/"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://[", None),
        ("<a href='https://e.org'>x</a>", None),
        ("https://e.org/a b", None),
        ("https://e.org/" + "a" * 3_000, None),
        (None, None),
        (7, None),
    ],
)
def test_only_a_web_address_is_an_address(value: object, url: str | None) -> None:
    assert plain.address(value, "https://base.org/feed") == url


@pytest.mark.parametrize(
    ("given_id", "url", "title", "native"),
    [
        ("tag:1", "https://e.org", "T", "tag:1"),
        (None, "https://e.org", "T", "https://e.org"),
        (" ", None, "T", "T"),
        (None, None, "", "text"),
    ],
)
def test_a_document_is_called_by_its_id_else_link_else_title(
    given_id: object, url: str | None, title: str, native: str
) -> None:
    assert plain.identity(given_id, url, title, "text") == native


@pytest.mark.parametrize("character", ["a", "\u4e2d", "\U0001f514", '"'])
def test_the_longest_entry_still_makes_a_record_that_fits(character: str) -> None:
    link = "https://e.org/" + "a" * (plain.MAX_URL - 14)
    entry = plain.within_limits(
        Entry("1", character * 5_000, character * 500_000, link, links=(link,) * plain.MAX_LINKS)
    )
    assert len(entry.title) == MAX_TITLE
    assert len(entry.text) <= MAX_TEXT
    notice = NoticePublished(
        id="n",
        document_id="d",
        revision=1,
        source=SourceRef(id="s", name="S", tier=Tier.PRESS, kind="feed"),
        title=entry.title,
        text=entry.text,
        url=entry.url,
        links=entry.links,
        first_seen_at="2026-06-13T00:50:00Z",
        content_sha256="0" * 64,
    )
    assert len(notice.model_dump_json().encode()) < 0.7 * MAX_RECORD_BYTES


def test_an_entry_without_a_title_gets_its_first_line() -> None:
    assert plain.within_limits(Entry("1", "", "First line.\nSecond.")).title == "First line."
