"""The rule files as a person reads them: chapters of entries, each with its words, source and examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tocsin.classify.rules.load import ABROAD, FILES, SUPPORT, Row

CUES, VETOES = "stage", "veto"
NAMES = (*FILES, *SUPPORT, *ABROAD)

Texts = Mapping[str, str]  # what stands in each rule file, by its name without `.yaml`


class NoRules(Exception):
    """A path that holds no rule files; the message says what it should hold."""


@dataclass(frozen=True)
class Rows:
    """What one file holds, undone from its layout. ``lexicon`` names the file of the lexicons it uses."""

    file: str
    lexicon: str
    language: Row  # what each of its rows is in: empty for English
    rules: tuple[Row, ...] = ()
    cues: tuple[Row, ...] = ()
    vetoes: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A rule, a cue or a veto as written. ``says`` is its claim: `sanctions/lifted`, `denied`, `no act`."""

    id: str
    kind: str
    says: str
    words: str
    source: str
    genres: tuple[str, ...]  # none: every one
    phrases: tuple[str, ...]
    unless: tuple[str, ...]
    fires: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """One file of rules; ``about`` is the remark at its head."""

    name: str
    about: str
    entries: tuple[Entry, ...]


def shipped() -> Texts:
    """The rule files that ship with classify."""
    return {name: files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES}


def with_files_of(path: Path) -> Texts:
    """The shipped files, those replaced that stand at ``path``: a folder of rule files, or one of them."""
    found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    strange = [file.name for file in found if file.stem not in NAMES]
    if strange or not found:
        fault = f"{', '.join(strange)} is none" if strange else "none is there"
        raise NoRules(f"{path}: rule files are named {', '.join(NAMES)}, each .yaml; {fault}")
    return {**shipped(), **{file.stem: file.read_text(encoding="utf-8") for file in found}}


def rows(name: str, data: Any) -> Rows:
    """What a decoded rule file holds; what is no rule, cue or veto is left out."""
    if name in ABROAD:
        language = {"language": data.get("language")}
        acts, cues, vetoes = (_rows(data.get(part), language) for part in ("acts", CUES, VETOES))
        return Rows(name, name, language, acts, cues, vetoes)
    found = _rows(data, {})
    return Rows(
        name,
        "lexicon",
        {},
        found if name in FILES else (),
        found if name == CUES else (),
        found if name == VETOES else (),
    )


def chapters(texts: Texts) -> tuple[Chapter, ...]:
    """Every file that holds rules, cues or vetoes, in the order in which they are tried."""
    return tuple(
        Chapter(name, _about(texts[name]), tuple(_entries(rows(name, yaml.safe_load(texts[name])))))
        for name in (*FILES, CUES, VETOES, *ABROAD)
    )


def entries(texts: Texts) -> Iterator[tuple[str, Entry]]:
    """Every entry with the name of its file."""
    for chapter in chapters(texts):
        for entry in chapter.entries:
            yield chapter.name, entry


def _rows(found: Any, language: Row) -> tuple[Row, ...]:
    return tuple({**row, **language} for row in found or () if isinstance(row, dict))


def _about(text: str) -> str:
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.removeprefix("#").strip() for line in lines[:end])


def _entries(found: Rows) -> Iterator[Entry]:
    for row in found.rules:
        yield _entry(row, "rule", row["say"])
    for row in found.cues:
        yield _entry(row, "cue", row["is"])
    for row in found.vetoes:
        yield _entry(row, "veto", "no act")


def _entry(row: Row, kind: str, says: str) -> Entry:
    return Entry(
        id=row["id"],
        kind=kind,
        says=says,
        words=row["words"],
        source=row["source"],
        genres=tuple(row.get("for", ())),
        phrases=tuple(row["any"]),
        unless=tuple(row.get("unless", ())),
        fires=tuple(row["fires"]),
        silent=tuple(row["silent"]),
    )
