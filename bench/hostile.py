"""Texts of one megabyte that are made to be slow to read: of each a piece, repeated often enough."""

from collections.abc import Iterator, Sequence
from itertools import cycle

SIZE = 1_000_000
NAMES = 100_000

PIECES = {
    "one trigger": "ban ",
    "triggers without an object": "ban block restrict suspend lift export licence ",
    "a gap that never closes": "commerce bans the use of a b c d e f g h i j k l m n ",
    "near miss of a phrase": "cannot be sold or used or moved without ",
    "the end of a phrase before its beginning": "licence export an require Commerce. ",
    "nested brackets": "((((((((((",
    "brackets round triggers": "(ban (export [control {licence ",
    "dotted words": "a.a.a.a.a.a.a.a.a.a.",
    "numbers of documents": "15 CFR 744.11 H.R. 123 2024/1689 ",
    "dates": "by 30 June 2026, effective June 12, 2026, ",
    "letters that expand": "\ufdfa\ufb03",
    "combining marks": "e\u0301\u0301\u0301\u0301",
    "Chinese triggers": "禁止出口管制",
    "one word without a space": "x",
    "empty lines": "\n",
    "updates of a status page": "Resolved - \n\n\nJun 12, 10:00 UTC ",
}


def texts(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each attack; ``names`` are those of the catalogue."""
    for attack, piece in PIECES.items():
        yield attack, piece * (SIZE // len(piece))
    yield f"{NAMES:,} names", _of_names(names, " ")
    yield f"{NAMES:,} names and triggers", _of_names(names, " ban ")


def _of_names(names: Sequence[str], between: str) -> str:
    chosen = (name for name, _ in zip(cycle(names), range(NAMES), strict=False))
    return between.join(chosen)
