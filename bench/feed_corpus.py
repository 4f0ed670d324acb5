"""How much of a corpus of real and hostile feeds is read as it should be, by suite, and how fast.

    python bench/feed_corpus.py ../shared/data/feeds

For each feed file: our entries beside feedparser's own reading of its bytes. They are the same when every
item with words in it became an entry, none was invented, and titles and addresses are equal. feedparser's own
suite carries expectations in Python; they are evaluated on feedparser's result, to show what it is worth by
itself. Other suites have files with the items' titles: ours and feedparser's are both held against them.
"""

import argparse
import contextlib
import json
import re
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import feedparser

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.sources import feed, json_feed

_JSON = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*\{")


def ours(body: bytes, content_type: str) -> Parsed | None:
    """What ingest makes of it; None where it says that it is no feed."""
    parse = json_feed.parse if _JSON.match(body) else feed.parse
    try:
        return parse(Fetched(body, "", content_type, Validators()))
    except PollFailed:
        return None


def theirs(body: bytes, content_type: str) -> Any:
    """The reading of feedparser itself; None where it raises."""
    headers = {"content-type": content_type} if content_type else {}
    with contextlib.suppress(Exception):
        return feedparser.parse(body, response_headers=headers)
    return None


def agrees(mine: Parsed | None, other: Any) -> str:
    """How the two readings compare, in a word."""
    if other is None:
        return "only ours" if mine and mine.entries else "neither reads it"
    stated = [
        (_words(item.get("title")), plain.address(item.get("link"))) for item in other.entries if _says(item)
    ]
    if mine is None:
        return "refused" if stated else "no feed to either"
    if len(mine.entries) != len(stated):
        return "more" if len(mine.entries) > len(stated) else "fewer"
    told = [(entry.title, entry.url) for entry in mine.entries]
    same = all(
        (not title or title[:1_000] == ours) and url == link
        for (title, url), (ours, link) in zip(stated, told, strict=True)
    )
    return "same" if same else "differs"


def _says(item: Any) -> bool:
    bodies = [content.get("value") for content in item.get("content") or []]
    return any(_words(value) for value in (item.get("title"), item.get("summary"), *bodies))


def _words(value: object) -> str:
    return " ".join(plain.plain(str(value or "")).split())


def titles(path: Path | None) -> list[str] | None:
    """The items' titles by an expectation file of another project; None where we cannot read it."""
    if path is None or path.suffix != ".json":
        return None
    with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError):
        document = json.loads(path.read_text())
        items = document.get("items") or document.get("entries") or document.get("episodes") or []
        return sorted(filter(None, (_words(item.get("title")) for item in items)))
    return None


def expectation(path: Path, other: Any) -> bool | None:
    """Whether feedparser fulfils the expectation in its own suite's file; None where there is none."""
    found = re.search(rb"Expect:\s*(.+?)\s*-->", path.read_bytes()[:4_000], re.DOTALL)
    if found is None or other is None or "feedparser" not in path.parts:
        return None
    with contextlib.suppress(Exception):
        return bool(eval(found[1].decode(), {"feedparser": feedparser}, dict(other)))
    return False


def main() -> None:
    """Read the corpus and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus", type=Path)
    corpus = arguments.parse_args().corpus
    table: dict[str, Counter[str]] = defaultdict(Counter)
    expected: dict[str, Counter[bool]] = defaultdict(Counter)
    seconds, size = Counter[str](), 0
    for line in (corpus / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry.get("role") != "feed":
            continue
        path = corpus / entry["path"]
        body = path.read_bytes()
        header = re.search(
            r"content-type:\s*(\S[^\n]*)", entry.get("origin_http_header") or "", re.IGNORECASE
        )
        content_type = header[1].strip() if header else ""
        began = time.perf_counter()
        mine = ours(body, content_type)
        halfway = time.perf_counter()
        other = theirs(body, content_type)
        seconds += Counter({"ours": halfway - began, "feedparser": time.perf_counter() - halfway})
        size += len(body)
        verdict = agrees(mine, other)
        table[entry["origin"]][verdict] += 1
        if verdict in {"refused", "fewer", "more", "differs"}:
            print(f"{verdict:8} {entry['path']}")
        if (held := expectation(path, other)) is not None:
            expected["feedparser, its own suite"][held] += 1
        beside = titles(corpus / entry["expect_file"] if entry.get("expect_file") else None)
        if beside is not None:
            expected[f"titles, {entry['origin']}, ours"][_fits(beside, mine.entries if mine else ())] += 1
            expected[f"titles, {entry['origin']}, feedparser"][
                _fits(beside, other.entries if other else ())
            ] += 1
    _print(table, expected, seconds, size)


def _fits(beside: list[str], read: Any) -> bool:
    stated = [item.title if isinstance(item, Entry) else item.get("title") for item in read]
    return set(beside) <= {_words(title) for title in stated}


def _print(
    table: dict[str, Counter[str]], expected: dict[str, Counter[bool]], seconds: Counter[str], size: int
) -> None:
    kinds = sorted({kind for counts in table.values() for kind in counts})
    print("\nsuite".ljust(24), *(kind.rjust(20) for kind in kinds))
    for suite, counts in sorted(table.items()):
        print(suite.ljust(23), *(str(counts[kind]).rjust(20) for kind in kinds))
    for what, held in sorted(expected.items()):
        print(f"{what}: {held[True]} of {held.total()} expectations hold")
    for who, spent in seconds.items():
        print(f"{who}: {spent:.1f} s for {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
