"""One spelling for matching: case, hyphens, spaces and Unicode forms folded, offsets kept."""

import unicodedata
from dataclasses import dataclass

_MARK = "\x00"  # stands for a character that does not fold to exactly one
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "`": "'"}
_HYPHENS = "-\u2010\u2011\u00ad\u2043\ufe63\uff0d"
_DASHES = "\u2012\u2013\u2014\u2015\u2212"


@dataclass(frozen=True)
class Folded:
    """A folded text. ``origin`` has the original index of each character; None when they are the same."""

    text: str
    origin: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded characters [start, end) came from in the original; never empty for start < end."""
        if self.origin is None or start >= end:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


class _Table(dict[int, str]):
    """For ``str.translate``: always one character for one, so that equal length means equal offsets."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        one = folded if len(folded) == 1 else _MARK
        if code < 0x3000:  # noqa: PLR2004 # a hostile text cannot fill the memory with rare characters
            self[code] = one
        return one


_TABLE = _Table()


def fold(text: str) -> Folded:
    """Fold a text for matching.

    Lower case by NFKC and case folding; every hyphen a space (except between spaces, where it is a dash);
    runs of white space one space, or one newline where they hold one. Characters that vanish or expand
    are followed by an offset map, so that a match can always be quoted from the original.
    """
    folded = text.translate(_TABLE)
    if _MARK in folded or "  " in folded:
        return _fold_slowly(text, folded)
    return Folded(folded)


def _fold_character(char: str) -> str:
    if char in _QUOTES:
        return _QUOTES[char]
    if char in _HYPHENS:
        return "" if char == "\u00ad" else " "
    if char in _DASHES:
        return "-"
    if char.isspace():
        return "\n" if char in "\n\r\u2028\u2029" else " "
    if unicodedata.category(char) in ("Cf", "Cc", "Cs"):
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    return folded.lower() if folded.strip() else char


def _fold_slowly(text: str, one_for_one: str) -> Folded:
    pieces: list[str] = []
    origin: list[int] = []
    for index, one in enumerate(one_for_one):
        several = _fold_character(text[index]) if one == _MARK else one
        for folded in "-" if _lone_hyphen(text, index) else several:
            if folded in " \n" and pieces and pieces[-1] in " \n":
                pieces[-1] = "\n" if "\n" in (folded, pieces[-1]) else " "
            else:
                pieces.append(folded)
                origin.append(index)
    return Folded("".join(pieces), tuple(origin))


def _lone_hyphen(text: str, index: int) -> bool:
    """A hyphen between spaces is a dash: it parts clauses, as in `Resolved - access restored`."""
    return text[index] == "-" and text[index - 1 : index].isspace() and text[index + 1 : index + 2].isspace()
