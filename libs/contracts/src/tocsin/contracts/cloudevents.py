"""CloudEvents 1.0 in Kafka's binary mode: the value is the data, the attributes are headers.

Source: CloudEvents Kafka Protocol Binding 1.0.2, sections 3.1 and 3.2.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from tocsin.contracts.message import Event

E = TypeVar("E", bound=Event)
Headers = tuple[tuple[str, bytes | None], ...]

JSON = b"application/json"


class Unreadable(ValueError):
    """A record that is not the event it should be; the message says what is wrong. Trying again is vain."""


@dataclass(frozen=True)
class Record:
    """A Kafka record before it is sent. ``value`` None is a tombstone; ours always have a key."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True)
class Received:
    """The parts of a consumed record that decoding needs; headers may hold anything."""

    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]] = ()


def to_record(event: Event, *, source: str, time: datetime, traceparent: str) -> Record:
    """Encode one event. ``source`` is the service that speaks: it becomes ``ce_source`` as `/tocsin/NAME`."""
    headers: Headers = (
        ("ce_specversion", b"1.0"),
        ("ce_type", event.type.encode()),
        ("ce_source", f"/tocsin/{source}".encode()),
        ("ce_id", event.id.encode()),
        ("ce_time", time.astimezone(UTC).isoformat().encode()),
        ("content-type", JSON),
        ("traceparent", traceparent.encode()),
    )
    return Record(key=event.key().encode(), value=event.model_dump_json().encode(), headers=headers)


def from_record(record: Received, expected: type[E]) -> E:
    """Decode one record, or raise ``Unreadable`` with a reason fit for a dead letter.

    Only ``ce_type`` and ``content-type`` are looked at; a header with a null or non-UTF-8 value is
    harmless unless it is one of these.
    """
    if record.value is None:
        raise Unreadable("the value is null: a tombstone is not an event")
    told = header(record.headers, "ce_type")
    if told != expected.type:
        raise Unreadable(f"ce_type is {told!r}, expected {expected.type!r}")
    media_type = header(record.headers, "content-type") or ""
    if not media_type.lower().startswith("application/json"):
        raise Unreadable(f"content-type is {media_type!r}, expected 'application/json'")
    try:
        return expected.model_validate_json(record.value)
    except ValidationError as error:
        raise Unreadable(describe(error)) from error


def header(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    """The value of a header as text: None when it is absent, null or not UTF-8."""
    for key, value in headers:
        if key == name and value is not None:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def describe(error: ValidationError, most: int = 5) -> str:
    """A validation error in one line a person can act on: where, and what is wrong there."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, p['loc'])) or 'value'}: {p['msg']}" for p in problems[:most]]
    more = [f"and {len(problems) - most} more"] if len(problems) > most else []
    return "; ".join(told + more)
