"""Output: tables for people, JSON for programs, and text from outside made harmless on a terminal."""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Column, Table
from rich.text import Text

from tocsin.chassis.archive import Tell

console = Console()
errors = Console(stderr=True)

PIPED = 1_000  # characters of a row that goes into a pipe


def as_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()  # a command that stays up is read through a pipe


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, out: Console = console
) -> None:
    """A table, or a sentence when there are no rows."""
    named = (Column(name, overflow="fold") for name in columns)  # an id is of use as a whole alone
    drawn = Table(*named, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(plain(cell) for cell in row))
    if drawn.row_count:
        narrow = out.is_terminal or "COLUMNS" in os.environ
        (out if narrow else Console(file=out.file, width=PIPED)).print(drawn)  # a row is a line for grep
    else:
        out.print(Text(empty))


def plain(value: object) -> Text:
    """A value as text: no markup, no control characters, whatever an outsider wrote."""
    if value is None:
        return Text("-")
    return Text("".join(char if char.isprintable() or char == "\n" else "�" for char in str(value)))


def pairs(facts: Mapping[str, Any]) -> None:
    """Name and value, a line each."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        console.print(Text(f"{name:<{width}}  ", style="bold") + plain(value))


@contextlib.contextmanager
def progress() -> Iterator[Tell]:
    """A bar on a terminal for each thing that is told of; nothing where errors go elsewhere."""
    tasks: dict[str, TaskID] = {}
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)

        yield tell
