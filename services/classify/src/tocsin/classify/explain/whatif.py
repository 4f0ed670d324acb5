"""What would change a verdict: the notice is classified again with one small thing different."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tocsin.classify.classify import Trace, classify
from tocsin.classify.explain.explanation import Outcome, WhatIf
from tocsin.classify.explain.quoting import mark_words, veto_words
from tocsin.classify.frames import Frame, Framer
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.rule import Cue, Rules
from tocsin.contracts import Category, Classification, NoticePublished, Tier

EARLIER = timedelta(days=3)


@dataclass(frozen=True)
class Change:
    """One small difference, in words, and the notice and knowledge that have it.

    Of a ``telling`` one it is worth saying that nothing changes.
    """

    says: str
    notice: NoticePublished
    knowledge: Knowledge
    telling: bool = False


def what_if(told: Trace, notice: NoticePublished, knowledge: Knowledge) -> tuple[WhatIf, ...]:
    """Every small change that gives another outcome, computed by classifying again."""
    before = outcome_of(told.classification)
    changes = (
        *_rules(told, notice, knowledge),
        *_marks(told, notice, knowledge),
        *_notices(notice, knowledge),
    )
    found = []
    for change in changes:
        after = outcome_of(classify(change.notice, change.knowledge))
        silent = Category.NOT_REGULATORY is before.category is after.category  # then nothing else matters
        differs = () if silent else tuple(name for name, value in after if value != getattr(before, name))
        if differs or change.telling:
            found.append(WhatIf(change=change.says, becomes=after, differs=differs))
    return tuple(found)


def outcome_of(said: Classification) -> Outcome:
    """The deciding words of a classification."""
    return Outcome(
        category=said.category,
        action=said.action,
        stage=said.stage,
        certainty=said.certainty,
        severity=said.severity,
    )


def leading(told: Trace) -> Frame | None:
    """The act that stands, or failing one the heaviest that was found."""
    return told.verdict.frame or next(iter(told.frames), None)


def _rules(told: Trace, notice: NoticePublished, knowledge: Knowledge) -> Iterator[Change]:
    """Without the veto that holds, without the cue of the leading act, without its rule."""
    rules, frame = knowledge.rules, leading(told)
    if told.verdict.veto:
        spared = tuple(veto for veto in rules.vetoes if veto.id != told.verdict.veto)
        says = f"without the veto {told.verdict.veto}{_quoted(veto_words(told, knowledge))}"
        yield Change(says, notice, replace(knowledge, rules=replace(rules, vetoes=spared)), telling=True)
    if frame is None:
        return
    if frame.cue:
        cues = tuple(cue for cue in rules.cues if cue.id != frame.cue)
        says = f"without the cue {frame.cue}"
        yield Change(says, notice, _only(told, knowledge, without="", cues=cues), telling=True)
    if told.verdict.frame is not None:
        yield Change(
            f"without the rule {frame.rule.id}", notice, _only(told, knowledge, without=frame.rule.id)
        )


def _only(told: Trace, knowledge: Knowledge, *, without: str, cues: Sequence[Cue] | None = None) -> Knowledge:
    """Knowledge of the rules that fired on this notice, less one: no other can fire, and few compile fast."""
    fired = {frame.rule.id: frame.rule for frame in told.frames if frame.rule.id != without}
    own = knowledge.rules.cues if cues is None else tuple(cues)
    rules = replace(knowledge.rules, rules=tuple(fired.values()), cues=own)
    return replace(knowledge, framer=Framer(rules))


def _marks(told: Trace, notice: NoticePublished, knowledge: Knowledge) -> Iterator[Change]:
    """Without the words that hedge, narrow or date the act."""
    for name, phrases in knowledge.rules.marks_in(told.reading.language).items():
        if words := mark_words(told, phrases):
            without = replace(knowledge, rules=_unmarked(knowledge.rules, name))
            yield Change(f"without “{words}” (mark {name})", notice, without)


def _unmarked(rules: Rules, name: str) -> Rules:
    abroad = {language: marks | {name: ()} for language, marks in rules.marks_abroad.items()}
    return replace(rules, marks=rules.marks | {name: ()}, marks_abroad=abroad)


def _notices(notice: NoticePublished, knowledge: Knowledge) -> Iterator[Change]:
    """From a source of another tier; published earlier, or just now."""
    for tier in Tier:
        if tier is not notice.source.tier:
            source = notice.source.model_copy(update={"tier": tier})
            yield Change(f"with tier {tier}", notice.model_copy(update={"source": source}), knowledge)
    now = notice.first_seen_at
    published = notice.published_at or now
    older = notice.model_copy(update={"published_at": published - EARLIER})
    yield Change(f"published {EARLIER.days} days earlier", older, knowledge)
    if published != now:
        fresh = notice.model_copy(update={"published_at": now})
        yield Change("published at the moment it was seen", fresh, knowledge)


def _quoted(words: str) -> str:
    return f" (“{words}”)" if words else ""
