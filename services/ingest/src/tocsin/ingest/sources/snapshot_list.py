"""A list that is published whole, again and again: what was added to it, removed and changed."""

import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import ijson  # type: ignore[import-untyped]  # it ships no types

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Rows, Source

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_NAMED = 400  # rows that a notice names, of each sort
MAX_LABEL = 120


@dataclass(frozen=True)
class Row:
    """A row as it is remembered."""

    key: str
    digest: str
    label: str


@dataclass(frozen=True)
class Seen:
    """The list at one sight; ``number`` counts the sights that differed from the one before."""

    number: int = 0
    rows: dict[str, Row] = field(default_factory=dict)


def parse(source: Source, fetched: Fetched) -> Parsed:
    """One entry that tells what has changed since the last sight; the first sight is only remembered.

    The document is read as a stream: beside its 17 MB some 20 to 35 are held; ``json`` takes 75.
    Raises ``PollFailed`` when it is no such list.
    """
    rows = source.rows
    if rows is None:
        raise TypeError("a list has rows: Source sees to it")
    now, bad = _read(fetched.body, rows)
    if not now:
        raise PollFailed(
            Outcome.UNREADABLE, f"no rows in {rows.at!r}: empty, or its shape is not what it was"
        )
    before = _recall(fetched.validators.memory)
    if before is None:
        return Parsed((), bad, _note(Seen(0, now)))
    if before.rows == now:
        return Parsed((), bad)
    return Parsed((_entry(source.name, before, now, fetched),), bad, _note(Seen(before.number + 1, now)))


def _read(body: bytes, rows: Rows) -> tuple[dict[str, Row], tuple[BadEntry, ...]]:
    now: dict[str, Row] = {}
    bad: list[BadEntry] = []
    try:
        for place, given in enumerate(islice(ijson.items(io.BytesIO(body), f"{rows.at}.item"), MAX_ROWS), 1):
            try:
                row = _row(given, rows)
                now[row.key] = row
            except (ValueError, TypeError, RecursionError) as error:
                bad.append(plain.bad_entry(None, f"#{place}", error))
    except (ijson.JSONError, UnicodeError, RecursionError) as error:
        raise PollFailed(Outcome.UNREADABLE, f"not JSON: {error}") from error
    return now, tuple(bad[:MAX_NAMED])


def _row(given: Any, rows: Rows) -> Row:
    if not isinstance(given, dict):
        raise TypeError("it is not an object")
    key = given.get(rows.key)
    if not isinstance(key, str | int) or not _line(key):
        raise ValueError(f"it has no {rows.key!r}")
    settled = json.dumps(_settled(given), sort_keys=True, default=str)
    digest = hashlib.sha256(settled.encode(errors="replace")).hexdigest()[:12]
    return Row(_line(key), digest, _line(given.get(rows.label) or ""))


def _settled(value: Any) -> Any:
    """Lists in one order: a source that rebuilds its list hourly says nothing by another."""
    if isinstance(value, dict):
        return {name: _settled(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted(map(_settled, value), key=lambda part: json.dumps(part, sort_keys=True, default=str))
    return value


def _line(value: object) -> str:
    return " ".join(plain.plain(str(value), is_html=False).split())[:MAX_LABEL].strip()


def _entry(name: str, before: Seen, now: dict[str, Row], fetched: Fetched) -> Entry:
    sorts = {
        "added": [row for key, row in now.items() if key not in before.rows],
        "removed": [row for key, row in before.rows.items() if key not in now],
        "changed": [row for key, row in now.items() if before.rows.get(key, row) != row],
    }
    counts = ", ".join(f"{len(some):,} {sort}" for sort, some in sorts.items() if some)
    told = [line for sort, some in sorts.items() if some for line in _told(sort, some)]
    sha256 = hashlib.sha256(fetched.body).hexdigest()
    whole = f"The whole list, {len(now):,} rows, is the snapshot with SHA-256 {sha256}."
    # A list that changes back and forth makes a new document each time: the number is never the same.
    own = f"change {before.number + 1} from {_digest(before)}"
    return plain.within_limits(
        Entry(own, f"{name}: {counts}", "\n".join([*told, whole]), plain.address(fetched.location))
    )


def _told(sort: str, rows: list[Row]) -> Iterator[str]:
    yield f"{sort.capitalize()} ({len(rows):,}):"
    for row in rows[:MAX_NAMED]:
        yield f"{row.label} ({row.key})" if row.label and row.label != row.key else row.key
    if len(rows) > MAX_NAMED:
        yield f"and {len(rows) - MAX_NAMED:,} more"


def _digest(seen: Seen) -> str:
    return hashlib.sha256("".join(_lines(seen)).encode()).hexdigest()[:16]


def _lines(seen: Seen) -> Iterable[str]:
    yield f"{seen.number}\n"
    for row in seen.rows.values():
        yield f"{row.key}\t{row.digest}\t{row.label}\n"


def _note(seen: Seen) -> bytes:
    return zlib.compress("".join(_lines(seen)).encode())


def _recall(memory: bytes | None) -> Seen | None:
    if memory is None:
        return None
    number, *lines = zlib.decompress(memory).decode().rstrip("\n").split("\n")
    rows = (Row(*line.split("\t")) for line in lines)
    return Seen(int(number), {row.key: row for row in rows})
