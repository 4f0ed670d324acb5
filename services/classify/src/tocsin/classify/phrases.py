"""The small phrase language of the rules, compiled to regular expressions and to the words they need.

A phrase is a line of tokens parted by spaces: plain words (`licence`), stems (`suspen*`), words glued
(`end_user`), alternatives (`ban|bar`), lexicons (`{LIFT}`), masks (`MODEL`), each optional with `?`.
`~5` allows up to five words between; `^` is the beginning and `?` alone a question mark. Parentheses
only help the reader. With ``han`` the tokens touch and `~5` counts characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

MASKS = {"MODEL": "M", "CHIP": "C", "VENDOR": "V", "OFFICE": "A", "CONTROLLER": "B", "PLACE": "P"}
GROUPS = {
    "AUTHORITY": ("OFFICE", "CONTROLLER"),
    "ACTOR": ("OFFICE", "CONTROLLER", "PLACE"),
    "MAKER": ("VENDOR", "MODEL"),
}
MAX_GAP = 20
_GLUE = r"[ \-]"
_BETWEEN = r"[^\w;]{1,3}+"
_ANCHORS = {"^": r"\A\W*+", "?": r"[^\w?]*+\?"}
_WORD = r"\w[\w.&/%$€£]*+"  # possessive: one way to read a word, so a gap cannot blow up

_APART = r"(?<![^\W\u2e80-\U0010ffff])"

Lexicons = Mapping[str, tuple[str, ...]]


class Unclear(ValueError):
    """A phrase that cannot be compiled; the message says which and why."""


@dataclass(frozen=True)
class Phrase:
    """A compiled phrase. Each of ``needs`` is a set of words of which a matching text holds at least one."""

    written: str
    pattern: re.Pattern[str]
    needs: tuple[frozenset[str], ...]

    def search(self, text: str) -> re.Match[str] | None:
        """The first match; where words that it needs are missing, the pattern is not even tried."""
        for word in self._telltale:
            if word in text:
                return self.pattern.search(text)
        return None

    @cached_property
    def _telltale(self) -> tuple[str, ...]:
        fewest = min(self.needs, key=len, default=frozenset({""}))
        return tuple(fewest)


def compile_phrase(written: str, lexicons: Lexicons, *, han: bool = False) -> Phrase:
    """Compile one phrase; raises ``Unclear`` for an unknown lexicon, a bad gap or an optional first token."""
    between = "" if han else _BETWEEN
    step = "." if han else f"(?:{_BETWEEN}{_WORD})"
    regex = ""
    needs: list[frozenset[str]] = []
    first = True
    for token in written.replace("(", "").replace(")", "").split():
        if token in _ANCHORS:
            regex += _ANCHORS[token]
            continue
        if token.startswith("~"):
            regex += f"{step}{{0,{_gap(token, written)}}}?"
            continue
        optional = token.endswith("?")
        literals = _alternatives(token.removesuffix("?"), lexicons, written)
        if first and optional:
            raise Unclear(f"{written!r}: the first token cannot be optional")
        joint = "" if first else between
        words = _any_of(literals, han=han)
        regex += f"(?:{joint}{words})?" if optional else joint + words
        if not optional:
            needs.append(frozenset(_literal(word) for word in literals))
        first = False
    bounded = regex if han else rf"(?<!\w){regex}(?!\w)"
    return Phrase(written, re.compile(bounded), tuple(needs))


def _gap(token: str, written: str) -> int:
    if not token[1:].isdigit() or int(token[1:]) > MAX_GAP:
        raise Unclear(f"{written!r}: a gap is ~1 to ~{MAX_GAP}, not {token}")
    return int(token[1:])


def _alternatives(token: str, lexicons: Lexicons, written: str) -> list[str]:
    words: list[str] = []
    for part in token.split("|"):
        if part.startswith("{"):
            name = part.strip("{}")
            if name not in lexicons:
                raise Unclear(f"{written!r}: there is no lexicon {name}")
            words.extend(word for entry in lexicons[name] for word in GROUPS.get(entry, (entry,)))
        else:
            words.extend(GROUPS.get(part, (part,)))
    return words


def _any_of(words: list[str], *, han: bool) -> str:
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(map(_touching if han else _word, ordered)) + ")"


def _touching(word: str) -> str:
    """Among words that touch, a Latin one still begins where no Latin letter stands before it."""
    latin = word[0] < "\u2e80" and re.split("[ _]", word)[0] not in MASKS
    return (_APART if latin else "") + _word(word)


def _word(word: str) -> str:
    return _GLUE.join(map(_part, re.split("[ _]", word)))


def _part(part: str) -> str:
    if part in MASKS:
        return rf"{MASKS[part]}+(?:'s)?"
    return re.escape(part.removesuffix("*")) + (r"\w*" if part.endswith("*") else "")


def _literal(word: str) -> str:
    first = re.split("[ _]", word)[0]
    return MASKS.get(first) or first.removesuffix("*")
