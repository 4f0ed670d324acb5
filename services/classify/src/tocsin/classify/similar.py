"""The signature of a notice's wording, by which copies are known across edits, cuts and other headlines.

Prints are those of winnowing (Schleimer, Wilkerson and Aiken 2003): of every run of words a checksum, of
every window of runs the least. So two texts that share a passage of six words share a print, wherever in
either it stands; a text that is cut short keeps its own, and what is set before or behind it adds others.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

from tocsin.classify.reading import Reading
from tocsin.contracts.signature import written

FEW = 4  # prints; fewer tell nothing: `Read more`, `Export controls on chips`
PRINT = 0xFFFF
LONG = 12  # characters to a word at most, on average
WORDS = 3  # to a run
CHARACTERS = 6  # to a run, where words are written without spaces between

_WORD = re.compile(r"[^\W_\u2e80-\U0010ffff]+|[\u2e80-\U0010ffff]")
_UNSPACED = "\u2e80"

T = TypeVar("T")


@dataclass(frozen=True)
class Sampling:
    """How much of a field is looked at, in words, and of how many runs one print is kept."""

    words: int
    window: int


TITLE = Sampling(words=24, window=1)
TEXT = Sampling(words=160, window=4)  # the lead and what follows it: agency copy is cut from the end


def signature_of(reading: Reading) -> str:
    """The signature of a notice; the same on every machine and in every version that folds texts alike."""
    return written(prints_of(reading.title.folded.text, TITLE), prints_of(reading.text.folded.text, TEXT))


def prints_of(text: str, sampling: Sampling) -> frozenset[int]:
    """The prints of a folded text; none where it is too short."""
    words = _WORD.findall(text, 0, sampling.words * LONG)[: sampling.words]
    size = CHARACTERS if words and words[len(words) // 2] >= _UNSPACED else WORDS
    sums = [crc32(" ".join(run).encode()) for run in _runs(words, size)]
    least = {min(window) for window in _runs(sums, sampling.window)}
    return frozenset(one & PRINT for one in least) if len(least) >= FEW else frozenset()


def _runs(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    """Every so many items in a row."""
    return zip(*(items[at:] for at in range(size)), strict=False)
