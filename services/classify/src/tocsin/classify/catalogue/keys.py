"""What an API id of a list says: which model, apart from who resells it, when, and how it is packed."""

import re
from collections.abc import Collection

_REGION = re.compile(r"^(?:us|eu|au|jp|apac|global|us-gov|in)\.(?=[a-z])")
_PUBLISHER = re.compile(r"^[a-z][a-z0-9]*\.(?=[a-z])")
_BEDROCK = re.compile(r"-v?\d+:\d.*$")
_VARIANT = re.compile(r"[:@].*$")
_LLAMA_V = re.compile(r"llama-?v?(?=\d)")
_DECIMAL_P = re.compile(r"(?<=\d)p(?=\d)")
_DATE = re.compile(r"(?:20\d\d)?[01]\d[0-3]\d|20\d{6}|2[3-7](?:0[1-9]|1[0-2])(?:[0-3]\d)?|20\d\d|00\d")
_MONTH = re.compile(r"0[1-9]|1[0-2]|[0-3]\d")
_SIZE = re.compile(r"v?\d(?:\.\d{1,2})?|1\d|(?:\d+x)?\d+(?:\.\d+)?[bmt]|[ae]\d+(?:\.\d+)?b|16e|128e")
_NUMBER = re.compile(r"\d{1,2}")
_ENDS_OPEN = re.compile(r"(?:^|[a-z])\d$")


def said(key: str) -> str:
    """The last part of a key without region, publisher and variant.

    `us.anthropic.claude-opus-4-6-v1:0` gives `claude-opus-4-6`.
    """
    last = _BEDROCK.sub("", key.rsplit("/", maxsplit=1)[-1].lower().strip())
    last = _PUBLISHER.sub("", _REGION.sub("", _VARIANT.sub("", last)))
    return _LLAMA_V.sub("llama-", re.sub(r"[ _]+", "-", last).removesuffix("-v1"))


def tokens(said_: str, packing: Collection[str]) -> tuple[str, ...]:
    """The words of an id that name the model: dates and packing dropped, `4-6` and `4p6` written `4.6`.

    Words keep their order except that a Claude's number comes last, as its maker writes since 4.
    """
    words: list[str] = []
    for word in _DECIMAL_P.sub(".", said_).split("-"):
        if (
            words
            and _NUMBER.fullmatch(word)
            and _ENDS_OPEN.search(words[-1])
            and (word == "0" or word[0] != "0")
        ):
            words[-1] += "." + word
        else:
            words.append(word.strip("."))
    kept = [word for word in _undated(words) if word and word not in packing]
    if kept[:1] == ["claude"] and len(kept) > 2 and kept[1][0].isdigit() and kept[2].isalpha():  # noqa: PLR2004 # series, number, name
        kept[1], kept[2] = kept[2], kept[1]
    return tuple(kept)


def is_size(word: str) -> bool:
    """`4.6`, `v2`, `70b`, `a22b`, `8x7b`: a version or a size, and no word."""
    return _SIZE.fullmatch(word) is not None


def key_of(name: str) -> str:
    """One spelling for comparing names: letters, digits, dots and plus; `4.0` is `4`."""
    bare = re.sub(r"[^0-9a-z.+]+", "", name.lower().replace("\u00b7", ""))
    return re.sub(r"\.0(?!\d)", "", bare).strip(".")


def _undated(words: list[str]) -> list[str]:
    """Words without calendar dates: `20250514`, `2025-08-07`, `08-2024`, `0613`, `2507`."""
    found: list[str] = []
    skip_days = False
    for word in words[1:]:
        if _DATE.fullmatch(word) and len(word) >= 3:  # noqa: PLR2004 # shorter is a version
            skip_days = len(word) == 4 and word.startswith("20")  # noqa: PLR2004 # a year alone
            while found and skip_days and _MONTH.fullmatch(found[-1]):
                found.pop()
            continue
        if skip_days and (_MONTH.fullmatch(word) or re.fullmatch(r"\d\d\.\d\d", word)):
            continue
        skip_days = False
        found.append(word)
    return [*words[:1], *found]
