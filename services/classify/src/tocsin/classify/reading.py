"""A notice as the rules see it: sentences in which every known name is a mask, offsets kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tocsin.classify.folding import Folded, fold
from tocsin.classify.language import language_of
from tocsin.classify.matching import Matcher, Place
from tocsin.classify.phrases import MASKS
from tocsin.classify.sense import Senses, Sighting
from tocsin.classify.versions import with_numbers
from tocsin.contracts import Kind, NoticePublished, Span

Field = Literal["title", "text"]

MAX_READ = 20_000
MAX_SENTENCES = 14
MAX_SENTENCE = 1_200

_ORDINAL = (  # German writes `ab 15. Juli`
    r"(?!(?:januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)\b)"
)
_END = re.compile(rf"[.!?][\"')\]]*\s++{_ORDINAL}|[\u3002\uff01\uff1f\uff1b]|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:u\.s|u\.k|e\.u|e\.o|inc|corp|co|ltd|mr|mrs|ms|dr|no|nos|sen|rep|gov|gen|st|vs|jr|e\.g|i\.e|sec|art"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)|\b\w)\.$"
)
_VERSION = re.compile(r"(?: ?\d{1,3}(?:\.\d{1,2})?)?(?: (?:pro|max|mini|ultra|preview))?(?![\w.]\w)")


@dataclass(frozen=True)
class Sentence:
    """One masked sentence of a field. ``start`` is where it begins in the folded field; title is number 0."""

    field: Field
    number: int
    start: int
    text: str


@dataclass(frozen=True)
class Page:
    """One field of a notice: as written, folded, and what it names."""

    field: Field
    original: str
    folded: Folded
    sightings: tuple[Sighting, ...]

    def span(self, start: int, end: int) -> Span:
        """Quote the original words behind the folded [start, end)."""
        first, last = self.folded.span(start, end)
        return Span(field=self.field, start=first, end=last, quote=self.original[first:last])


@dataclass(frozen=True)
class Reading:
    """A whole notice, read once."""

    notice: NoticePublished
    title: Page
    text: Page
    sentences: tuple[Sentence, ...]

    def pages(self) -> tuple[Page, Page]:
        """Title and text."""
        return self.title, self.text

    def page(self, field: Field) -> Page:
        """The page a sentence stands on."""
        return self.title if field == "title" else self.text

    @cached_property
    def language(self) -> str:
        """Language of the sentences that the rules look at, as ``language_of`` names it."""
        return language_of(self.whole())

    def whole(self) -> str:
        """All sentences that the rules look at, one a line."""
        return "\n".join(sentence.text for sentence in self.sentences)

    def within(self, sentence: Sentence) -> Iterator[Sighting]:
        """What is named in one sentence, in order."""
        end = sentence.start + len(sentence.text)
        for sighting in self.page(sentence.field).sightings:
            if sentence.start <= sighting.start < end:
                yield sighting


def read(notice: NoticePublished, matcher: Matcher, senses: Senses) -> Reading:
    """Fold, find names, decide their sense from the whole notice, mask them and part the sentences.

    Only the first ``MAX_READ`` characters and ``MAX_SENTENCES`` sentences of a text are read: the act of
    a notice stands at its beginning, and a hostile text must not cost more.
    """
    written = {"title": notice.title, "text": notice.text[:MAX_READ]}
    folded = {field: fold(text) for field, text in written.items()}
    hits = {field: matcher.find(folded[field], written[field]) for field in written}
    document = f"{folded['title'].text}\n{folded['text'].text}"
    title, text = (
        Page(
            field,
            written[field],
            folded[field],
            with_numbers(
                senses.decide(hits[field], folded[field].text, document, hits),
                folded[field].text,
                matcher.versions,
            ),
        )
        for field in ("title", "text")
    )
    sentences = [*_sentences(title, 0, senses), *_sentences(text, 1, senses)][: MAX_SENTENCES + 1]
    return Reading(notice, title, text, tuple(sentences))


def _sentences(page: Page, first: int, senses: Senses) -> Iterator[Sentence]:
    masked = _mask(page, senses)
    number, start = first, 0
    for end in _ends(masked):
        body = masked[start:end]
        if page.field == "title":
            body = body.replace(";", ",")  # gazette titles part their phrases with semicolons
        if body.strip():
            yield Sentence(page.field, number, start, body[:MAX_SENTENCE])
            number += page.field == "text"
        start = end


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if text[match.start()] != "." or not _ABBREVIATION.search(text[: match.start() + 1][-12:]):
            yield match.end()
    yield len(text)


def _mask(page: Page, senses: Senses) -> str:
    """Each name becomes one capital, repeated: folded text has no capitals, so a mask cannot be forged."""
    pieces: list[str] = []
    at = 0
    for sighting in page.sightings:
        end = sighting.end
        if sighting.kind is Kind.MODEL:
            version = _VERSION.match(page.folded.text, end)
            end = version.end() if version else end
        pieces += [page.folded.text[at : sighting.start], mask_of(sighting, senses) * (end - sighting.start)]
        at = end
    return "".join([*pieces, page.folded.text[at:]])


def mask_of(sighting: Sighting, senses: Senses) -> str:
    """The capital that stands for a sighting in masked text."""
    if isinstance(sighting.thing, Place):
        return MASKS["PLACE"]
    if sighting.thing.kind is Kind.AUTHORITY:
        return MASKS["CONTROLLER" if sighting.thing.id in senses.controllers else "OFFICE"]
    return MASKS[sighting.thing.kind.name]
