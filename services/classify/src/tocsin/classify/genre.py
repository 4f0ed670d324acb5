"""How a notice is written, apart from whose it is: tier decides certainty, genre decides the rules."""

import re
from collections.abc import Iterable

from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Reading
from tocsin.classify.rules.rule import Genre
from tocsin.contracts import NoticePublished, Tier

_LEAD = r"^[^\w\n]{0,8}"  # bounded, so that a text of signs or empty lines costs nothing
_TIME = r"(?:[A-Z][a-z]{2} {1,3}\d{1,2}, {1,3}\d\d:\d\d(?: - \d\d:\d\d)? UTC[^\w\n]{0,8})?"
_STATES = "Resolved|Monitoring|Identified|Investigating|Postmortem|In progress|Completed|Scheduled"
_DASH = "[-\u2013\u2014:]"
_STATE = re.compile(rf"{_LEAD}{_TIME}(?:{_STATES})\s{{0,3}}{_DASH}", re.MULTILINE)
_UPDATE = re.compile(rf"{_LEAD}{_TIME}(?:{_STATES}|Update)\s{{0,3}}{_DASH}", re.MULTILINE)


def genre_of(reading: Reading, gazette_words: Iterable[Phrase]) -> Genre:
    """The genre of a notice, from its source and its wording."""
    notice = reading.notice
    if is_status(notice):
        return Genre.STATUS
    match notice.source.tier:
        case Tier.COMMUNITY:
            return Genre.FORUM
        case Tier.PRESS:
            return Genre.PRESS
        case Tier.PARTY:
            return Genre.STATEMENT
        case _:
            whole = reading.whole()
            return Genre.GAZETTE if any(word.search(whole) for word in gazette_words) else Genre.STATEMENT


def registers(genre: Genre, notice: NoticePublished) -> frozenset[Genre]:
    """The genres whose rules may speak: an authority's statement may be worded like its gazette."""
    if genre is Genre.STATEMENT and notice.source.tier is Tier.OFFICIAL:
        return frozenset({Genre.STATEMENT, Genre.GAZETTE})
    return frozenset({genre})


def is_status(notice: NoticePublished) -> bool:
    """Whether a notice is an incident of a status page, by its source or by the form of its updates."""
    if notice.source.kind == "statuspage":
        return True
    return notice.source.tier is Tier.PARTY and _STATE.search(notice.text) is not None


def newest_update(notice: NoticePublished) -> NoticePublished:
    """The incident as its newest update tells it: updates accumulate, newest first; the newest decides."""
    starts = [match.start() for match in _UPDATE.finditer(notice.text)]
    if len(starts) < 2:  # noqa: PLR2004 # one update is the whole incident
        return notice
    return notice.model_copy(update={"text": notice.text[: starts[1]]})
