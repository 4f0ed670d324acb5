"""How an act stands in its clause: done, to come, possible, denied, a goal, a question or long past."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.classify.phrases import Phrase
from tocsin.classify.rules.rule import Cue, Standing

BEHIND = 40  # characters after the act that belong to it, at most
NEAR = 2  # words that may stand between a governing cue and the act: `talks on lifting the`

_CLAUSE = re.compile(
    r"[,;:(]|(?<= )- |\b(?:which|who|whose|that|but|while|whereas|because|when|as|after|since|despite|amid"
    r"|following|before|until|although|though|if|unless|where)\b"
)
_SAYING = re.compile(
    r"\b(?:said|says?|announce[sd]?|confirm(?:s|ed)|told|tells?|report(?:s|ed)|den(?:y|ies|ied)|disclosed)"
    r"(?: (?:on |late |early )?\w+day)? $"
)
_YEAR = re.compile(r"\b(?:in|since|during) (?:(?:early|late|mid|[a-z]{3,9}) )?(20\d\d)\b")
_ACTOR = re.compile(r"[A-Z]+(?:'s)? ")


@dataclass(frozen=True)
class Parts:
    """A sentence around an act, which begins at ``at`` of its clause and ends the ``clause``."""

    whole: str
    left: str
    clause: str
    at: int
    act: str


def phrases_of(cues: Iterable[Cue]) -> Iterator[tuple[Cue, Phrase]]:
    """Each cue with each of its phrases, in order."""
    return ((cue, phrase) for cue in cues for phrase in cue.phrases)


def standing_of(
    text: str, start: int, end: int, cues: Iterable[tuple[Cue, Phrase]], year: int | None = None
) -> tuple[Standing, str]:
    """How the act at [start, end) of a sentence stands, and the cue that says so (empty for a done act).

    The first cue that holds decides; its scope says where its words may stand. The cues come with their
    phrases one by one, so that a caller may leave out those whose words do not occur. With ``year``, that of
    the notice, an act whose clause dates it to an earlier one is background.
    """
    parts = parts_of(text, start, end)
    for cue, phrase in cues:
        if _holds(cue.scope, phrase.pattern, parts):
            return cue.standing, cue.id
    if year is not None and any(int(past[1]) < year for past in _YEAR.finditer(parts.clause + parts.act)):
        return Standing.BACKGROUND, "stage.year"
    return Standing.DONE, ""


def parts_of(text: str, start: int, end: int) -> Parts:
    """The sentence parted around the act at [start, end)."""
    left = text[:start]
    opening = _clause_start(left)
    actor = _ACTOR.match(text, start, end)
    at = actor.end() if actor else start  # an act told with its actor begins at the verb
    return Parts(text, left, text[opening:end], at - opening, text[start : _act_end(text, end)])


def _act_end(text: str, end: int) -> int:
    """The act with what its clause says right behind it: `curbs on X expected to be lifted tonight`."""
    behind = text[end : end + BEHIND]
    stop = _CLAUSE.search(behind)
    return end + (stop.start() if stop else len(behind))


def _clause_start(left: str) -> int:
    """Where the last clause begins; `that` after a verb of saying goes on with what is said."""
    start = 0
    for match in _CLAUSE.finditer(left):
        if match[0] != "that" or not _SAYING.search(left[: match.start()]):
            start = match.start()
    return start


def _holds(scope: str, pattern: re.Pattern[str], parts: Parts) -> bool:
    if scope == "touching":
        return any(_governs(match, parts) for match in pattern.finditer(parts.clause))
    if scope == "opener":
        return pattern.match(parts.clause) is not None
    searched = {
        "clause": parts.clause[: parts.at],
        "sentence": parts.left,
        "inside": parts.act,
        "around": parts.clause + parts.act,
    }
    return pattern.search(searched.get(scope, parts.whole)) is not None


def _governs(match: re.Match[str], parts: Parts) -> bool:
    """Words that begin before the act and end beside or inside it govern it."""
    begins_before = match.start() < parts.at
    return begins_before and len(parts.clause[match.end() : parts.at].split()) <= NEAR
