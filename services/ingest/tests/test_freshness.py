"""How long an answer stays fresh, by RFC 9111."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.freshness import fresh_for

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
SENT, LATER = "Sat, 13 Jun 2026 00:50:00 GMT", "Sat, 13 Jun 2026 01:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": 'Public, MAX-AGE = "600"'}, 600),
        ({"Cache-Control": "max-age=600", "Age": "250"}, 350),
        ({"Cache-Control": "max-age=600", "Age": "900"}, 0),
        ({"Cache-Control": "s-maxage=600"}, 0),
        ({"Cache-Control": "max-age=600, no-cache"}, 0),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "max-age=-1"}, 0),
        ({"Cache-Control": "max-age=0", "Expires": LATER, "Date": SENT}, 0),
        ({"Expires": LATER, "Date": SENT}, 600),
        ({"Expires": LATER}, 600),
        ({"Expires": SENT, "Date": LATER}, 0),
        ({"Expires": "0"}, 0),
        ({"Expires": "-1"}, 0),
        ({"Cache-Control": "max-age=" + "9" * 100}, 9_999_999_999),
    ],
)
def test_an_answer_is_fresh_for_what_its_headers_say(headers: dict[str, str], seconds: float) -> None:
    assert fresh_for(headers, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["Cache-Control", "Expires", "Date", "Age"]), st.text()))
def test_no_header_breaks_it(headers: dict[str, str]) -> None:
    assert fresh_for(headers, NOW) >= 0
