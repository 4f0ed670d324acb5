"""`tocsin classify` and `explain`: what classify says, without Kafka."""

import json as codec
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.progress import track

from tocsin.classify.batch import BadItem, predict, read_item
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.classify import classify as classify_notice
from tocsin.classify.explain import explain as explain_notice
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.load import load_rules
from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
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


def explain(
    text: Annotated[str, typer.Argument(help="The text; - reads standard input.")],
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    tier: Annotated[Tier, typer.Option("--tier", help="Who publishes it.")] = Tier.PRESS,
    json: Json = False,
) -> None:
    """Say what a text says, and why: the rules that fired and the words they fired on.

    Example:
        tocsin explain --tier official "A licence is now required to export the NVIDIA H20."
    """
    words = sys.stdin.read() if text == "-" else text
    try:
        notice = read_item({"title": title, "text": words, "source_type": tier.value})
    except BadItem as error:
        raise Failure(Exit.USAGE, str(error)) from error
    if json:
        output.as_json(classify_notice(notice, _knowledge()).model_dump(mode="json"))
        return
    for line in explain_notice(notice, _knowledge()):
        output.console.print(output.plain(line))


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
