"""Dead letters on a screen: a row each, or one whole, bounded and harmless whatever an outsider put in."""

import base64
import json as codec
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.structs import ConsumerRecord

from tocsin.chassis.letter import Letter, original
from tocsin.cli import output
from tocsin.cli.moments import shown

MOST_CHARACTERS = 8_000
MOST_BYTES = 512
MOST_IN_A_CELL = 80
LINE_BYTES = 16

Row = dict[str, Any]


def as_row(letter: Letter) -> Row:
    """A letter for programs."""
    why = letter.why
    return {
        "letter": str(letter.place),
        "state": letter.state.value,
        "buried_at": letter.buried_at.isoformat(),
        **{name: why.get(name) for name in ("service", "fault", "error", "message", "attempts")},
        "from": letter.origin,
        "id": letter.id,
        "key": _text(letter.key),
        "bytes": letter.size,
        "marked_at": letter.marked_at.isoformat() if letter.marked_at else None,
        "reason": letter.reason or None,
    }


def show_rows(letters: Sequence[Letter], *, empty: str) -> None:
    """A table of letters for people."""
    rows = [as_row(letter) for letter in letters]
    output.table(
        ("letter", "buried", "state", "service", "fault", "message", "id", "key"),
        (
            (
                row["letter"],
                shown(row["buried_at"]),
                row["state"] + (f": {row['reason']}" if row["reason"] else ""),
                row["service"],
                row["fault"],
                _short(row["message"]),
                _short(row["id"]),
                _short(row["key"]),
            )
            for row in rows
        ),
        empty=empty,
    )


def show_whole(letter: Letter, record: ConsumerRecord, *, json: bool) -> None:
    """One letter with its headers and its value: whole for programs, the beginning for people."""
    headers = [(name, _text(value)) for name, value in original(record)]
    row = as_row(letter)
    if json:
        output.as_json(row | {"headers": headers, **_whole(record.value)})
        return
    output.pairs(row | {"buried_at": shown(row["buried_at"]), "marked_at": shown(row["marked_at"])})
    output.table(
        ("header", "value"), ((_short(name), _short(value)) for name, value in headers), empty="no headers"
    )
    output.console.print(output.plain("\n".join(_preview(record.value))), soft_wrap=True)


def _whole(value: bytes | None) -> Row:
    try:
        return {"value": value.decode() if value is not None else None}
    except UnicodeDecodeError:
        return {"value_base64": base64.b64encode(value or b"").decode()}


def _preview(value: bytes | None) -> Iterable[str]:
    if value is None:
        return ["the value is null"]
    try:
        text = codec.dumps(codec.loads(value.decode()), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):  # no UTF-8, no JSON, or nested deeper than anything of ours
        return [*_hex(value[:MOST_BYTES]), *_more(len(value), MOST_BYTES, "bytes")]
    return [text[:MOST_CHARACTERS], *_more(len(text), MOST_CHARACTERS, "characters")]


def _hex(value: bytes) -> Iterable[str]:
    for first in range(0, len(value), LINE_BYTES):
        some = value[first : first + LINE_BYTES]
        readable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in some)  # noqa: PLR2004 - ASCII
        yield f"{first:06x}  {some.hex(' '):<{LINE_BYTES * 3}} {readable}"


def _more(there: int, most: int, unit: str) -> Iterable[str]:
    if there > most:
        yield f"… the first {most:,} of {there:,} {unit}; all of it with --json"


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MOST_IN_A_CELL else text[: MOST_IN_A_CELL - 1] + "…"
