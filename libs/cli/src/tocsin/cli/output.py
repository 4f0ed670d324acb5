"""Output: tables for people, JSON for programs, and text from outside made harmless on a terminal."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console()
errors = Console(stderr=True)


def as_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()  # a command that stays up is read through a pipe


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, out: Console = console
) -> None:
    """A table, or a sentence when there are no rows."""
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(plain(cell) for cell in row))
    if drawn.row_count:
        out.print(drawn)
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
