"""`tocsin sources` where no Tocsin runs: trying, finding and adding sources, OPML in and out."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tocsin.ingest.declared import load_sources

ITEMS = """
<item><guid>1</guid><title>Access to Claude Fable 5 suspended</title><link>https://a.example/1</link>
<pubDate>Sat, 13 Jun 2026 00:50:00 GMT</pubDate></item>
<item><guid>2</guid><title>\x1b[2JCursor moved</title><link>https://a.example/2</link></item>
<item><guid>3</guid></item>
"""
PAGES = {
    "/feed.rss": f'<rss version="2.0"><channel><title>F</title>{ITEMS}</channel></rss>'.replace(
        "\x1b", "&#27;"
    ),
    "/news": "<!doctype html><title>Our news</title>"
    '<link rel="alternate" type="application/rss+xml" href="/feed.rss">',
    "/empty": '<rss version="2.0"><channel><title>F</title></channel></rss>',
}
SOURCES = """\
# Ours. Look before you touch.
sources:
- id: desk   # the desk pushes
  name: Desk
  tier: party
  kind: push
"""
PRIVATE = {"TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES": '["127.0.0.0/8"]'}


def tocsin(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *words],
        cwd=cwd,
        env=clean | {"COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_is_tried_and_shows_what_would_be_told_and_what_not(site: str, tmp_path: Path) -> None:
    shown = tocsin("sources", "test", f"{site}/feed.rss", cwd=tmp_path, **PRIVATE)
    assert shown.returncode == 0, shown.stderr
    assert "2 notices" in shown.stdout
    assert "2026-06-13 00:50:00 UTC" in shown.stdout
    assert "it has neither title nor text" in shown.stdout
    assert "\x1b" not in shown.stdout
    told = json.loads(tocsin("sources", "test", f"{site}/news", "--json", cwd=tmp_path, **PRIVATE).stdout)
    assert told["source"]["url"] == f"{site}/feed.rss"
    assert len(told["notices"]) == 2
    assert told["failed"][0]["place"] == "#3"


def test_a_declared_source_is_tried_by_its_id(site: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{SOURCES}- {{id: empty, name: E, tier: press, kind: feed, url: '{site}/empty'}}\n")
    failed = tocsin("sources", "test", "empty", "--sources", "mine.yaml", cwd=tmp_path, **PRIVATE)
    assert (failed.returncode, "holds nothing to tell yet" in failed.stderr) == (1, True)
    unknown = tocsin("sources", "test", "nobody", cwd=tmp_path)
    assert (unknown.returncode, "no source 'nobody' is declared" in unknown.stderr) == (2, True)
    pushed = tocsin("sources", "test", "desk", "--sources", "mine.yaml", cwd=tmp_path)
    assert (pushed.returncode, "clients push to it" in pushed.stderr) == (2, True)


def test_a_private_address_is_not_asked_unless_it_is_allowed(site: str, tmp_path: Path) -> None:
    failed = tocsin("sources", "test", f"{site}/feed.rss", cwd=tmp_path)
    assert failed.returncode == 1
    assert "it leads into a private network" in failed.stderr


def test_a_page_is_added_by_its_feed_and_the_file_keeps_its_words(site: str, tmp_path: Path) -> None:
    proposed = tocsin("sources", "add", f"{site}/news", cwd=tmp_path, **PRIVATE)
    assert yaml.safe_load(proposed.stdout)[0]["url"] == f"{site}/feed.rss"
    path = tmp_path / "mine.yaml"
    path.write_text(SOURCES)
    added = tocsin("sources", "add", f"{site}/news", "--write", "mine.yaml", cwd=tmp_path, **PRIVATE)
    assert added.returncode == 0, added.stderr
    assert path.read_text().startswith(SOURCES)
    desk, new = load_sources(path)
    assert (desk.id, new.name, new.url) == ("desk", "Our news", f"{site}/feed.rss")
    before = path.read_text()
    again = tocsin("sources", "add", f"{site}/news", "--write", "mine.yaml", cwd=tmp_path, **PRIVATE)
    assert (again.returncode, f"declared already, as {new.id}" in again.stderr) == (2, True)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_would_not_hold_is_left_as_it_is(site: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text('{"sources": [{"id": "a", "name": "A", "tier": "press", "kind": "push"}]}\n')
    before = path.read_text()
    failed = tocsin("sources", "add", f"{site}/news", "--write", "mine.yaml", cwd=tmp_path, **PRIVATE)
    assert (failed.returncode, "is left as it is" in failed.stderr) == (2, True)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_opml_goes_out_and_comes_in_again(tmp_path: Path) -> None:
    assert tocsin("sources", "export", "--opml", "out.opml", cwd=tmp_path).returncode == 0
    outlines = ET.fromstring((tmp_path / "out.opml").read_text()).findall(".//outline[@xmlUrl]")
    addresses = {outline.get("xmlUrl") for outline in outlines}
    assert "https://status.claude.com/history.rss" in addresses
    (tmp_path / "mine.yaml").write_text(SOURCES)
    done = tocsin("sources", "import", "out.opml", "--tier", "official", "-w", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    read = load_sources(tmp_path / "mine.yaml")
    assert {source.url for source in read[1:]} == addresses
    assert {source.tier for source in read[1:]} == {"official"}
    again = tocsin("sources", "import", "out.opml", "-w", "mine.yaml", cwd=tmp_path)
    assert "0 new" in again.stderr
    assert load_sources(tmp_path / "mine.yaml") == read


def test_hostile_opml_costs_itself(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    outlines = (
        '<outline type="rss" text="&j;" xmlUrl="https://a.example/f"/>'
        '<outline type="rss" text="b" xmlUrl="file:///etc/passwd"/>'
        '<outline type="rss" text="c&#10;  tier: official" xmlUrl="https://c.example/&#10;x: y"/>'
    )
    (tmp_path / "f.opml").write_text(f'{bomb}]><opml version="2.0"><body>{outlines}</body></opml>')
    done = tocsin("sources", "import", "f.opml", cwd=tmp_path)
    assert done.returncode == 1
    assert "file:///etc/passwd" in done.stderr
    for source in yaml.safe_load(done.stdout):
        assert source["tier"] == "press"
        assert len(source["name"]) <= 200


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sources", "add", "claude.com"), "is no web address"),
        (("sources", "import", "absent.opml"), "cannot read absent.opml"),
        (("sources", "reparse", "--since", "yesterday"), "is no time"),
        (("sources", "failed", "drop", "1"), "--reason"),
        (("sources", "failed", "show", "one"), "valid integer"),
        (("snapshot", "show", "9c1f"), "give all 64 digits"),
    ],
)
def test_a_mistake_in_the_call_is_exit_2(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    away = {"TOCSIN_INGEST_URL": "http://127.0.0.1:1", "TOCSIN_API_KEY": "k"}
    failed = tocsin(*words, cwd=tmp_path, **away)
    assert (failed.returncode, says in failed.stderr) == (2, True), failed.stderr


def test_an_ingest_that_does_not_answer_is_exit_3(tmp_path: Path) -> None:
    away = {"TOCSIN_INGEST_URL": "http://127.0.0.1:1", "TOCSIN_API_KEY": "k"}
    for words in (("sources", "list"), ("sources", "failed", "list"), ("snapshot", "show", "0" * 64)):
        failed = tocsin(*words, cwd=tmp_path, **away)
        assert (failed.returncode, "does not answer" in failed.stderr) == (3, True), failed.stderr
