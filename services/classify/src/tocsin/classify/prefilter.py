"""Tries only phrases whose words occur in order: one automaton over the words, then few patterns."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

from tocsin.classify.phrases import Phrase

K = TypeVar("K", bound=Hashable)

_UNSPACED = "\u2e80"  # from here on scripts write words without spaces between


class Prefilter(Generic[K]):
    """Phrases under keys. ``candidates`` gives those whose needed words occur one after another."""

    def __init__(self, phrases: Iterable[tuple[K, Phrase]]) -> None:
        self._phrases = list(phrases)
        words = sorted({word for _, phrase in self._phrases for needed in phrase.needs for word in needed})
        number = {word: index for index, word in enumerate(words)}
        self._needs = [
            tuple(frozenset(number[word] for word in needed) for needed in phrase.needs)
            for _, phrase in self._phrases
        ]
        self._bits = [tuple(map(_bits_of, needs)) for needs in self._needs]
        self._spaced = [word < _UNSPACED and not word.isupper() for word in words]  # capitals are masks
        self._automaton = AhoCorasick(words)
        self._by_rarest = _by_rarest(self._needs)

    def candidates(self, text: str) -> Iterator[tuple[K, Phrase]]:
        """The phrases worth trying on this text, in their order: no other can match it."""
        first, last = self._occurrences(text)
        seen = frozenset(first)
        bits = _bits_of(first)
        for index in sorted({index for word in first for index in self._by_rarest.get(word, ())}):
            for needed in self._bits[index]:
                if not needed & bits:
                    break
            else:
                if _in_order([needed & seen for needed in self._needs[index]], first, last):
                    yield self._phrases[index]

    def _occurrences(self, text: str) -> tuple[dict[int, int], dict[int, int]]:
        """Where each word begins first and last; it begins where no other letter stands before."""
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for word, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if start and self._spaced[word]:
                before = text[start - 1]
                if before != " " and before < _UNSPACED and (before.isalnum() or before == "_"):
                    continue
            if word not in first:
                first[word] = start
            last[word] = start
        return first, last


def _by_rarest(phrases: Iterable[tuple[frozenset[int], ...]]) -> dict[int, list[int]]:
    """Phrases by each word of the need that fewest texts meet: words that many phrases use are common."""
    phrases = list(phrases)
    common = Counter(word for needs in phrases for needed in needs for word in needed)
    rarest: dict[int, list[int]] = defaultdict(list)
    for index, needs in enumerate(phrases):
        for word in min(needs, key=lambda needed: sum(common[word] for word in needed)):
            rarest[word].append(index)
    return rarest


def _in_order(found: Iterable[frozenset[int]], first: dict[int, int], last: dict[int, int]) -> bool:
    """Whether of each two neighbours the one begins before the last of the other."""
    return all(
        min(map(first.__getitem__, one)) < max(map(last.__getitem__, next_)) for one, next_ in pairwise(found)
    )


def _bits_of(words: Iterable[int]) -> int:
    """A set of small numbers as one integer: whether two sets meet is then one operation."""
    bits = 0
    for word in words:
        bits |= 1 << word
    return bits
