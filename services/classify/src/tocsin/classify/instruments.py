"""The legal texts that a notice names by their numbers, each with the words that name it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from tocsin.classify.reading import MAX_READ
from tocsin.contracts import Instrument, NoticePublished, Span

MOST = 24  # a notice that names more is a table of contents

_SECTION = r"(?P<section>\d{1,4}\.\d{1,4}[a-z]?(?:\([a-z0-9]{1,4}\)){0,4})(?![\d.]\d)"
_PART = r"(?P<part>\d{1,4})(?![\d.]\d|\d)"
_US_BILL = {
    "hr": "H.R.",
    "s": "S.",
    "hres": "H.Res.",
    "sres": "S.Res.",
    "hjres": "H.J.Res.",
    "sjres": "S.J.Res.",
}
_EU_ACTS = {
    **dict.fromkeys(("regulation", "verordnung", "règlement", "reglamento", "regolamento"), "R"),
    **dict.fromkeys(("directive", "richtlinie", "directiva", "direttiva"), "L"),
    **dict.fromkeys(("decision", "beschluss", "décision", "decisión", "decisione"), "D"),
}
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class _Form:
    """One way to name an instrument. A text holds it only with one of ``hints``, in lower case."""

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    usual: (
        str | Callable[[re.Match[str]], str]
    )  # the number in its usual form: a template of groups, or by rule

    def number(self, match: re.Match[str]) -> str:
        return self.usual.format(**match.groupdict()) if isinstance(self.usual, str) else self.usual(match)


def instruments_of(notice: NoticePublished) -> tuple[Instrument, ...]:
    """Every instrument named, once each, title first, in order of appearance; at most ``MOST``.

    Numbers are written in their usual form: `15 CFR 744.23`, `91 FR 12345`, `32024R1689`. A bare `§ 744.11`
    has the title of the last `CFR` named before it, else 15 where its part is one of the Export
    Administration Regulations (15 CFR 730 to 774); otherwise nobody can say, and it is left out.
    """
    found: dict[tuple[str, str], Instrument] = {}
    fields: tuple[tuple[Literal["title", "text"], str], ...] = (
        ("title", notice.title),
        ("text", notice.text[:MAX_READ]),
    )
    for field, text in fields:
        for start, end, kind, number in sorted(_in_text(text)):
            span = Span(field=field, start=start, end=end, quote=text[start:end])
            found.setdefault((kind, number), Instrument(kind=kind, number=number, span=span))
    return tuple(islice(found.values(), MOST))


def _in_text(text: str) -> Iterator[tuple[int, int, str, str]]:
    lowered = text.lower()
    for form in _FORMS:
        if any(hint in lowered for hint in form.hints):
            for match in islice(form.pattern.finditer(text), MOST):
                yield match.start(), match.end(), form.kind, form.number(match)
    if "§" in text or "section" in lowered:
        yield from _sections(text)


def _sections(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Sections without a title: `§ 744.11`, `Section 744.23`."""
    titles = [(match.start(), match["title"]) for match in islice(_CFR.finditer(text), MOST)]
    for match in islice(_BARE.finditer(text), MOST):
        named = [title for start, title in titles if start < match.start()]
        part = int(match["section"].split(".")[0])
        title = named[-1] if named else "15" if part in _EAR else None
        if title is not None:
            yield match.start(), match.end(), "cfr", f"{title} CFR {match['section']}"


def _cfr(match: re.Match[str]) -> str:
    return f"{match['title']} CFR {match['section'] or 'part ' + match['part']}"


def _part_of_title(match: re.Match[str]) -> str:
    return f"{match['title'] or match['title2']} CFR part {match['part'] or match['part2']}"


def _bill(match: re.Match[str]) -> str:
    return f"{_US_BILL[re.sub(r'[^a-z]', '', match['chamber'].lower())]} {match['number']}"


def _european(match: re.Match[str]) -> str:
    """As in CELEX. Since 2015 the year comes first (Regulation (EU) 2024/1689), before that often last."""
    first, second = match["first"] or match["first2"], match["second"] or match["second2"]
    last = match["no"] or (not _YEAR.fullmatch(first) and _YEAR.fullmatch(second))
    year, number = (second, first) if last else (first, second)
    if len(year) == 2:  # noqa: PLR2004 # digits of a year before 1999: Directive 95/46/EC
        year = f"19{year}"
    return f"3{year}{_EU_ACTS[match['act'].lower()]}{int(number):04d}"


def _cisa(match: re.Match[str]) -> str:
    return f"{'BOD' if match['which'][0] == 'B' else 'ED'} {match['number']}"


