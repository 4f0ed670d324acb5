"""Hours: quiet hours and digests on the clocks of any place, the days on which clocks change included."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts.channels import Digest
from tocsin.contracts.subscriptions import Team, Weekday
from tocsin.notify.pacing.hours import digest_due, quiet_until

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
LATER = (Digest.HOURLY, Digest.DAILY, Digest.WEEKLY)
CLOCKS = st.times().map(lambda at: f"{at:%H:%M}")
MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
LONGEST = {
    Digest.HOURLY: timedelta(hours=1),
    Digest.DAILY: timedelta(days=1),
    Digest.WEEKLY: timedelta(days=7),
}
CHANGED = timedelta(hours=25)  # clocks go back by an hour; Apia left a whole day out


def team(**other: Any) -> Team:
    declared = {"id": "t", "name": "T", "watches": [{"name": "w", "models": ["m"]}]}
    return Team.model_validate(declared | other)


def quiet(begin: str, end: str, zone: str = "Europe/Berlin", **other: Any) -> Team:
    return team(time_zone=zone, quiet_hours={"from": begin, "to": end} | other)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("of", "now", "until"),
    [
        (quiet("22:00", "07:00"), "2026-06-12 19:59", None),  # 21:59 in Berlin
        (quiet("22:00", "07:00"), "2026-06-12 20:00", "2026-06-13 05:00"),
        (quiet("22:00", "07:00"), "2026-06-13 04:59", "2026-06-13 05:00"),
        (quiet("22:00", "07:00"), "2026-06-13 05:00", None),
        (quiet("12:00", "13:00"), "2026-06-12 10:30", "2026-06-12 11:00"),
        (quiet("12:00", "13:00"), "2026-06-12 11:00", None),
        # They begin on Friday only: Saturday morning belongs to them, Saturday night does not.
        (quiet("22:00", "07:00", days=["fri"]), "2026-06-13 03:00", "2026-06-13 05:00"),
        (quiet("22:00", "07:00", days=["fri"]), "2026-06-13 21:00", None),
        # Two whole days follow each other.
        (quiet("00:00", "00:00", "UTC", days=["sat", "sun"]), "2026-06-13 08:00", "2026-06-15 00:00"),
        # The night in which clocks go forward is an hour shorter; the one in which they go back is longer.
        (quiet("22:00", "07:00"), "2026-03-28 22:00", "2026-03-29 05:00"),
        (quiet("22:00", "07:00"), "2026-10-24 21:00", "2026-10-25 06:00"),
        # 02:30 is skipped then, and comes twice in autumn.
        (quiet("02:30", "04:00"), "2026-03-29 01:29", None),
        (quiet("02:30", "04:00"), "2026-03-29 01:30", "2026-03-29 02:00"),
        (quiet("01:00", "02:30"), "2026-10-25 00:20", "2026-10-25 00:30"),
        (quiet("01:00", "02:30"), "2026-10-25 01:20", None),  # the second time round
        (team(), "2026-06-12 20:00", None),
    ],
)
def test_quiet_hours(of: Team, now: str, until: str | None) -> None:
    assert quiet_until(of, utc(now)) == (utc(until) if until else None)


@pytest.mark.parametrize(
    ("digest", "zone", "now", "due"),
    [
        (Digest.HOURLY, "Asia/Kolkata", "2026-06-12 20:00", "2026-06-12 21:00"),
        (Digest.HOURLY, "UTC", "2026-06-12 20:59", "2026-06-12 21:00"),
        (Digest.DAILY, "Europe/Berlin", "2026-06-12 06:59", "2026-06-12 07:00"),
        (Digest.DAILY, "Europe/Berlin", "2026-06-12 07:00", "2026-06-13 07:00"),
        (Digest.DAILY, "Europe/Berlin", "2026-03-28 08:00", "2026-03-29 07:00"),  # clocks go forward
        (Digest.DAILY, "America/New_York", "2026-06-12 02:00", "2026-06-12 13:00"),
        (Digest.WEEKLY, "Europe/Berlin", "2026-06-15 06:00", "2026-06-15 07:00"),  # a Monday
        (Digest.WEEKLY, "Europe/Berlin", "2026-06-15 07:00", "2026-06-22 07:00"),
        (Digest.WEEKLY, "Pacific/Auckland", "2026-06-14 20:59", "2026-06-14 21:00"),  # Monday there
    ],
)
def test_digests(digest: Digest, zone: str, now: str, due: str) -> None:
    assert digest_due(team(time_zone=zone), digest, utc(now)) == utc(due)


def test_a_time_that_clocks_skip_or_repeat_makes_one_digest() -> None:
    early = team(time_zone="Europe/Berlin", digest_at="02:30")
    assert digest_due(early, Digest.DAILY, utc("2026-03-29 00:00")) == utc("2026-03-29 01:30")
    assert digest_due(early, Digest.DAILY, utc("2026-10-25 00:00")) == utc("2026-10-25 00:30")
    assert digest_due(early, Digest.DAILY, utc("2026-10-25 00:31")) == utc("2026-10-26 01:30")


@given(now=MOMENTS, zone=st.sampled_from(ZONES), at=CLOCKS, digest=st.sampled_from(LATER))
def test_a_digest_is_due_in_the_future_and_the_same_for_its_whole_period(
    now: datetime, zone: str, at: str, digest: Digest
) -> None:
    of = team(time_zone=zone, digest_at=at)
    due = digest_due(of, digest, now)
    assert now < due <= now + LONGEST[digest] + CHANGED
    assert digest_due(of, digest, due - timedelta(microseconds=1)) == due
    assert digest_due(of, digest, now + (due - now) / 2) == due
    assert digest_due(of, digest, due) > due


@given(
    now=MOMENTS,
    zone=st.sampled_from(ZONES),
    begin=CLOCKS,
    end=CLOCKS,
    days=st.sets(st.sampled_from(list(Weekday)), min_size=1, max_size=6),
)
def test_quiet_hours_end_and_nothing_is_quiet_when_they_have(
    now: datetime, zone: str, begin: str, end: str, days: set[Weekday]
) -> None:
    of = quiet(begin, end, zone, days=sorted(days))
    until = quiet_until(of, now)
    if until is not None:
        assert now < until <= now + timedelta(days=8)
        assert quiet_until(of, until) is None
        local = until.astimezone(ZoneInfo(zone))
        skipped = local.utcoffset() != (until - timedelta(hours=26)).astimezone(ZoneInfo(zone)).utcoffset()
        assert skipped or f"{local:%H:%M}" == end
