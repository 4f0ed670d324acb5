"""Why one rule, cue or veto speaks on a text, or stays silent."""

from collections.abc import Iterable, Iterator

from tocsin.classify.classify import Trace
from tocsin.classify.frames import HEAD
from tocsin.classify.genre import registers
from tocsin.classify.language import Language, languages_of
from tocsin.classify.phrases import Phrase
from tocsin.classify.reading import Sentence
from tocsin.classify.rules.rule import Cue, Rule, Rules, Veto


def trial(id_: str, told: Trace, rules: Rules) -> list[str] | None:
    """What the rule, cue or veto of this id does on a text, a sentence a line; None when there is none."""
    for rule in rules.rules:
        if rule.id == id_:
            return list(_rule(rule, told))
    for cue in rules.cues:
        if cue.id == id_:
            return list(_cue(cue, told))
    for veto in rules.vetoes:
        if veto.id == id_:
            return list(_veto(veto, told))
    return None


def _rule(rule: Rule, told: Trace) -> Iterator[str]:
    spoken = registers(told.genre, told.reading.notice)
    if not rule.genres & spoken:
        yield f"silent: it is for {_listed(rule.genres)}, and the text is read as {_listed(spoken)}"
        return
    fired = {frame.sentence.number: frame for frame in told.frames if frame.rule is rule}
    for sentence in told.reading.sentences:
        frame = fired.get(sentence.number)
        if frame is not None:
            act = sentence.text[frame.start : frame.end]
            stands = f"{frame.standing}{_by(frame.cue)}, {frame.score:.1f}"
            yield f"sentence {sentence.number}: fires on “{act}”, {stands}"
        else:
            yield f"sentence {sentence.number}: silent, {_held_back(rule, sentence, told)}"


def _held_back(rule: Rule, sentence: Sentence, told: Trace) -> str:
    if rule.language not in languages_of(sentence.text, told.reading.language):
        return f"it is for {rule.language.name.title()}"
    if rule.title_only and sentence.number:
        return "it is for titles"
    if not any(phrase.pattern.search(sentence.text) for phrase in rule.phrases):
        return "none of its phrases is there"
    if words := _found(rule.unless, sentence):
        return f"`unless` holds: “{words}”"
    head = [one for one in told.reading.sentences if one.number <= HEAD]
    if rule.where and not any(_found(rule.where, one) for one in head):
        return "the head of the notice holds none of the phrases of `where`"
    return f"none of {', '.join(sorted(rule.needs))} fires in the notice"


def _cue(cue: Cue, told: Trace) -> Iterator[str]:
    decided = [frame for frame in told.frames if frame.cue == cue.id]
    for frame in decided:
        yield f"sentence {frame.sentence.number}: makes the act of {frame.rule.id} {frame.standing}"
    if not decided:
        yield "silent: no act that was found stands by it"


def _veto(veto: Veto, told: Trace) -> Iterator[str]:
    if veto.language not in (Language.ENGLISH, told.reading.language):
        yield f"silent: it is for {veto.language.name.title()}"
        return
    if told.genre not in veto.genres:
        yield f"silent: it is for {_listed(veto.genres)}, and the text is read as {told.genre}"
        return
    for sentence in told.reading.sentences:
        if sentence.number <= (0 if veto.title_only else 1) and (words := _found(veto.phrases, sentence)):
            holds = "it holds" if told.verdict.veto == veto.id else "it gives way, or another holds first"
            yield f"sentence {sentence.number}: “{words}” is there; {holds}"
            return
    yield "silent: none of its phrases is there"


def _found(phrases: Iterable[Phrase], sentence: Sentence) -> str:
    matches = (phrase.pattern.search(sentence.text) for phrase in phrases)
    return next((match[0] for match in matches if match is not None), "")


def _by(cue: str) -> str:
    return f" by {cue}" if cue else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
