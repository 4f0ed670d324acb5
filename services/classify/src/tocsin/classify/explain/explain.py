"""Gathers what led to a classification into one value."""

from collections.abc import Sequence
from typing import Literal

from tocsin.classify.classify import Trace, trace
from tocsin.classify.explain.explanation import Act, Cue, Explanation, Mark, VetoTold
from tocsin.classify.explain.marking import Marker, number_of
from tocsin.classify.explain.naming import left_out, names
from tocsin.classify.explain.quoting import act_span, clause_span, cue_span, veto_of, veto_span
from tocsin.classify.explain.whatif import leading, outcome_of, what_if
from tocsin.classify.frames import Frame, points_of
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.rule import Cue as CueRule
from tocsin.classify.verdict import ENOUGH, ENOUGH_OFFICIAL
from tocsin.contracts import Action, Category, NoticePublished, Tier

SHOWN_BEHIND = 400  # characters of the text that are shown behind the last mark

Part = Literal["verdict", "ground", "runner-up", "other"]


def explain(notice: NoticePublished, knowledge: Knowledge) -> Explanation:
    """Why the notice is classified as it is, and what would change it. Pure, as ``classify`` is."""
    told = trace(notice, knowledge)
    marks = _marks(told, knowledge)
    return Explanation(
        title=notice.title,
        text=_shown(notice.text, marks),
        characters=len(notice.text),
        tier=notice.source.tier,
        genre=told.genre,
        verdict=outcome_of(told.classification),
        because=_because(told, knowledge),
        enough=_enough(told),
        veto=_veto(told, knowledge, marks),
        marks=marks,
        names=names(told, knowledge, marks),
        left_out=left_out(told, knowledge),
        acts=_acts(told, knowledge, marks),
        what_if=what_if(told, notice, knowledge),
        classification=told.classification,
        rules_version=knowledge.version,
    )


def _marks(told: Trace, knowledge: Knowledge) -> tuple[Mark, ...]:
    marker, cues = Marker(), _cues(knowledge)
    for frame in told.frames:
        claim = f"{frame.rule.category}/{frame.rule.action}"
        marker.add("act", act_span(told.reading, frame), f"{claim} by {frame.rule.id}")
        if frame.cue in cues and (span := cue_span(told.reading, frame, cues[frame.cue])):
            marker.add("cue", span, f"the act is {frame.standing} by {frame.cue}")
    if (veto := veto_of(told, knowledge)) and (span := veto_span(told, knowledge)):
        marker.add("veto", span, f"no act counts by {veto.id}: {veto.words}")
    for mention in told.classification.entities:
        for span in mention.spans:
            marker.add("name", span, f"{mention.kind} {mention.name}, {mention.role}")
    for evidence in told.classification.evidence:
        if evidence.span is not None:
            marker.add("other", evidence.span, f"{evidence.claim} by {evidence.rule}")
    return marker.marks()


def _shown(text: str, marks: Sequence[Mark]) -> str:
    """The text up to a little behind its last mark: a hostile one may be very long."""
    last = max((mark.span.end for mark in marks if mark.span.field == "text"), default=0)
    return text[: last + SHOWN_BEHIND]


def _enough(told: Trace) -> float:
    official = told.reading.notice.source.tier in (Tier.OFFICIAL, Tier.PARTY)
    return ENOUGH_OFFICIAL if official else ENOUGH


def _because(told: Trace, knowledge: Knowledge) -> str:
    frame, enough = leading(told), _enough(told)
    if (veto := veto_of(told, knowledge)) is not None:
        return f"No act counts, because {veto.id} holds: {veto.words}"
    if frame is None:
        return "No rule finds an act in it."
    if frame.score < enough:
        short = f"{enough - frame.score:.1f} points under the {enough:g} needed"
        return f"The heaviest act, {frame.rule.id}, is {short}."
    if told.verdict.frame is None:
        return (
            f"The heaviest act, {frame.rule.id}, is {frame.standing} by {frame.cue}: no act of this notice."
        )
    where = "the title" if frame.sentence.number == 0 else f"sentence {frame.sentence.number}"
    ground = told.verdict.ground
    said = f"{frame.rule.id} finds an act in {where} that weighs {frame.score:.1f}; {enough:g} are needed."
    if ground is None or ground is frame:
        return said
    return f"{said} {ground.rule.id} gives the legal ground, and the ground decides the category."


def _veto(told: Trace, knowledge: Knowledge, marks: Sequence[Mark]) -> VetoTold | None:
    veto, span = veto_of(told, knowledge), veto_span(told, knowledge)
    if veto is None or span is None:
        return None
    return VetoTold(id=veto.id, words=veto.words, source=veto.source, mark=number_of(span, marks))


def _acts(told: Trace, knowledge: Knowledge, marks: Sequence[Mark]) -> tuple[Act, ...]:
    cues = _cues(knowledge)
    return tuple(_act(frame, told, cues, marks) for frame in told.frames)


def _act(frame: Frame, told: Trace, cues: dict[str, CueRule], marks: Sequence[Mark]) -> Act:
    rule = frame.rule
    return Act(
        rule=rule.id,
        words=rule.words,
        source=rule.source,
        category=rule.category,
        action=rule.action,
        standing=frame.standing,
        cue=_cue(frame, told, cues.get(frame.cue)),
        clause=clause_span(told.reading, frame).quote,
        sentence=frame.sentence.number,
        mark=number_of(act_span(told.reading, frame), marks),
        score=round(frame.score, 2),
        points={
            name: points for name, points in points_of(rule, frame.sentence, frame.standing).items() if points
        },
        part=_part(frame, told),
    )


def _cue(frame: Frame, told: Trace, cue: CueRule | None) -> Cue | None:
    if cue is None:
        return None
    span = cue_span(told.reading, frame, cue)
    return Cue(id=cue.id, words=cue.words, source=cue.source, quote=span.quote if span else "")


def _part(frame: Frame, told: Trace) -> Part:
    """The runner-up is the heaviest act that says something else than the verdict."""
    verdict = told.verdict
    if frame is verdict.frame:
        return "verdict"
    if frame is verdict.ground:
        return "ground"
    said = {_claim(one) for one in (verdict.frame, verdict.ground) if one is not None}
    others = (other for other in told.frames if _claim(other) not in said)
    return "runner-up" if frame is next(others, None) else "other"


def _claim(frame: Frame) -> tuple[Category, Action]:
    return frame.rule.category, frame.rule.action


def _cues(knowledge: Knowledge) -> dict[str, CueRule]:
    return {cue.id: cue for cue in knowledge.rules.cues}
