"""Whether a service moves, and whether it is fit to serve."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import Gauge

PULSE_AGE = Gauge("tocsin_pulse_age_seconds", "Time since a loop of the service last turned.", ["loop"])


@dataclass
class Pulse:
    """The heart-beat of one loop: it must turn at least once in ``limit`` seconds."""

    loop: str
    limit: float
    _last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        PULSE_AGE.labels(self.loop).set_function(lambda: self.age)

    def beat(self) -> None:
        """The loop has turned."""
        self._last = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._last

    @property
    def stuck(self) -> bool:
        """Whether the loop has missed its limit."""
        return self.age > self.limit


@dataclass
class Health:
    """What ``/live`` and ``/ready`` answer from.

    A service is live while every loop turns, also when Kafka is away: a restart would not help. It is
    ready when all of it has been started (``started`` says so) and no part has a complaint.
    """

    started: bool = False
    _pulses: list[Pulse] = field(default_factory=list)
    _complaints: dict[str, Callable[[], str | None]] = field(default_factory=dict)

    def pulse(self, loop: str, *, limit: float) -> Pulse:
        """A new heart-beat for a loop that turns at least every ``limit`` seconds."""
        pulse = Pulse(loop, limit)
        self._pulses.append(pulse)
        return pulse

    def require(self, part: str, complaint: Callable[[], str | None]) -> None:
        """Ask this part before saying ready; it answers None, or what is wrong in words."""
        self._complaints[part] = complaint

    def stuck(self) -> dict[str, str]:
        """The loops that no longer turn, each with how long."""
        return {
            p.loop: f"has not turned for {p.age:.0f} s (limit {p.limit:.0f} s)"
            for p in self._pulses
            if p.stuck
        }

    def unfit(self) -> dict[str, str]:
        """The parts that are not fit to serve, each with its reason."""
        answers = {part: complaint() for part, complaint in self._complaints.items()}
        if not self.started:  # parts that come later have had no chance to complain yet
            answers["start"] = "not all parts have been started yet"
        return {part: answer for part, answer in answers.items() if answer is not None}
