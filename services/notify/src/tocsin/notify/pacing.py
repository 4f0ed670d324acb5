"""Pacing: when a delivery that failed is tried again."""

from datetime import timedelta

# Standard Webhooks, "Deliverability and reliability", with two early tries for a receiver that restarts.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2


def next_try(attempts: int, chance: float, wish: timedelta | None = None) -> timedelta | None:
    """How long to wait after ``attempts`` failed tries; None when it is time to give up.

    ``chance`` in [0, 1) spreads retries by a fifth either way. A receiver's own wish (Retry-After) is a
    lower bound.
    """
    if attempts > len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    return max(planned, wish) if wish is not None else planned
