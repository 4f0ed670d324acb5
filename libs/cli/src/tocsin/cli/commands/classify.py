"""`tocsin classify` and `explain`: what classify says, without Kafka."""

import json as codec
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.progress import track

from tocsin.classify.batch import BadItem, predict, read_item
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.explain import explain as explain_notice
from tocsin.classify.explain.page import page
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.load import load_rules
from tocsin.cli import explained, output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import since
from tocsin.contracts import Tier


def classify(
    source: Annotated[
        Path | None, typer.Option("--input", "-i", help="JSON Lines of items; standard input if left out.")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; standard output if left out.")
    ] = None,
) -> None:
    """Classify items, one JSON object a line, in the order they come.

    An item has title and text, and if known id, source_type, url and published. A line that is no item
    costs only itself: it is named, and the exit status is 1.

    Example:
        tocsin classify --input items.jsonl --output out.jsonl
    """
    lines = _lines(source)
    bad: list[str] = []
    with _writing(target) as out:
        watched = track(lines, "classifying", console=output.errors, transient=True, disable=target is None)
        for prediction in _predictions(watched, bad):
            out.write(codec.dumps(prediction, ensure_ascii=False) + "\n")
    if bad:
        raise Failure(Exit.FAILED, *bad)


def explain(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    text: Annotated[str, typer.Argument(help="The text; - reads standard input.")],
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    tier: Annotated[Tier, typer.Option("--tier", help="Who publishes it.")] = Tier.PRESS,
    published: Annotated[
        str | None, typer.Option("--published", help="When: 2026-06-13 or a time; it is seen soon after.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.")] = None,
    json: Json = False,
) -> None:
    """Say what a text says, and why: its marked words, names, acts, verdict, and what would change it.

    A mark is a pair of brackets with a number: `[Grok 4](3)`. The JSON is that of POST /v1/explain.

    Examples:
        tocsin explain --tier official "A licence is now required to export the NVIDIA H20."

        tocsin explain --title "Fable 5 banned" --html why.html - < report.txt
    """
    words = sys.stdin.read() if text == "-" else text
    item = {"title": title, "text": words, "source_type": tier.value}
    if published is not None:
        item["published"] = since(published, datetime.now(UTC)).isoformat()
    try:
        notice = read_item(item)
    except BadItem as error:
        raise Failure(Exit.USAGE, str(error)) from error
    told = explain_notice(notice, _knowledge())
    if html is not None:
        _write(html, page(told))
    if json:
        output.as_json(told.model_dump(mode="json"))
    elif html is None:
        explained.show(told)


def _write(target: Path, text: str) -> None:
    with _writing(target) as out:
        out.write(text)


def _knowledge() -> Knowledge:
    return Knowledge.of(load_catalogue(), load_rules())


def _predictions(lines: Iterable[str], bad: list[str]) -> Iterator[dict[str, Any]]:
    knowledge = _knowledge()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = codec.loads(line)
            if not isinstance(item, dict):
                raise BadItem("an item is a JSON object")
            yield predict(item, knowledge)
        except ValueError as error:  # JSONDecodeError and BadItem are ValueErrors
            bad.append(f"line {number}: {error}")


def _lines(source: Path | None) -> list[str]:
    try:
        text = sys.stdin.read() if source is None else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {source}: {error}") from error
    return text.split("\n")


def _writing(target: Path | None) -> TextIO:
    if target is None:
        return open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    try:
        return target.open("w", encoding="utf-8")
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot write {target}: {error.strerror}") from error
