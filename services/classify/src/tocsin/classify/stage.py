"""How an act stands in its clause: done, to come, possible, denied, a goal, a question or long past."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.classify.rules.rule import Cue, Standing

BEHIND = 40  # characters after the act that belong to it, at most
NEAR = 2  # words that may stand between a touching cue and the act: `talks on lifting the`

_CLAUSE = re.compile(r"[,;:(]|(?<= )- |\b(?:which|who|that|but|while|because|when|as)\b")
_SAYING = re.compile(
    r"\b(?:said|says?|announce[sd]?|confirm(?:s|ed)|told|tells?|report(?:s|ed)|den(?:y|ies|ied)|disclosed) $"
)


@dataclass(frozen=True)
class Parts:
    """A sentence around an act: all of it, what stands before, the clause so far, the act itself."""

    whole: str
    left: str
    clause: str
    act: str


def standing_of(text: str, start: int, end: int, cues: Sequence[Cue]) -> tuple[Standing, str]:
    """How the act at [start, end) of a sentence stands, and the cue that says so (empty for a done act).

    The first cue that holds decides; its scope says where its words may stand.
    """
    left = text[:start]
    parts = Parts(text, left, left[_clause_start(left) :], text[start : _act_end(text, end)])
    for cue in cues:
        if any(_holds(cue.scope, phrase.pattern, parts) for phrase in cue.phrases):
            return cue.standing, cue.id
    return Standing.DONE, ""


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
    match scope:
        case "touching":
            return any(len(parts.clause[m.end() :].split()) <= NEAR for m in pattern.finditer(parts.clause))
        case "clause":
            return pattern.search(parts.clause) is not None
        case "sentence":
            return pattern.search(parts.left) is not None
        case "inside":
            return pattern.search(parts.act) is not None
        case _:
            return pattern.search(parts.whole) is not None
