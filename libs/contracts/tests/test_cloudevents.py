"""CloudEvents in binary mode: the SDK reads ours, we read the SDK's, and what is wrong says so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import NoticePublished
from tocsin.contracts.cloudevents import Received, Unreadable, from_record, header, to_record
from tocsin.contracts.trace import child_of, new_traceparent, trace_id

GOLDEN = Path(__file__).parents[1] / "golden"
NOTICE = NoticePublished.model_validate_json((GOLDEN / "NoticePublished.v1.json").read_bytes())
RECORD = to_record(
    NOTICE, source="ingest", time=datetime(2026, 6, 13, tzinfo=UTC), traceparent=new_traceparent()
)
VALUE = RECORD.value or b""


def test_what_is_written_is_read_back() -> None:
    assert from_record(Received(RECORD.value, RECORD.headers), NoticePublished) == NOTICE
    assert RECORD.key == NOTICE.document_id.encode()


def test_the_sdk_reads_ours_and_we_read_the_sdks() -> None:
    headers = {name: value for name, value in RECORD.headers if value is not None}
    event = from_binary_event(KafkaMessage(headers=headers, key=RECORD.key, value=VALUE))
    assert (event.get_id(), event.get_type()) == (NOTICE.id, NoticePublished.type)
    assert (event.get_source(), event.get_specversion()) == ("/tocsin/ingest", "1.0")
    again = to_binary_event(event)
    assert from_record(Received(again.value, tuple(again.headers.items())), NoticePublished) == NOTICE


def _with(**changes: bytes | None) -> tuple[tuple[str, bytes | None], ...]:
    renamed = {name.replace("content_type", "content-type"): value for name, value in changes.items()}
    return tuple((dict(RECORD.headers) | renamed).items())


@pytest.mark.parametrize(
    ("value", "headers", "says"),
    [
        (None, RECORD.headers, "null"),
        (b"", RECORD.headers, "Invalid JSON"),
        (b"not json", RECORD.headers, "Invalid JSON"),
        (b'"\xff\xfe"', RECORD.headers, "Invalid JSON"),
        (b"[" * 100_000, RECORD.headers, "Invalid JSON"),
        (b"{}", RECORD.headers, "id: Field required"),
        (b'{"id": 5}', RECORD.headers, "id: Input should be a valid string"),
        (VALUE, (), "ce_type is None"),
        (VALUE, _with(ce_type=None), "ce_type is None"),
        (VALUE, _with(ce_type=b"\xff"), "ce_type is None"),
        (VALUE, _with(ce_type=b"tocsin.notice.published.v2"), "v2"),
        (VALUE, _with(content_type=b"application/cloudevents+json"), "content-type"),
    ],
)
def test_what_is_no_event_says_why(
    value: bytes | None, headers: tuple[tuple[str, bytes | None], ...], says: str
) -> None:
    with pytest.raises(Unreadable, match=says):
        from_record(Received(value, headers), NoticePublished)


def test_a_strange_header_of_others_is_harmless() -> None:
    strange = (("x-null", None), ("x-bytes", b"\xff\x00"), ("reply_to", b"elsewhere"))
    assert from_record(Received(VALUE, (*strange, *RECORD.headers)), NoticePublished) == NOTICE


@given(st.binary(), st.lists(st.tuples(st.text(), st.none() | st.binary())))
def test_whatever_comes_is_read_or_refused(value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    with pytest.raises(Unreadable):
        from_record(Received(value, headers), NoticePublished)
    assert header(headers, "ce_type") is None or isinstance(header(headers, "ce_type"), str)


def test_a_trace_goes_on_and_a_malformed_one_starts_anew() -> None:
    first = new_traceparent()
    assert trace_id(child_of(first)) == trace_id(first)
    assert child_of(first) != first
    for malformed in (None, "", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", first.upper(), first + "\nx: y"):
        assert trace_id(malformed) is None
        assert trace_id(child_of(malformed)) is not None
