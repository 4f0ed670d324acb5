"""Hours: when quiet hours end and when a digest is due, on the clocks of a team's place."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.contracts.channels import Digest
from tocsin.contracts.subscriptions import QuietHours, Team, Weekday

DAY = timedelta(days=1)
DAYS = tuple(Weekday)
MONDAY = 0
LONGEST = 8  # quiet hours in a row, a week of whole days and the night before


def quiet_until(team: Team, now: datetime) -> datetime | None:
    """When the quiet hours end that a team has now; None when it has none. What follows at once is one."""
    if team.quiet_hours is None:
        return None
    zone, end = ZoneInfo(team.time_zone), None
    for _ in range(LONGEST):
        following = _end(team.quiet_hours, zone, end or now)
        if following is None:
            break
        end = following
    return end


def digest_due(team: Team, digest: Digest, now: datetime) -> datetime:
    """When the period ends that a digest tells of; always after ``now``.

    That is the next full hour, or the next ``digest_at`` in the team's time zone, of any day or of a Monday.
    """
    if digest is Digest.HOURLY:
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    zone = ZoneInfo(team.time_zone)
    today = now.astimezone(zone).date()
    days = (today + DAY * ahead for ahead in range(-1, 9))
    wanted = (day for day in days if digest is Digest.DAILY or day.weekday() == MONDAY)
    return min(at for day in wanted if (at := _moment(day, team.digest_at, zone)) > now)


def _end(quiet: QuietHours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The end of the quiet hours that hold ``now``, each for itself."""
    today = now.astimezone(zone).date()
    for day in (today - DAY, today):
        if DAYS[day.weekday()] in quiet.days:
            over = day if quiet.begin < quiet.end else day + DAY
            end = _moment(over, quiet.end, zone)
            if _moment(day, quiet.begin, zone) <= now < end:
                return end
    return None


def _moment(day: date, at: str, zone: ZoneInfo) -> datetime:
    """The instant of a time of day.

    One that clocks skip is later by what they skip; of one that comes twice it is the first (PEP 495).
    """
    return datetime.combine(day, time.fromisoformat(at), zone).astimezone(UTC)
