"""Proves a set of rule files and names every flaw: the file, the rule and what is wrong."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from tocsin.classify.phrases import Lexicons, Phrase, compile_phrase
from tocsin.classify.rules.book import CUES, NAMES, VETOES, Rows, Texts, rows
from tocsin.classify.rules.load import (
    ABROAD,
    FILES,
    Row,
    build_cues,
    build_lexicons,
    build_rule,
    build_senses,
    build_tongue,
    build_veto,
)

LISTS = (*FILES, CUES, VETOES)  # files that are a list of rows; the others are mappings
WRONG = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    re.error,
)  # what a flawed row makes the loader raise


@dataclass(frozen=True)
class Flaw:
    """One thing wrong. ``rule`` is empty where it concerns the file."""

    file: str
    rule: str
    says: str


@dataclass(frozen=True)
class Report:
    """What was looked at, and the flaws; the files load when there are none."""

    rules: int
    cues: int
    vetoes: int
    examples: int
    flaws: tuple[Flaw, ...]


def check(texts: Texts) -> Report:
    """Load every file and prove every example. Never raises for what a file holds."""
    data, flaws = _parsed(texts)
    shelf = [rows(name, data[name]) for name in (*LISTS, *ABROAD) if name in data]
    if not flaws:
        flaws = [*_row_flaws(shelf, data), *_support_flaws(data), *_links(shelf)]
    every = [row for file in shelf for row in (*file.rules, *file.cues, *file.vetoes)]
    return Report(
        rules=sum(len(file.rules) for file in shelf),
        cues=sum(len(file.cues) for file in shelf),
        vetoes=sum(len(file.vetoes) for file in shelf),
        examples=sum(len(row.get(kind) or ()) for row in every for kind in ("fires", "silent")),
        flaws=tuple(dict.fromkeys(flaws)),
    )


def _parsed(texts: Texts) -> tuple[dict[str, Any], list[Flaw]]:
    """Every file decoded that has the right shape, and a flaw for each that has not."""
    data: dict[str, Any] = {}
    flaws: list[Flaw] = []
    for name in NAMES:
        try:
            found = yaml.safe_load(texts[name])
        except yaml.YAMLError as error:
            flaws.append(Flaw(name, "", f"is no YAML: {' '.join(str(error).split())}"))
            continue
        if isinstance(found, list if name in LISTS else dict):
            data[name] = found
        else:
            flaws.append(Flaw(name, "", f"must be a {'list of rules' if name in LISTS else 'mapping'}"))
    return data, flaws


def _row_flaws(shelf: Sequence[Rows], data: Mapping[str, Any]) -> Iterator[Flaw]:
    for file in shelf:
        lexicons = _lexicons(file, data)
        for row in file.rules:
            yield from _tried(file.file, _id(row), partial(build_rule, row, lexicons))
        yield from _tried(
            file.file, "", partial(build_cues, file.cues, lexicons)
        )  # each is proved against all
        for row in file.vetoes:
            yield from _tried(file.file, _id(row), partial(build_veto, row, lexicons))


def _lexicons(file: Rows, data: Mapping[str, Any]) -> Lexicons:
    try:
        return build_lexicons(data["lexicon"] if file.lexicon == "lexicon" else data[file.lexicon]["lexicon"])
    except WRONG:
        return {}  # told by the support flaws


def _support_flaws(data: Mapping[str, Any]) -> Iterator[Flaw]:
    yield from _tried("lexicon", "", partial(build_lexicons, data["lexicon"]))
    lexicons = _lexicons(Rows("lexicon", "lexicon", {}), data)
    for name in ("marks", "laws"):
        for key, phrases in data[name].items():
            yield from _tried(name, key, partial(_compiled, phrases, lexicons))
    yield from _tried("sense", "", partial(build_senses, data["sense"]))
    for name in ABROAD:
        if not any(True for _ in _row_flaws([rows(name, data[name])], data)):  # then what is left is the rest
            yield from _tried(name, "", partial(build_tongue, data[name]))


def _compiled(phrases: Iterable[str], lexicons: Lexicons) -> list[Phrase]:
    return [compile_phrase(phrase, lexicons) for phrase in phrases]


def _links(shelf: Sequence[Rows]) -> Iterator[Flaw]:
    """Ids are there once, and a rule needs only rules that there are."""
    every = [(file.file, row) for file in shelf for row in (*file.rules, *file.cues, *file.vetoes)]
    known = Counter(_id(row) for _, row in every)
    for name, row in every:
        if known[_id(row)] > 1:
            yield Flaw(name, _id(row), "the id is there twice")
        for needed in row.get("needs") or ():
            if needed not in known:
                yield Flaw(name, _id(row), f"needs {needed}, which is no rule")


def _tried(file: str, rule: str, build: Callable[[], object]) -> Iterator[Flaw]:
    try:
        build()
    except KeyError as error:
        yield Flaw(file, rule, f"lacks the field {error}")
    except WRONG as error:
        yield Flaw(file, rule, str(error).removeprefix(f"{rule}: ").removeprefix(f"{rule} "))


def _id(row: Row) -> str:
    return str(row.get("id", "a rule without id"))
