"""Finds days and times in a folded sentence, absolute or counted from the day of the notice."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PAST, FUTURE = timedelta(days=3_660), timedelta(days=7_320)  # what lies beyond is a slip, or hostile
BESIDE = 32  # characters beside a day in which its time of day may stand

_MONTHS = (
    "january enero januar jänner janvier jan",
    "february febrero februar février feb",
    "march marzo märz mars mar",
    "april abril avril apr",
    "may mayo mai",
    "june junio juni juin jun",
    "july julio juli juillet jul",
    "august agosto août aug",
    "september septiembre setiembre septembre sept sep",
    "october octubre oktober octobre oct",
    "november noviembre novembre nov",
    "december diciembre dezember décembre dec",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_WEEKDAYS = (
    "monday lunes montag lundi",
    "tuesday martes dienstag mardi",
    "wednesday miércoles mittwoch mercredi",
    "thursday jueves donnerstag jeudi",
    "friday viernes freitag vendredi",
    "saturday sábado samstag samedi",
    "sunday domingo sonntag dimanche",
)
_WEEKDAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_HOURS = "hours? horas? stunden? heures? 小时 小時 時間 시간"
_DAYS = "days? días? tage?n? jours? calendar_days? 天 日 일"
_WEEKS = "weeks? semanas? wochen? semaines? 周 週間 週 주"
_MONTHS_LONG = "months? mes(?:es)? monate?n? mois 个月 個月 か月 ヶ月 개월"
_YEARS = "years? años? jahre?n? ans? 年 년"
_UNITS = {"hours": _HOURS, "days": _DAYS, "weeks": _WEEKS, "months": _MONTHS_LONG, "years": _YEARS}
_TODAY = "today tonight hoy esta_noche heute aujourd'hui 今天 今日 今晚 本日 오늘"
_TODAY += " this_morning this_afternoon this_evening immediately effective_immediately with_immediate_effect"
_TODAY += " de_inmediato con_efecto_inmediato ab_sofort mit_sofortiger_wirkung avec_effet_immédiat"
_TODAY += " immédiatement 即日 立即 即刻 直ちに 즉시"
_TOMORROW = "tomorrow mañana morgen demain 明天 明日 내일"
_ZONES = {
    "America/New_York": "et est edt eastern",
    "America/Chicago": "ct cst cdt central",
    "America/Los_Angeles": "pt pst pdt pacific",
    "Europe/London": "bst london",
    "Europe/Paris": "cet cest mez mesz paris berlin brussels",
    "Asia/Tokyo": "jst tokyo japan 日本時間",
    "Asia/Seoul": "kst seoul korea 한국시간",
    "Asia/Shanghai": "beijing china 北京时间 北京時間",
    "UTC": "utc gmt z",
}
_ZONE_OF = {name: zone for zone, names in _ZONES.items() for name in names.split()}
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_OF = {word: number for number, word in enumerate(_NUMBERS.split(), 1)}
_NUMBER_OF |= {"thirty": 30, "sixty": 60, "ninety": 90, "forty five": 45, "fourteen": 14, "fifteen": 15}


def _any(words: str) -> str:
    """One of these words, each whole; words of Han, Kana and Hangul stand without spaces."""
    latin = [word for word in words.split() if word < "\u2e80"]
    wide = [word for word in words.split() if word >= "\u2e80"]
    ordered = sorted(latin, key=len, reverse=True)
    parts = [rf"\b(?:{'|'.join(ordered)})\b".replace("_", " ")] if latin else []
    return f"(?:{'|'.join([*parts, *wide])})"


_MONTH = rf"(?P<month>{_any(' '.join(_MONTHS))})\.?"
_YEAR = r"(?:,? (?:de |del |of )?(?P<year>\d{4})(?!\d))?"
_COUNT = rf"(?P<count>(?<![\d.,$€£])\d{{1,4}}|\b(?:{'|'.join(_NUMBER_OF)})\b)"
_UNIT = "|".join(f"(?P<{name}>{_any(words)})" for name, words in _UNITS.items())
_ZONE = rf"(?: ?\(?(?:u\.?s\.? )?(?P<zone>{_any(' '.join(_ZONE_OF))})(?: (?:standard |daylight )?time)?)"
_CLOCK = re.compile(
    r"(?<![\d.:])(?:(?P<word>midnight|noon)|(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?::\d{2})?"
    rf" ?(?P<half>a\.?m\b\.?|p\.?m\b\.?)|(?P<hour24>\d{{1,2}}):(?P<minute24>\d{{2}})(?::\d{{2}})?){_ZONE}?"
)
_JOINT = re.compile(r"[\s,(]*(?:(?:on|at|from|by|of|am|um|a las|à)\b[\s,(]*){0,2}")


@dataclass(frozen=True)
class Moment:
    """A day, or a time when ``timed``, and where the sentence says so: [start, end)."""

    at: datetime
    start: int
    end: int
    timed: bool = False


def moments(text: str, said: datetime) -> list[Moment]:
    """Every day and time in a folded sentence, in order of appearance.

    A day is midnight UTC, also when a clause says `tonight`; a time of day beside it is taken in the zone
    that it names, else in UTC. A day without a year is the one nearest to ``said``, a weekday the next one.
    Days that do not exist, lie ten years back or twenty ahead, or may be read in two ways (`3/4/2026`) are
    left out. Nothing in a text makes it raise.
    """
    found: list[Moment] = []
    for pattern, reader in _FORMS:
        for match in pattern.finditer(text):
            at = _tried(reader, match, said)
            taken = any(match.start() < other.end and other.start < match.end() for other in found)
            if at is not None and not taken and -PAST < at - said < FUTURE:
                timed = bool(match.groupdict().get("hours"))
                found.append(_at_clock(text, Moment(at, match.start(), match.end(), timed)))
    return sorted(found, key=lambda moment: moment.start)


def lasting(match: re.Match[str], since: datetime) -> datetime | None:
    """``since`` and the span of time that a match of ``SPAN`` counts; None where it leaves the calendar."""
    return _tried(_counted, match, since)


def _tried(
    reader: Callable[[re.Match[str], datetime], datetime | None], match: re.Match[str], said: datetime
) -> datetime | None:
    try:
        return reader(match, said)
    except (ValueError, OverflowError):  # 31 February, the year 99999
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _named(match: re.Match[str], said: datetime) -> datetime | None:
    return _nearest(match["year"], _MONTH_OF[match["month"]], int(match["day"]), said)


def _numbered(match: re.Match[str], said: datetime) -> datetime | None:
    return _nearest(match["year"], int(match["month"]), int(match["day"]), said)


def _slashed(match: re.Match[str], said: datetime) -> datetime | None:
    first, second = int(match["first"]), int(match["second"])
    if first <= 12 and second <= 12 and first != second:  # noqa: PLR2004 # months of a year
        return None
    return _nearest(match["year"], min(first, second), max(first, second), said)


def _era(match: re.Match[str], said: datetime) -> datetime | None:
    """Reiwa 1 was 2019, and year 1 of the Republic of China 1912."""
    begun = 2018 if match["era"] == "令和" else 1911
    return _nearest(str(begun + int(match["year"])), int(match["month"]), int(match["day"]), said)


def _nearest(year: str | None, month: int, day: int, said: datetime) -> datetime | None:
    if year is not None:
        return _midnight(date(int(year), month, day))
    days = [
        _midnight(date(said.year + turn, month, day))
        for turn in (-1, 0, 1)
        if _is_day(said, turn, month, day)
    ]
    return min(days, key=lambda at: abs(at - said), default=None)


def _is_day(said: datetime, turn: int, month: int, day: int) -> bool:
    try:
        date(said.year + turn, month, day)
    except ValueError:
        return False
    return True


def _today(_: re.Match[str], said: datetime) -> datetime:
    return _midnight(said.date())


def _tomorrow(_: re.Match[str], said: datetime) -> datetime:
    return _midnight(said.date() + timedelta(days=1))


def _weekday(match: re.Match[str], said: datetime) -> datetime:
    ahead = (_WEEKDAY_OF[match["weekday"]] - said.weekday()) % 7
    if match["next"] and not ahead:
        ahead = 7
    return _midnight(said.date() + timedelta(days=ahead))


def _next(match: re.Match[str], said: datetime) -> datetime:
    """The first day of the next week, month or year."""
    day = said.date()
    if match["period"] == "week":
        return _midnight(day + timedelta(days=7 - day.weekday()))
    return _midnight(_month_later(day.replace(day=1), 1 if match["period"] == "month" else 13 - day.month))


def _end_of(match: re.Match[str], said: datetime) -> datetime:
    """The last day of this week, month or year, or of the month named."""
    day = said.date()
    if match["month"]:
        named = _nearest(match["year"], _MONTH_OF[match["month"]], 1, said)
        day = (named or said).date()
    elif match["period"] == "week":
        return _midnight(day + timedelta(days=6 - day.weekday()))
    elif match["period"] == "year":
        return _midnight(day.replace(month=12, day=31))
    return _midnight(_month_later(day.replace(day=1), 1) - timedelta(days=1))


def _counted(match: re.Match[str], said: datetime) -> datetime:
    count = _NUMBER_OF.get(match["count"]) or int(match["count"])
    if match["hours"]:
        return said + timedelta(hours=count)
    if match["months"] or match["years"]:
        return _midnight(_month_later(said.date(), count * (12 if match["years"] else 1)))
    return _midnight(said.date() + timedelta(days=count * (7 if match["weeks"] else 1)))


def _month_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                continue
    raise ValueError(f"no day {months} months after {day}")


def _at_clock(text: str, moment: Moment) -> Moment:
    """The moment with the time of day that stands beside it, if one does."""
    for clock in _clocks(text, moment):
        hour, minute = _hour_of(clock)
        if hour > 23 or minute > 59:  # noqa: PLR2004 # hours of a day, minutes of an hour
            continue
        zone = ZoneInfo(_ZONE_OF.get(clock["zone"] or "", "UTC"))
        at = datetime.combine(moment.at.date(), time(hour, minute), zone).astimezone(UTC)
        return Moment(at, min(moment.start, clock.start()), max(moment.end, clock.end()), timed=True)
    return moment


def _clocks(text: str, moment: Moment) -> Iterator[re.Match[str]]:
    """Times of day right behind or right before a moment, with nothing but `at`, `on` or a comma between."""
    joint = _JOINT.match(text, moment.end)
    behind = _CLOCK.match(text, joint.end() if joint else moment.end)
    if behind is not None:
        yield behind
    first = max(0, moment.start - BESIDE)
    for before in _CLOCK.finditer(text, first, moment.start):
        if _JOINT.fullmatch(text, before.end(), moment.start):
            yield before


def _hour_of(clock: re.Match[str]) -> tuple[int, int]:
    if clock["word"]:
        return (0, 0) if clock["word"] == "midnight" else (12, 0)
    if clock["hour24"]:
        return int(clock["hour24"]), int(clock["minute24"])
    hour = int(clock["hour"]) % 12 + (12 if clock["half"].startswith("p") else 0)
    return hour, int(clock["minute"] or 0)


_DAY = r"(?<![\d.,$€£])(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?"
_NO_VERB = r"(?! (?:be|not|have|also|only|apply|require|include|contain|use|lead|cause)\b)"
SPAN = re.compile(rf"{_COUNT}(?: (?:calendar|business|working))? ?(?:{_UNIT})")
_AHEAD = r"\b(?:in|within|after|binnen|innerhalb von|dans|sous|en|dentro de)(?: (?:the next|a|about|the))?"
_LATER = (
    r"(?:from (?:now|today)|(?:after|from|following) (?:\w+ ){0,3}(?:publication|notice|date)|later"
    r"|nach|après|después|后|後|内|內|以内|以內|후|이내|안에)"
)
_WIDE_DAY = (
    r"(?:(?<!\d)(?P<year>\d{4}) ?[年년] ?)?"
    r"(?<!\d)(?P<month>\d{1,2}) ?[月월] ?(?P<day>\d{1,2})[日號号일]"
)
_MONTH_FIRST = (
    rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?![\d%.:]\d|\d|%| ?(?:percent|per cent|million|billion)){_YEAR}"
)
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], datetime | None]], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(?<!\d)(?P<year>\d{4})(?P<mark>[ /.])(?P<month>\d{2})(?P=mark)(?P<day>\d{2})(?!\d)", _numbered),
        (r"(?<![\d.])(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})(?!\d)", _numbered),
        (r"(?<![\d/])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})(?!\d)", _slashed),
        (r"(?P<era>令和|民國|民国)(?P<year>\d{1,3})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日", _era),
        (_WIDE_DAY, _numbered),
        (rf"{_DAY} (?:of |de )?{_MONTH}(?!\w){_NO_VERB}{_YEAR}", _named),
        (_MONTH_FIRST, _named),
        (rf"\bend of (?:the |this |next )?(?:(?P<period>month|week|year)\b|{_MONTH}(?!\w){_YEAR})", _end_of),
        (r"\b(?:early |from )?next (?P<period>week|month|year)\b", _next),
        (rf"\b(?P<next>next |nächsten |prochain )?(?P<weekday>{_any(' '.join(_WEEKDAYS))})", _weekday),
        (rf"{_AHEAD} {SPAN.pattern}", _counted),
        (rf"{SPAN.pattern} ?{_LATER}", _counted),
        (_any(_TODAY), _today),
        (_any(_TOMORROW), _tomorrow),
        (r"\bmidnight\b", _today),
    )
)
