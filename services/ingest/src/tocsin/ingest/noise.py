"""Tells the lines of a page that say something from clocks, counters and banners, and compares two sights."""

import re
from collections.abc import Iterable, Sequence

MAX_BANNER = 400  # characters

_NUMBER = r"\d[\d,.]*\s?[kKmM]?"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s*)?"
_DAY = (
    rf"{_WEEKDAY}(?:\d{{1,2}}\.?\s+{_MONTH},?\s+\d{{4}}|{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})"
)
_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{2,5}|[+-]\d\d:?\d\d)?"
_SPAN = r"(?:s|secs?|seconds?|mins?|minutes?|h|hours?|days?|weeks?|months?|years?)"
_AGO = rf"(?:{_NUMBER}|an?)\s*{_SPAN}\s+ago|just now|today|yesterday"
_WHEN = rf"(?:{_DAY}(?:[,\s]+(?:at\s+)?{_CLOCK})?|{_CLOCK}|{_AGO})"
_COUNTED = (
    r"(?:views?|likes?|shares?|comments?|reads?|readers?|followers?|reactions?|downloads?|visitors?"
    r"|people (?:are )?(?:reading|viewing)[\w ]*)"
)
_LINE = re.compile(
    rf"""
    (?:(?:(?:last|page)\s+)*(?:updated|modified|refreshed|reviewed|checked|generated|loaded)
        (?:\s+(?:on|at))?\s*:?\s*)?{_WHEN}
    |{_NUMBER}\s*{_COUNTED}
    |{_COUNTED}\s*:?\s*{_NUMBER}
    |{_NUMBER}[\s-]*min(?:ute)?s?\s+read
    |(?:©|\(c\)|copyright).{{0,120}}
    |(?:share|tweet|print|e-?mail|copy\s+link|subscribe|sign\s+(?:in|up)|log\s+in|menu|search|read\s+more|load\s+more
        |back\s+to\s+top|skip\s+to\s+(?:main\s+)?content|accept(?:\s+all)?|reject(?:\s+all)?)(?:\s+this)?(?:\s+(?:on|via)\s+\w+)?
    |[\W\d_]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BANNER = re.compile(r"\bcookies?\b", re.IGNORECASE)
_CONSENT = re.compile(r"\b(?:accept|consent|we use|uses|preferences|settings|agree)\b", re.IGNORECASE)
_WITHIN = re.compile(rf"(?:^|[\s·|(,-])(?:{_NUMBER}\s*{_COUNTED}|{_AGO})(?=$|[\s·|),.-])", re.IGNORECASE)


def telling(lines: Iterable[str]) -> list[str]:
    """The lines that say something. A date alone on a line is noise; within a sentence it may be the act."""
    return [line for line in lines if _key(line)]


def compare(before: Iterable[str], now: Iterable[str]) -> tuple[list[str], list[str]]:
    """The lines added and those gone. A line that only moved, or whose counters ran on, is neither."""
    then, after = {_key(line): line for line in before}, {_key(line): line for line in now}
    added = [line for key, line in after.items() if key and key not in then]
    gone = [line for key, line in then.items() if key and key not in after]
    return added, gone


def _key(line: str) -> str:
    folded = " ".join(line.split())
    if _LINE.fullmatch(folded) or _is_banner(folded):
        return ""
    return " ".join(_WITHIN.sub(" ", folded).casefold().split())


def _is_banner(line: str) -> bool:
    return len(line) <= MAX_BANNER and bool(_BANNER.search(line) and _CONSENT.search(line))


def told(added: Sequence[str], gone: Sequence[str]) -> str:
    """What changed, in words. What is gone is counted only: read alone it would seem to be in force."""
    count = f"{len(gone)} {'line is' if len(gone) == 1 else 'lines are'} gone from the page."
    return "\n".join([*added, *([count] if gone else [])])
