"""Decides when a source is asked again: at its own pace while it answers, ever more rarely when not."""

MAX_PAUSE_SECONDS = 3_600.0
DOUBLINGS = 12


def next_poll(every: float, failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds until the next poll.

    ``failures`` in a row double the pause up to an hour (or ``every``, if that is longer); polling never
    ends. ``chance`` in [0, 1) spreads replicas and sources: ±5 % of the pace, and the upper half of a
    back-off. What the source asked for is the least it gets.
    """
    if failures == 0:
        return every * (0.95 + 0.1 * chance)
    longest = min(max(MAX_PAUSE_SECONDS, every), every * 2.0 ** min(failures, DOUBLINGS))
    return max(longest * (0.5 + 0.5 * chance), retry_after or 0.0)
