"""From a notice and what we know to what it says: the one pure entry of the service."""

from dataclasses import dataclass

from tocsin.classify.candidates import as_evidence, candidates
from tocsin.classify.certainty import certainty_of
from tocsin.classify.dates import Term, term_of
from tocsin.classify.frames import Frame
from tocsin.classify.genre import genre_of, is_status, newest_update, registers
from tocsin.classify.instruments import instruments_of
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.marks import Marked, marked
from tocsin.classify.reading import Reading, read
from tocsin.classify.rules.rule import Genre
from tocsin.classify.severity import Finding, severity_of
from tocsin.classify.similar import signature_of
from tocsin.classify.subjects import mentions
from tocsin.classify.territory import jurisdictions_of, targets_of
from tocsin.classify.unknown import unknown_wording
from tocsin.classify.verdict import Verdict, judge
from tocsin.contracts import Classification, Evidence, Mention, NoticePublished, Role, Span


@dataclass(frozen=True)
class Trace:
    """How a classification came about: what ``tocsin explain`` shows."""

    reading: Reading
    genre: Genre
    frames: tuple[Frame, ...]
    verdict: Verdict
    classification: Classification


def classify(notice: NoticePublished, knowledge: Knowledge) -> Classification:
    """What the notice says. Pure: the same input gives the same answer; no content makes it raise."""
    return trace(notice, knowledge).classification


def trace(notice: NoticePublished, knowledge: Knowledge) -> Trace:
    """Classify and keep every step."""
    rules = knowledge.rules
    considered = newest_update(notice) if is_status(notice) else notice
    reading = read(considered, knowledge.matcher, rules.senses)
    genre = genre_of(reading, rules.marks["gazette_words"])
    frames = knowledge.framer.frames(reading, registers(genre, considered))
    marks = marked(reading, rules.colours_in(reading.language))
    verdict = judge(frames, reading, genre, rules, marks)
    return Trace(
        reading, genre, tuple(frames), verdict, _classification(reading, verdict, frames, marks, knowledge)
    )


def _classification(
    reading: Reading, verdict: Verdict, frames: list[Frame], marks: Marked, knowledge: Knowledge
) -> Classification:
    term = term_of(reading, verdict)
    starts, ends = (dated.at if dated is not None else None for dated in (term.starts, term.ends))
    certainty = certainty_of(reading, verdict, marks)
    entities = mentions(reading, verdict, knowledge.wording, knowledge.kin)
    actors = jurisdictions_of(reading, verdict, knowledge.rules.laws)
    return Classification(
        category=verdict.category,
        action=verdict.action,
        stage=verdict.stage,
        certainty=certainty,
        severity=severity_of(Finding(reading, verdict, certainty, entities, frames, starts), marks),
        entities=entities,
        jurisdictions=actors,
        targets=targets_of(reading, verdict, actors),
        effective_at=starts,
        ends_at=ends,
        instruments=instruments_of(reading.notice),
        language=reading.language,
        signature=signature_of(reading),
        evidence=(
            *_act_evidence(reading, verdict),
            *_date_evidence(term),
            *_subjects(entities),
            *unknown_wording(reading, verdict, frames, knowledge.rules.scope),
            *map(as_evidence, candidates(reading, knowledge.makers)),
        ),
    )


def _act_evidence(reading: Reading, verdict: Verdict) -> list[Evidence]:
    frame = verdict.frame
    if frame is None:
        return []
    ground = verdict.ground or frame
    said = [
        Evidence(claim=f"action={verdict.action}", rule=frame.rule.id, span=_quote(reading, frame)),
        Evidence(claim=f"category={verdict.category}", rule=ground.rule.id, span=_quote(reading, ground)),
    ]
    if frame.cue:
        said.append(Evidence(claim=f"stage={verdict.stage}", rule=frame.cue, span=_quote(reading, frame)))
    return said


def _date_evidence(term: Term) -> list[Evidence]:
    dates = (("effective_at", term.starts), ("ends_at", term.ends))
    return [
        Evidence(claim=f"{field}={dated.at.isoformat()}", rule="date", span=dated.span)
        for field, dated in dates
        if dated is not None
    ]


def _subjects(entities: tuple[Mention, ...]) -> list[Evidence]:
    return [
        Evidence(
            claim=f"subject={entity.id}",
            rule="maker" if entity.inferred else "subject",
            span=entity.spans[0] if entity.spans else None,
        )
        for entity in entities
        if entity.role is Role.SUBJECT
    ]


def _quote(reading: Reading, frame: Frame) -> Span:
    sentence = frame.sentence
    return reading.page(sentence.field).span(sentence.start + frame.start, sentence.start + frame.end)
