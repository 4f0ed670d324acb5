"""Pacing: when a delivery that failed is tried again."""

from datetime import timedelta

# Standard Webhooks, "Deliverability and reliability", with two early tries for a receiver that restarts.
SCHEDULE: tuple[timedelta, ...] = (
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
PATIENCE = timedelta(days=3)  # for what waits for a destination that is only probed


def next_try(
    attempts: int, tried_for: timedelta, chance: float, wish: timedelta | None = None
) -> timedelta | None:
    """How long to wait after ``attempts`` failed tries over so much time; None when it is time to give up.

    ``chance`` in [0, 1) puts a retry off by up to a fifth, never sooner: what is given up was tried for over
    three days, even if a circuit that closed had some of the tries made early. A receiver's own wish
    (Retry-After) is a lower bound, spread likewise.
    """
    if attempts > len(SCHEDULE) and tried_for >= sum(SCHEDULE, timedelta()):
        return None
    planned = SCHEDULE[min(attempts, len(SCHEDULE)) - 1] if SCHEDULE else timedelta()
    return max(planned, wish or timedelta()) * (1 + JITTER * chance)
