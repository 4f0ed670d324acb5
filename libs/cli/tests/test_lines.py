"""Lines of a stream: none is lost, each knows its number, and what has come is not held back."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cli.lines import LONGEST, MOST_LINES, batches


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=50), st.booleans())
def test_no_line_is_lost_and_each_keeps_its_number(lines: list[bytes], ended: bool) -> None:
    stream = io.BytesIO(b"\n".join(lines) + (b"\n" if ended else b""))
    seen: dict[int, bytes] = {}
    for batch in batches(stream):
        seen |= dict(enumerate(batch.content.split(b"\n"), start=batch.before + 1))
        assert batch.upto - batch.before == batch.content.count(b"\n") + 1
    told = {number: line for number, line in seen.items() if line.strip()}
    assert told == {number: line for number, line in enumerate(lines, start=1) if line.strip()}


def test_many_lines_go_in_parts() -> None:
    parts = list(batches(io.BytesIO(b"x\n" * (2 * MOST_LINES + 1))))
    assert [(part.before, part.upto) for part in parts] == [
        (0, MOST_LINES),
        (MOST_LINES, 2 * MOST_LINES),
        (2 * MOST_LINES, 2 * MOST_LINES + 1),
    ]


def test_what_has_come_through_a_pipe_goes_before_the_rest_has_come() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as pipe:
        parts = batches(stream)
        pipe.write(b"one\ntw")
        assert next(parts).content == b"one"
        pipe.write(b"o\n")
        assert next(parts).content == b"two"


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(OSError, match="line 2 is longer") as refused:
        list(batches(io.BytesIO(b"one\n" + b"x" * (LONGEST + 100_000))))
    assert "line 2" in str(refused.value.strerror)
