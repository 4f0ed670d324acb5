"""JSON answers of every kind: an object, a list in it, and items each of which costs only itself."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed

Item = dict[str, Any]  # what a source sends: nothing in it is certain


def decode(fetched: Fetched) -> Item:
    """The object that a document is. Raises ``PollFailed`` when it is none."""
    try:
        answer = json.loads(fetched.body)
    except (ValueError, RecursionError) as error:
        raise PollFailed(Outcome.UNREADABLE, f"not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise PollFailed(Outcome.UNREADABLE, "JSON, but no object")
    return answer


def listed(answer: Item, name: str) -> list[Any]:
    """The list of that name. Raises ``PollFailed`` when there is none."""
    items = answer.get(name)
    if not isinstance(items, list):
        raise PollFailed(Outcome.UNREADABLE, f"it has no list of {name!r}: its shape is not what it was")
    return items


def read(items: Iterable[Any], entry: Callable[[Item], Entry], own_id: str) -> Parsed:
    """Each item's entry; one that cannot be read is called by its field ``own_id``, else by its place."""
    entries: list[Entry] = []
    bad: list[BadEntry] = []
    for place, item in enumerate(items, start=1):
        try:
            entries.append(entry(_object(item)))
        except Exception as error:  # noqa: BLE001 - one bad item, however bad, costs only itself
            own = item.get(own_id) if isinstance(item, dict) else None
            bad.append(plain.bad_entry(own if isinstance(own, str | int) else None, f"#{place}", error))
    return Parsed(tuple(entries), tuple(bad))


def _object(item: Any) -> Item:
    if not isinstance(item, dict):
        raise TypeError("it is not an object")
    return item


def text(value: object) -> str:
    """The text that a field holds; nothing when it holds anything else."""
    return value if isinstance(value, str) else ""


def words(value: object) -> str:
    """The plain text of a field that should hold no markup."""
    return plain.plain(text(value), is_html=False)


def moment(value: object) -> datetime | None:
    """A date or time of ISO 8601 in UTC, which it is taken for where it names no zone."""
    try:
        when = datetime.fromisoformat(text(value))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
