"""What a channel says of when to come back, whoever wrote it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest import hints
from tocsin.ingest.hints import Hints

SY = b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'

SKIPPED = b"""
    <skipHours><hour>0</hour><hour>24</hour><hour>7</hour></skipHours>
    <skipDays><day>Sunday</day><day>saturday</day><day>Someday</day></skipDays>
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<rss><channel><ttl>60</ttl><item/></channel></rss>", Hints(ttl=3_600.0)),
        (b"<rss><channel><item/><ttl> 5 </ttl></channel></rss>", Hints(ttl=300.0)),
        (b"<rss><channel><item><ttl>60</ttl></item></channel></rss>", Hints()),
        (b"<rss><channel><item/><item><ttl>60</ttl></item></channel></rss>", Hints()),
        (b"<ttl>-5</ttl><ttl>soon</ttl>", Hints()),
        (b"<ttl>99999999999999</ttl>", Hints()),
        (SY + b"<sy:updatePeriod>\n hourly </sy:updatePeriod>", Hints(period=3_600.0)),
        (
            SY + b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            Hints(period=21_600.0),
        ),
        (
            SY + b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            Hints(period=3_600.0),
        ),
        (SY + b"<sy:updatePeriod>often</sy:updatePeriod>", Hints()),
        (
            SKIPPED,
            Hints(skip_hours=(0, 7), skip_days=(5, 6)),
        ),
        (b"", Hints()),
        (b"<skipHours>" * 10_000, Hints()),
        (b"<item>" * 100_000 + b"<ttl>1</ttl>", Hints(ttl=60.0)),
    ],
)
def test_the_channels_own_words_are_read(body: bytes, expected: Hints) -> None:
    assert hints.read(body) == expected


@given(st.binary() | st.text(alphabet="<>/ttlskipHours 0123456789itemhourday:updatePeriod").map(str.encode))
def test_no_bytes_break_it(body: bytes) -> None:
    hints.read(body).silent_for(datetime(2026, 6, 13, tzinfo=UTC))


@pytest.mark.parametrize(
    ("skipped", "when", "seconds"),
    [
        (Hints(), datetime(2026, 6, 13, 7, 30, tzinfo=UTC), 0),
        (Hints(skip_hours=(7, 8)), datetime(2026, 6, 13, 7, 30, tzinfo=UTC), 5_400),
        (Hints(skip_hours=(7, 8)), datetime(2026, 6, 13, 9, 0, tzinfo=UTC), 0),
        (Hints(skip_days=(5, 6)), datetime(2026, 6, 13, 12, 0, tzinfo=UTC), 36 * 3_600),  # a Saturday
        (Hints(skip_hours=tuple(range(24))), datetime(2026, 6, 13, tzinfo=UTC), 7 * 86_400),
    ],
)
def test_a_skipped_hour_lasts_to_its_end(skipped: Hints, when: datetime, seconds: float) -> None:
    assert skipped.silent_for(when) == seconds
