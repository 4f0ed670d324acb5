"""Lives: where one thing stands by all that was said of it, each word by its own time and not its arrival."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic import AwareDatetime

from tocsin.contracts import CaseState
from tocsin.contracts.message import Part
from tocsin.notify.cases.claims import RISING

AGE = (*RISING, CaseState.EASED, CaseState.DENIED, CaseState.LIFTED)  # of two words of one moment: the later


class Word(Part):
    """One claim, told from ``first`` to ``last``; ``close``: by those who act or those who are hit."""

    state: CaseState
    close: bool
    first: AwareDatetime
    last: AwareDatetime


class Moment(NamedTuple):
    """One telling of a word."""

    at: datetime
    state: CaseState
    close: bool


def hear(words: tuple[Word, ...], state: CaseState, at: datetime, *, close: bool) -> tuple[Word, ...]:
    """The words and one more: of each claim its first and its last telling are kept, in any order."""
    same = next((word for word in words if (word.state, word.close) == (state, close)), None)
    others = tuple(word for word in words if word is not same)
    first, last = (min(same.first, at), max(same.last, at)) if same else (at, at)
    return (*others, Word(state=state, close=close, first=first, last=last))


def moments(words: Iterable[Word]) -> Iterator[Moment]:
    """The tellings of words that are known."""
    for word in words:
        yield Moment(word.first, word.state, word.close)
        yield Moment(word.last, word.state, word.close)


def stands(told: Iterable[Moment]) -> CaseState | None:
    """Where a thing stands after all of this, whatever came in first; None when nothing was told."""
    state: CaseState | None = None
    for moment in sorted(told, key=lambda one: (one.at, AGE.index(one.state), one.close)):
        state = _after(state, moment)
    return state


def _after(before: CaseState | None, told: Moment) -> CaseState:
    if before is None:
        return told.state
    if told.state in RISING:
        if before in RISING:
            return max(before, told.state, key=RISING.index)
        return told.state if told.close else before  # imposed again: from those who know
    if told.state is CaseState.DENIED:
        return told.state if told.close and before in RISING[:-1] else before
    ends = before in RISING or (before is CaseState.EASED and told.state is CaseState.LIFTED)
    return told.state if ends else before
