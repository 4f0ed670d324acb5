"""Tries only the phrases whose words occur: one automaton over the words, then few regular expressions."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

from tocsin.classify.phrases import Phrase

K = TypeVar("K", bound=Hashable)


class Prefilter(Generic[K]):
    """Phrases under keys. ``candidates`` gives those of which every needed word occurs, in their order."""

    def __init__(self, phrases: Iterable[tuple[K, Phrase]]) -> None:
        self._phrases = list(phrases)
        sets: dict[frozenset[str], int] = {}
        self._needs = [
            frozenset(sets.setdefault(words, len(sets)) for words in phrase.needs)
            for _, phrase in self._phrases
        ]
        by_word: dict[str, set[int]] = defaultdict(set)
        for words, number in sets.items():
            for word in words:
                by_word[word].add(number)
        self._sets_of = [frozenset(numbers) for numbers in by_word.values()]
        self._automaton = AhoCorasick(list(by_word))
        words_of = {number: words for words, number in sets.items()}
        self._by_rarest: dict[int, list[int]] = defaultdict(list)
        for index, needs in enumerate(self._needs):
            rarest = min(needs, key=lambda number: (len(words_of[number]), number))
            self._by_rarest[rarest].append(index)

    def candidates(self, text: str) -> Iterator[tuple[K, Phrase]]:
        """The phrases worth trying on this text: no other can match it."""
        hit: set[int] = set()
        for word in {match[0] for match in self._automaton.find_matches_as_indexes(text, overlapping=True)}:
            hit |= self._sets_of[word]
        tried = sorted(index for number in hit for index in self._by_rarest.get(number, ()))
        for index in tried:
            if self._needs[index] <= hit:
                yield self._phrases[index]
