"""Which language a text is in, by its script, letters and most common words; `und` rather than a guess."""

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files

import yaml

UNKNOWN = "und"
READ = 600  # characters that are looked at: a title and a paragraph tell a language
WIDE = 3  # a Han, Kana or Hangul character says about as much as three Latin letters
RARE = 2  # a letter that one language has alone weighs as two common words
MARGIN = 1  # by how much the likeliest language must lead the second
SOME_ENGLISH = 3  # words in a sentence that is another language's by most of its words
SHORT = 3  # letters: one such word alone may be a name's (`El Paso`) or an English one (`die`)

_HAN, _KANA, _HANGUL = r"[\u3400-\u9fff]", r"[\u3041-\u30fa\u30fd-\u30ff]", r"[\uac00-\ud7a3]"
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "Hani": re.compile(_HAN),
    "Kana": re.compile(_KANA),
    "Hang": re.compile(_HANGUL),
    "Latn": re.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff]"),
    "Cyrl": re.compile(r"[\u0400-\u052f]"),
    "Grek": re.compile(r"[\u0370-\u03ff]"),
    "Hebr": re.compile(r"[\u05d0-\u05ea]"),
    "Arab": re.compile(r"[\u0600-\u06ff]"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]"),
    "Deva": re.compile(r"[\u0900-\u097f]"),
}
_WIDE = frozenset({"Hani", "Kana", "Hang"})
_OF_SCRIPT = {"Hang": "ko", "Grek": "el", "Hebr": "he", "Thai": "th"}  # scripts of one language
_WORD = re.compile(r"[^\W\d_]+")
_INITIALS = re.compile(r"\b[a-z](?:[./][a-z]?)+")  # `d/b/a`, `g. Ob`: no French d', no Spanish a


class Language(StrEnum):
    """Languages for which there are rules."""

    ENGLISH = "en"
    SPANISH = "es"
    CHINESE = "zh"
    GERMAN = "de"
    FRENCH = "fr"
    JAPANESE = "ja"
    KOREAN = "ko"


_READ = frozenset(Language)


def _table() -> dict[str, dict[str, str]]:
    written = files("tocsin.classify.rules").joinpath("languages.yaml").read_text("utf-8")
    table: dict[str, dict[str, str]] = yaml.safe_load(written)
    return table


def _by(part: str, table: dict[str, dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """Which languages have a word or an ending."""
    languages: dict[str, list[str]] = {}
    for language, told in table.items():
        for word in told.get(part, "").split():
            languages.setdefault(word, []).append(language)
    return {word: tuple(known) for word, known in languages.items()}


_TOLD = _table()
_LANGUAGES_OF = _by("words", _TOLD)
_LANGUAGES_OF_ENDING = _by("endings", _TOLD)
_LANGUAGE_OF_LETTER = {
    letter: language for language, told in _TOLD.items() for letter in told.get("letters", "")
}
_RARE = re.compile(f"[{''.join(_LANGUAGE_OF_LETTER)}]")


def language_of(text: str) -> str:
    """The language of a folded text as BCP 47, by its first ``READ`` characters.

    `und` where too few words speak or two languages fit as well, with the script (`und-Deva`) where it is
    not Latin. Capitals are not counted: in masked text they stand for names.
    """
    head = text[:READ]
    return _told(head, _points(head))


def languages_of(text: str, document: str) -> frozenset[str]:
    """Whose rules may read a sentence of a document in the language ``document``.

    A sentence that tells its language is read in that alone, so that an English word in a foreign sentence
    claims nothing; but a gazette's title with a long foreign name in it is English for all that. One that
    does not tell, as a title of names, is read in English, in that of the document, and in each for which one
    of its words speaks.
    """
    head = text[:READ]
    points = _points(head)
    own = _told(head, points)
    if own.startswith(UNKNOWN):
        return frozenset({document, Language.ENGLISH, *points})
    return frozenset({own, Language.ENGLISH} if points[Language.ENGLISH] >= SOME_ENGLISH else {own})


def is_read(language: str) -> bool:
    """Whether there are rules for it, or it may well be one for which there are."""
    return language in _READ or language == UNKNOWN


def _told(head: str, points: Counter[str]) -> str:
    script = "Latn" if head.isascii() else _script(head)
    if script in _OF_SCRIPT:
        return _OF_SCRIPT[script]
    if script in _WIDE:
        return "ja" if _SCRIPTS["Kana"].search(head) else "zh"
    return _likeliest(head, points) or (UNKNOWN if script == "Latn" else f"{UNKNOWN}-{script}")


def _script(text: str) -> str:
    """The script that most of a text is in; Han beside Kana is Japanese, beside more Hangul Korean."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    for name in _WIDE:
        counts[name] *= WIDE
    wide = {name: counts[name] for name in ("Hang", "Kana", "Hani")}
    if sum(wide.values()) >= max(counts[name] for name in counts if name not in _WIDE):
        return max(wide, key=wide.__getitem__) if any(wide.values()) else "Latn"
    return max(counts, key=counts.__getitem__)


def _likeliest(text: str, points: Counter[str]) -> str | None:
    first, second = [*points.most_common(2), ("", 0), ("", 0)][:2]
    if first[1] < second[1] + MARGIN:
        return None
    alone = first[1] == 1 and first[0] != Language.ENGLISH and text.isascii()
    return None if alone and not _one_will_do(text) else first[0]


def _one_will_do(text: str) -> bool:
    """Whether the only word that speaks is one of its own language, and no short one."""
    return any(len(word) > SHORT for word in _WORD.findall(text) if word in _LANGUAGES_OF)


def _points(text: str) -> Counter[str]:
    """What speaks for each language."""
    points: Counter[str] = Counter()
    for word in _WORD.findall(_INITIALS.sub(" ", text)):
        for language in _LANGUAGES_OF.get(word) or _LANGUAGES_OF_ENDING.get(word[-3:]) or ():
            points[language] += 1
    if not text.isascii():
        for letter in set(_RARE.findall(text)):
            points[_LANGUAGE_OF_LETTER[letter]] += RARE
    return points
