"""Which of the acts found is the one a notice reports, or that it reports none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tocsin.classify.frames import Frame
from tocsin.classify.language import Language
from tocsin.classify.marks import Marked
from tocsin.classify.phrases import MASKS
from tocsin.classify.reading import Reading
from tocsin.classify.rules.rule import Genre, Rule, Rules, Standing
from tocsin.contracts import Action, Category, Stage, Tier

ENOUGH_OFFICIAL = 5.2
ENOUGH = 6.4

_STAGES = {Standing.SCHEDULED: Stage.SCHEDULED, Standing.POSSIBLE: Stage.POSSIBLE}
_AUTHORITIES = tuple(MASKS[word] for word in ("OFFICE", "CONTROLLER", "PLACE"))
_MEASURES = frozenset(
    {Category.EXPORT_CONTROL, Category.MODEL_RESTRICTION, Category.LICENSING, Category.SANCTIONS}
)
_EXPORT_LAW = re.compile(rf"[{MASKS['OFFICE']}{MASKS['CONTROLLER']}]|\bexport|\blicen[cs]|\bdirective")
_NO_ACT = frozenset({Standing.BACKGROUND, Standing.QUESTION})


@dataclass(frozen=True)
class Verdict:
    """The act that stands. ``frame`` is None when none does; ``veto`` then names what spoke against it."""

    category: Category
    action: Action
    stage: Stage
    frame: Frame | None = None
    ground: Frame | None = None  # the frame whose legal ground gave the category, when it is another one
    veto: str = ""


NOTHING = Verdict(Category.NOT_REGULATORY, Action.NONE, Stage.DONE)


def judge(frames: Sequence[Frame], reading: Reading, genre: Genre, rules: Rules, marks: Marked) -> Verdict:
    """Weigh the frames (heaviest first) against the vetoes and the threshold of the tier."""
    if genre is Genre.STATUS:  # the newest update decides; the title may still tell the first
        frames = [frame for frame in frames if frame.sentence.number] or frames
    official = reading.notice.source.tier in (Tier.OFFICIAL, Tier.PARTY)
    enough = ENOUGH_OFFICIAL if official else ENOUGH
    best = next((frame for frame in frames if frame.score >= enough), None)
    veto = _vetoed(reading, genre, best, rules)
    if best is None or veto or best.standing in _NO_ACT:
        return Verdict(Category.NOT_REGULATORY, Action.NONE, Stage.DONE, veto=veto)
    if best.standing is Standing.GOAL:
        return Verdict(best.rule.category, Action.NONE, Stage.DONE, frame=best)
    ground = _topic(frames) if best.rule.topic else _export_ground(best, frames)
    stage = _STAGES.get(best.standing, Stage.DONE)
    category = ground.rule.category if ground is not None else best.rule.category
    if genre is Genre.GAZETTE and best.standing in (Standing.DONE, Standing.POSSIBLE):
        return _gazetted(Verdict(category, best.rule.action, Stage.DONE, best, ground), marks)
    return Verdict(category, _action(best), stage, best, ground)


def _gazetted(verdict: Verdict, marks: Marked) -> Verdict:
    """In a gazette `may` is part of a title; a draft says in so many words that it is one."""
    if verdict.action is Action.IMPOSED and "draft_rule" in marks:
        return replace(verdict, action=Action.PROPOSED, stage=Stage.POSSIBLE)
    return verdict


def _action(frame: Frame) -> Action:
    if frame.standing is Standing.DENIED:
        return Action.DENIED
    if frame.standing is Standing.POSSIBLE and _is_proposal(frame.rule):
        return Action.PROPOSED
    return frame.rule.action


def _is_proposal(rule: Rule) -> bool:
    """A burden or a licence that is only possible is proposed; an easing keeps its direction."""
    return rule.action in (Action.IMPOSED, Action.EXPANDED) or rule.category is Category.LICENSING


def _topic(frames: Sequence[Frame]) -> Frame | None:
    """Talks and denials belong to the measure they speak of, if one is told."""
    return next((frame for frame in frames if frame.rule.category in _MEASURES), None)


def _export_ground(best: Frame, frames: Sequence[Frame]) -> Frame | None:
    """The legal ground decides: access cut because of export law is export control, whatever the title."""
    if best.rule.category is not Category.MODEL_RESTRICTION:
        return None
    for frame in frames:
        same_way = frame.relieves == best.relieves and frame.standing is not Standing.QUESTION
        told = frame.rule.category is Category.EXPORT_CONTROL and not frame.rule.net
        if told and same_way and _EXPORT_LAW.search(frame.sentence.text):
            return frame
    return None


def _vetoed(reading: Reading, genre: Genre, best: Frame | None, rules: Rules) -> str:
    acted = best is not None and _authority_did(best)
    for sentence in reading.sentences:
        if sentence.number > 1:
            break
        for veto, phrase in rules.vetoing.candidates(sentence.text):
            if veto.language not in (Language.ENGLISH, reading.language) or genre not in veto.genres:
                continue
            if (veto.yields and acted) or (veto.title_only and sentence.number):
                continue
            if phrase.pattern.search(sentence.text):
                return veto.id
    return ""


def _authority_did(frame: Frame) -> bool:
    acted = frame.standing in (Standing.DONE, Standing.SCHEDULED) and not frame.rule.net
    act = frame.sentence.text[frame.start : frame.end]
    return acted and (
        any(mask in frame.sentence.text for mask in _AUTHORITIES) or any(mask in act for mask in "MC")
    )