def _plain(match: re.Match[str]) -> str:
    """The number with a hyphen for a dash."""
    return match["number"].replace("\u2013", "-")


_EAR = range(730, 775)
_CFR = re.compile(
    rf"\b(?P<title>\d{{1,2}}) ?C\.? ?F\.? ?R\.? ?(?:(?:§§?|sections?|sec\.|parts?) ?)?(?:{_SECTION}|{_PART})",
    re.IGNORECASE,
)
_PART_OF_TITLE = re.compile(
    r"\bparts? (?P<part>\d{1,4}) of title (?P<title>\d{1,2})\b|\btitle (?P<title2>\d{1,2}),? "
    r"(?:of the )?(?:code of federal regulations|cfr),? parts? (?P<part2>\d{1,4})\b",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:§§? ?|\b[Ss]ections? ){_SECTION}")
_DOCUMENT = re.compile(r"\bFR Doc(?:ument)?\.?(?: No\.?)? ?(?P<number>\d{2,4}-\d{4,5})\b")
_PAGE = re.compile(r"\b(?P<volume>\d{2,3}) (?:FR|Fed\. ?Reg\.) (?P<page>\d{3,6})\b")
_DOCKET = re.compile(
    r"\bDocket (?:ID|Nos?\.?|Number)?:? ?(?P<number>[A-Z0-9]{2,}(?:[-\u2013][A-Z0-9]{2,}){1,4})"
)
_RIN = re.compile(r"\bRIN:? ?(?P<number>\d{4}-[A-Z]{2}\d{2})\b")
_CELEX = re.compile(r"\b(?P<number>3(?:19|20)\d{2}[RLD]\d{4})\b")
_EUROPEAN = re.compile(
    rf"\b(?P<act>{'|'.join(_EU_ACTS)}) "
    r"(?:\((?:EU|UE|EC|CE|EEC|CFSP|EU, Euratom)\) ?(?P<no>No\.? |Nr\.? |n° ?)?"
    r"(?P<first>\d{2,4})/(?P<second>\d{2,4})\b|(?P<first2>\d{2,4})/(?P<second2>\d{2,4})/(?:EC|EU|EEC|CFSP)\b)",
    re.IGNORECASE,
)
_BILL = re.compile(
    r"(?<![\w.])(?P<chamber>[HS]\. ?J\. ?Res\.|[HS]\. ?Res\.|H\. ?R\.|HR(?= ?\d{3})|S\.)"
    r" ?(?P<number>\d{1,5})(?![\d,.]\d|\d)"
)
_LAW = re.compile(r"\b(?:Public Law|Pub\. ?L\.)(?: No\.?)? ?(?P<number>\d{2,3}[-\u2013]\d{1,3})\b")
_ORDER = re.compile(r"\b(?:Executive Order|E\.O\.|EO)(?: No\.?)? ?(?P<number>1\d{4})\b")
_CVE = re.compile(r"\bCVE-(?P<number>\d{4}-\d{4,7})\b", re.IGNORECASE)
_UK = re.compile(r"\bS\.?I\.? (?P<number>(?:19|20)\d{2}/\d{1,4})\b")
_CISA = re.compile(
    r"\b(?P<which>BOD|Binding Operational Directive|ED|Emergency Directive) (?P<number>\d{2}-\d{2})\b"
)
_FORMS = (
    _Form("cfr", ("cfr", "c.f", "c. f", "c f"), _CFR, _cfr),
    _Form("cfr", ("title ",), _PART_OF_TITLE, _part_of_title),
    _Form("fr_document", ("fr doc",), _DOCUMENT, "{number}"),
    _Form("fr_page", (" fr ", "fed."), _PAGE, "{volume} FR {page}"),
    _Form("docket", ("docket",), _DOCKET, _plain),
    _Form("rin", ("rin",), _RIN, "{number}"),
    _Form("celex", ("319", "320"), _CELEX, "{number}"),
    _Form("celex", tuple(_EU_ACTS), _EUROPEAN, _european),
    _Form("bill", ("h.", "s.", "hr "), _BILL, _bill),
    _Form("public_law", ("public law", "pub."), _LAW, _plain),
    _Form("executive_order", ("executive order", "e.o.", "eo "), _ORDER, "{number}"),
    _Form("cve", ("cve-",), _CVE, "CVE-{number}"),
    _Form("uk_si", ("si ", "s.i"), _UK, "SI {number}"),
    _Form("cisa_directive", ("bod ", "ed ", "directive "), _CISA, _cisa),
)
