"""Times as people type them."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.cli.failure import Failure
from tocsin.cli.moments import shown, since, until

NOW = datetime(2026, 6, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-06-13T00:50Z", datetime(2026, 6, 13, 0, 50, tzinfo=UTC)),
        ("2026-06-13T02:50+02:00", datetime(2026, 6, 13, 0, 50, tzinfo=UTC)),
        ("2026-06-13", datetime(2026, 6, 13, tzinfo=UTC)),
    ],
)
def test_a_span_or_a_time(text: str, moment: datetime) -> None:
    assert since(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [("30m", NOW + timedelta(minutes=30)), ("2026-06-14T09:00Z", datetime(2026, 6, 14, 9, tzinfo=UTC))],
)
def test_an_end_lies_ahead(text: str, moment: datetime) -> None:
    assert until(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "7", "-1d", "9999999d", "2026-13-01"])
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(Failure, match="is no time"):
        since(text, NOW)


def test_times_are_shown_in_utc_with_local_time_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import time  # noqa: PLC0415 - tzset is all that is needed of it

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert shown("2026-06-13T00:50:11Z") == "2026-06-13 00:50:11 UTC (02:50 CEST)"
    finally:
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
    assert shown("2026-06-13T00:50:11Z") == "2026-06-13 00:50:11 UTC"
    assert shown(None) is None
