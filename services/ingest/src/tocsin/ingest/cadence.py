"""Decides when a source is asked again: at its own rhythm while it answers, ever more rarely when not."""

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 3_600.0  # neither a back-off nor a wish keeps us away longer, unless `every` is longer
DOUBLINGS = 12
ASKS_A_GAP = 10  # how often a source is asked in its usual time between two news
FASTEST, FAST, SLOW = 0.25, 0.5, 2.0  # bounds of the pace, times `every`
PATIENCE = 4.0  # longest that words in a document stretch the pace, times `every`
RECENT = 8
FEW = 3
KEPT = 50


@dataclass(frozen=True)
class Rhythm:
    """When a source had something new, and how much of it it shows."""

    arrivals: tuple[float, ...] = ()  # the latest 50, POSIX times, ascending
    shown: int = 0  # entries in its last document

    def heard(self, arrivals: Sequence[float], shown: int) -> "Rhythm":
        """With what a poll brought."""
        return Rhythm(tuple(sorted((*self.arrivals, *arrivals))[-KEPT:]), shown)


def pace(every: float, rhythm: Rhythm, period: float | None, now: float) -> float:
    """Seconds between polls of a source that answers: a pure function of its past arrivals.

    The gap between news is the mean over the last 8 and the silence since; with fewer than 3, the ``period``
    that the source states, if any. A gap is cut in 10, within every / 2 and every * 2: a monthly publisher
    is asked a quarter as often as a busy one, and no source waits more than twice what was declared.
    A list shows its newest entries only: it is asked before half of them can have been replaced, by its
    usual gap and by its last burst, down to every / 4.
    """
    gap = _gap(rhythm.arrivals, now) or period
    usual = every if gap is None else min(max(gap / ASKS_A_GAP, every * FAST), every * SLOW)
    return max(min(usual, _window(rhythm, gap, now)), every * FASTEST)


def _gap(arrivals: Sequence[float], now: float) -> float | None:
    recent = arrivals[-RECENT:]
    return max(now - recent[0], 0.0) / len(recent) if len(recent) >= FEW else None


def _window(rhythm: Rhythm, gap: float | None, now: float) -> float:
    """How long half of the entries shown stay, at the least."""
    half = max(rhythm.shown // 2, 1)
    usual = half * gap if gap is not None and rhythm.shown else float("inf")
    if not rhythm.shown or len(rhythm.arrivals) < max(half, FEW):
        return usual
    return min(usual, max(now - rhythm.arrivals[-half], 0.0))


def after_answer(every: float, pace: float, *, fresh_for: float, ttl: float | None, chance: float) -> float:
    """Seconds until the next poll of a source that answered.

    ``fresh_for`` is what its HTTP headers ask for, granted up to an hour; ``ttl`` what the document asks for,
    often without meaning it, up to 4 * every. ``chance`` in [0, 1) spreads replicas and sources: ±5 % of
    the pace, never less than what was granted.
    """
    longest = max(LONGEST, every)
    granted = max(min(fresh_for, longest), min(ttl or 0.0, every * PATIENCE, longest))
    spread = 0.1 * chance
    return max(pace * (0.95 + spread), granted * (1.0 + spread))


def longest(every: float) -> float:
    """Seconds that no pause of a source exceeds, but one that it asked for by Retry-After."""
    return 1.1 * max(LONGEST, every * PATIENCE)


def after_failure(every: float, failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds until the next poll of a source that failed so many times in a row.

    The pause doubles up to an hour (or ``every``, if that is longer); polling never ends. ``chance`` spreads
    over its upper half. What the source asked for, at most a day, is the least it gets.
    """
    longest = min(max(LONGEST, every), every * 2.0 ** min(failures, DOUBLINGS))
    return max(longest * (0.5 + 0.5 * chance), retry_after or 0.0)
