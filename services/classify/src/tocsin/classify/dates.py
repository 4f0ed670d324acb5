"""From when and until when an act holds, where the notice says so in plain words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tocsin.classify.moments import SPAN, Moment, lasting, moments
from tocsin.classify.phrases import MASKS
from tocsin.classify.reading import Reading, Sentence
from tocsin.classify.verdict import Verdict
from tocsin.contracts import Span, Stage

BEFORE, BEHIND = 40, 24  # characters in which a word says what a day is for

_FROM = re.compile(
    r"\b(?:effective|takes? effect|taking effect|took effect|(?:in|into) (?:force|effect)|enforced|starting"
    r"|starts?|beginning|begins?|as of|as from|from|with effect from|on and after|applies|apply|applicable"
    r"|valid from|since|a partir del?|desde(?: el)?|entrar?á? en vigor|en vigor|ab|ab dem|zum|seit|gilt|tritt"
    r"|in kraft|à compter du|à partir du|dès|depuis|entrer?a? en vigueur|en vigueur)"
    r"(?: (?:on|from|at|as of|the|el|le|am|dem|both|date|of|is|date:|until)){0,4}[\s:,(]*$|自$|から$|於$"
)
_FROM_BEHIND = re.compile(
    r"\W*(?:起|开始|開始|生效|实施|實施|施行|から|より|付け?で|に施行|に発効|부터|시행|발효"
    r"|in kraft\b|en vigueur\b|en vigor\b)"
)
_UNTIL = re.compile(
    r"\b(?:until|till|through|thru|expires?|expiring|ends?|ending|ended|lapses?|valid (?:to|until)"
    r"|no later than|hasta(?: el)?|bis|bis zum|jusqu'au|jusqu'à|expire le)"
    r"(?: (?:on|at|the|el|le|zum|al|end|of|midnight)){0,4}[\s:,(]*$|至$|直至$"
)
_UNTIL_BEHIND = re.compile(r"\W*(?:为止|為止|まで|까지)")
_DUE = re.compile(r"\b(?:by|before|no later than|not later than)(?: (?:the|midnight)){0,2}\s*$")
_STRONG = re.compile(
    r"effect|in force|into force|expire|until|through|vigor|vigueur|kraft|bis|生效"
    r"|施行|实施|實施|まで|부터|까지|발효"
)
_FOR = re.compile(
    r"\b(?:for|für|durante|pendant|por)"
    r"(?: (?:a|another|a further|an additional|up to|at least|the next))?\s*$"
)
_NEARBY = re.compile(
    r"(?:tonight|today|tomorrow|immediate\w*|effective immediately|with immediate effect|hoy|heute|morgen"
    r"|demain|aujourd'hui|esta noche|mañana|ab sofort|mit sofortiger wirkung|avec effet immédiat|de inmediato"
    r"|今天|今日|今晚|本日|明天|明日|即日|立即|即刻|直ちに|오늘|내일|즉시|in|within|next|midnight|this).*"
)


@dataclass(frozen=True)
class Dated:
    """A time and the words that give it."""

    at: datetime
    span: Span


@dataclass(frozen=True)
class Term:
    """From when an act holds and until when; None for what the notice does not say."""

    starts: Dated | None = None
    ends: Dated | None = None


def term_of(reading: Reading, verdict: Verdict) -> Term:
    """The term that the sentence of the act states, else one that another sentence states in so many words.

    A day without a time is midnight UTC of the day named, for a start as for an end: a warning comes rather
    early. `Until further notice` is no end. Days and spans count from the notice's own date.
    """
    if verdict.frame is None:
        return Term()
    own = verdict.frame.sentence
    said = reading.notice.published_at or reading.notice.first_seen_at
    loosely = _in_sentence(reading, own, said, loosely=True, due=verdict.stage is not Stage.DONE)
    starts, ends = loosely.starts, loosely.ends
    for sentence in reading.sentences:
        if starts is not None and ends is not None:
            break
        if sentence is not own and _STRONG.search(sentence.text):
            term = _in_sentence(reading, sentence, said, loosely=False, due=False)
            starts, ends = starts or term.starts, ends or term.ends
    return Term(starts, ends)


def _in_sentence(reading: Reading, sentence: Sentence, said: datetime, *, loosely: bool, due: bool) -> Term:
    text = _spelt(reading, sentence)
    found = moments(text, said)
    ends = next((moment for moment in found if _is_end(text, moment)), None)
    rest = [moment for moment in found if moment is not ends]
    starts = next((moment for moment in rest if _is_start(text, moment)), None)
    if starts is None and loosely:
        starts = next((moment for moment in rest if _is_near(text, moment, due=due)), None)
    if ends is None and loosely:
        ends = next(_spans(text, starts.at if starts else said), None)
    return Term(_dated(reading, sentence, starts), _dated(reading, sentence, ends))


def _spelt(reading: Reading, sentence: Sentence) -> str:
    """The sentence with its places spelt out, for `midnight Beijing time`; other names stay masked."""
    folded = reading.page(sentence.field).folded.text[sentence.start :]
    place = MASKS["PLACE"]
    if place not in sentence.text:
        return sentence.text
    return "".join(
        plain if mask == place else mask for mask, plain in zip(sentence.text, folded, strict=False)
    )


def _is_start(text: str, moment: Moment) -> bool:
    before, behind = _around(text, moment)
    return _FROM.search(before) is not None or _FROM_BEHIND.match(behind) is not None


def _is_end(text: str, moment: Moment) -> bool:
    before, behind = _around(text, moment)
    return _UNTIL.search(before) is not None or _UNTIL_BEHIND.match(behind) is not None


def _is_near(text: str, moment: Moment, *, due: bool) -> bool:
    """`Tonight`, `in 30 days`: no word need say what they are for; `by Friday` only for what is to come."""
    before, _ = _around(text, moment)
    near = _NEARBY.fullmatch(text[moment.start : moment.end]) is not None
    return near or (due and _DUE.search(before) is not None)


def _around(text: str, moment: Moment) -> tuple[str, str]:
    return text[max(0, moment.start - BEFORE) : moment.start], text[moment.end : moment.end + BEHIND]


def _spans(text: str, since: datetime) -> Iterator[Moment]:
    """`Paused for 90 days` ends as long after its start."""
    for match in SPAN.finditer(text):
        before = text[max(0, match.start() - BEFORE) : match.start()]
        at = lasting(match, since) if _FOR.search(before) else None
        if at is not None:
            yield Moment(at, match.start(), match.end())


def _dated(reading: Reading, sentence: Sentence, moment: Moment | None) -> Dated | None:
    if moment is None:
        return None
    page = reading.page(sentence.field)
    return Dated(moment.at, page.span(sentence.start + moment.start, sentence.start + moment.end))
