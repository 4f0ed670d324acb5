"""Cuts a stream of lines into what can be sent, as soon as there is something to send."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import BinaryIO

CHUNK = 65_536  # bytes
MOST_LINES = 1_000
LONGEST = 1_000_000  # bytes of one line; a notice is smaller


@dataclass(frozen=True)
class Batch:
    """Some lines of a stream, and how many came before them."""

    content: bytes
    before: int
    upto: int


def batches(stream: BinaryIO) -> Iterator[Batch]:
    """All lines of a stream, in order; those that have come are not held back for those that may.

    Raises ``OSError`` when it cannot be read, or a line is over a megabyte.
    """
    begun, number = b"", 0
    for chunk in _chunks(stream):
        *whole, begun = (begun + chunk).split(b"\n")
        if len(begun) > LONGEST:
            raise OSError(0, f"line {number + len(whole) + 1} is longer than {LONGEST} bytes")
        yield from _cut(whole, number)
        number += len(whole)
    if begun.strip():
        yield from _cut([begun], number)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    read = stream.read1 if isinstance(stream, BufferedReader) else stream.read
    while chunk := read(CHUNK):
        yield chunk


def _cut(lines: Sequence[bytes], number: int) -> Iterator[Batch]:
    for start in range(0, len(lines), MOST_LINES):
        some = lines[start : start + MOST_LINES]
        if any(line.strip() for line in some):
            yield Batch(b"\n".join(some), number + start, number + start + len(some))
