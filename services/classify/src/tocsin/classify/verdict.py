"""Which of the acts found is the one a notice reports, or that it reports none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tocsin.classify.frames import Frame
from tocsin.classify.marks import first_mark
from tocsin.classify.phrases import MASKS
from tocsin.classify.reading import Reading
from tocsin.classify.rules.rule import Genre, Rules, Standing, Veto
from tocsin.contracts import Action, Category, Stage, Tier

ENOUGH_OFFICIAL = 5.2
ENOUGH = 6.4

_STAGES = {Standing.SCHEDULED: Stage.SCHEDULED, Standing.POSSIBLE: Stage.POSSIBLE}
_AUTHORITIES = tuple(MASKS[word] for word in ("OFFICE", "CONTROLLER", "PLACE"))
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


def judge(frames: Sequence[Frame], reading: Reading, genre: Genre, rules: Rules) -> Verdict:
    """Weigh the frames (heaviest first) against the vetoes and the threshold of the tier."""
    if genre is Genre.STATUS:  # the newest update decides; the title may still tell the first
        frames = [frame for frame in frames if frame.sentence.number] or frames
    official = reading.notice.source.tier in (Tier.OFFICIAL, Tier.PARTY)
    enough = ENOUGH_OFFICIAL if official else ENOUGH
    best = next((frame for frame in frames if frame.score >= enough), None)
    veto = _vetoed(reading, genre, best, rules.vetoes)
    if best is None or veto or best.standing in _NO_ACT:
        return Verdict(Category.NOT_REGULATORY, Action.NONE, Stage.DONE, veto=veto)
    if best.standing is Standing.GOAL:
        return Verdict(Category.OTHER_REGULATORY, Action.NONE, Stage.DONE, frame=best)
    ground = _export_ground(best, frames)
    stage = _STAGES.get(best.standing, Stage.DONE)
    category = ground.rule.category if ground is not None else best.rule.category
    if genre is Genre.GAZETTE and best.standing in (Standing.DONE, Standing.POSSIBLE):
        return _gazetted(Verdict(category, best.rule.action, Stage.DONE, best, ground), reading, rules)
    return Verdict(category, _action(best), stage, best, ground)


def _gazetted(verdict: Verdict, reading: Reading, rules: Rules) -> Verdict:
    """In a gazette `may` is part of a title; a draft says in so many words that it is one."""
    if verdict.action is Action.IMPOSED and first_mark(reading, rules.marks["draft_rule"]):
        return replace(verdict, action=Action.PROPOSED, stage=Stage.POSSIBLE)
    return verdict


def _action(frame: Frame) -> Action:
    if frame.standing is Standing.DENIED:
        return Action.DENIED
    if frame.standing is Standing.POSSIBLE and frame.rule.action in (Action.IMPOSED, Action.EXPANDED):
        return Action.PROPOSED
    return frame.rule.action


def _export_ground(best: Frame, frames: Sequence[Frame]) -> Frame | None:
    """The legal ground decides: access cut because of export law is export control, whatever the title."""
    if best.rule.category is not Category.MODEL_RESTRICTION:
        return None
    for frame in frames:
        same_way = frame.relieves == best.relieves and frame.standing is not Standing.QUESTION
        if frame.rule.category is Category.EXPORT_CONTROL and same_way and not frame.rule.net:
            return frame
    return None


def _vetoed(reading: Reading, genre: Genre, best: Frame | None, vetoes: Sequence[Veto]) -> str:
    head = [sentence for sentence in reading.sentences if sentence.number <= 1]
    for veto in vetoes:
        if genre not in veto.genres or (veto.yields and best is not None and _authority_did(best)):
            continue
        for sentence in head[:1] if veto.title_only else head:
            if any(phrase.pattern.search(sentence.text) for phrase in veto.phrases):
                return veto.id
    return ""


def _authority_did(frame: Frame) -> bool:
    acted = frame.standing in (Standing.DONE, Standing.SCHEDULED) and not frame.rule.net
    act = frame.sentence.text[frame.start : frame.end]
    return acted and (
        any(mask in frame.sentence.text for mask in _AUTHORITIES) or any(mask in act for mask in "MC")
    )
