"""From a notice and what we know to what it says: the one pure entry of the service."""

from dataclasses import dataclass

from tocsin.classify.certainty import certainty_of
from tocsin.classify.dates import effective_at
from tocsin.classify.frames import Frame
from tocsin.classify.genre import genre_of, is_status, newest_update, registers
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.reading import Reading, read
from tocsin.classify.rules.rule import Genre
from tocsin.classify.severity import Finding, severity_of
from tocsin.classify.subjects import mentions
from tocsin.classify.territory import jurisdictions_of, targets_of
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
    verdict = judge(frames, reading, genre, rules)
    return Trace(reading, genre, tuple(frames), verdict, _classification(reading, verdict, frames, knowledge))


def _classification(
    reading: Reading, verdict: Verdict, frames: list[Frame], knowledge: Knowledge
) -> Classification:
    marks = knowledge.rules.marks
    sentence = verdict.frame.sentence if verdict.frame is not None else None
    date = effective_at(reading, sentence, reading.notice.first_seen_at)
    certainty = certainty_of(reading, verdict, marks)
    entities = mentions(reading, verdict, knowledge.wording, knowledge.kin)
    actors = jurisdictions_of(reading, verdict, knowledge.rules.laws)
    at = date[0] if date is not None else None
    return Classification(
        category=verdict.category,
        action=verdict.action,
        stage=verdict.stage,
        certainty=certainty,
        severity=severity_of(Finding(reading, verdict, certainty, entities, frames, at), marks),
        entities=entities,
        jurisdictions=actors,
        targets=targets_of(reading, verdict, actors),
        effective_at=at,
        evidence=(
            *_act_evidence(reading, verdict),
            *_date_evidence(reading, verdict, date),
            *_subjects(entities),
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


def _date_evidence(
    reading: Reading, verdict: Verdict, date: tuple[object, int, int] | None
) -> list[Evidence]:
    if date is None or verdict.frame is None:
        return []
    _, start, end = date
    sentence = verdict.frame.sentence
    span = reading.page(sentence.field).span(sentence.start + start, sentence.start + end)
    return [Evidence(claim=f"effective_at={date[0]}", rule="date", span=span)]


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
