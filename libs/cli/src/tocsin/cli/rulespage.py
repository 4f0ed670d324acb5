"""The rules as a page for those who know the law: what each says, after what source, on which words.

``python -m tocsin.cli.rulespage docs/rules.md`` writes it; a test keeps it up to date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from tocsin.classify.rules.book import Chapter, Entry, chapters, shipped

HEAD = """\
# The rules

Made from the rule files by `make contracts`. A rule finds an act in a sentence; a cue says how an act stands
in its clause, done or short of it; a veto says that a notice reports no act. Each is proved by its examples
whenever classify starts, and by `tocsin rules check`.

In the examples MODEL, CHIP, VENDOR, AUTHORITY, CONTROLLER (an authority whose daily work is trade and
technology control) and PLACE stand for any name of that kind; in those of a cue the act is in brackets.
To see a rule at work on a text: `tocsin rules test --rule ID "the text"`.
"""
GENRES = {
    "gazette": "official gazettes",
    "status": "status pages",
    "statement": "statements of authorities and vendors",
    "press": "the press",
    "forum": "forums",
}


def page() -> str:
    """The page as Markdown."""
    book = chapters(shipped())
    count = sum(len(chapter.entries) for chapter in book)
    index = "".join(f"- [{c.name}](#{c.name}) ({len(c.entries)}): {_first(c.about)}\n" for c in book)
    return f"{HEAD}\n{count} rules, cues and vetoes:\n\n{index}" + "".join(map(_chapter, book))


def _chapter(chapter: Chapter) -> str:
    return f"\n## {chapter.name}\n\n{chapter.about}\n" + "".join(map(_entry, chapter.entries))


def _entry(entry: Entry) -> str:
    return f"\n### {entry.id}\n\n{entry.words}\n\n" + "".join(f"- {line}\n" for line in _facts(entry))


def _facts(entry: Entry) -> Iterator[str]:
    says = entry.says.replace("_", " ").replace("/", ", ")
    yield f"Says: {'the act is ' if entry.kind == 'cue' else ''}{says}"
    yield f"Source: {entry.source}"
    if entry.genres:
        yield f"Only in {', '.join(GENRES[genre] for genre in entry.genres)}"
    yield f"Yes: {_quoted(entry.fires)}"
    yield f"No: {_quoted(entry.silent)}"


def _first(about: str) -> str:
    return about.partition(". ")[0].rstrip(".")


def _quoted(examples: tuple[str, ...]) -> str:
    return "; ".join(f"“{example}”" for example in examples)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{sys.argv[1]}\n")
