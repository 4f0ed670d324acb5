"""A token bucket: how fast one destination is sent to, slower after it asked for time."""

from dataclasses import dataclass, field

SLOWEST = 1 / 60  # tokens a second
GAIN = 1.1  # a success brings the rate back by so much
CUT = 0.5  # a wish for time takes so much of it


@dataclass(frozen=True)
class Rate:
    """So many messages a second in the long run, and so many at once."""

    per_second: float
    burst: float


USUAL = Rate(100, 100)  # for receivers that publish no limit: they say so themselves, with 429
RATES = {
    "slack": Rate(1, 5),  # docs.slack.dev, "Rate limits": one a second and webhook, short bursts
    "teams": Rate(4, 4),  # learn.microsoft.com, "Create Incoming Webhooks": four a second
}


@dataclass
class Bucket:
    """Filled as time goes by; time is an argument, as seconds of any steady clock."""

    rate: Rate
    now: float
    tokens: float = field(init=False)
    per_second: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.per_second = self.rate.burst, self.rate.per_second

    def wait(self, now: float) -> float:
        """Seconds until one may be sent; 0 when one may be now."""
        self._fill(now)
        return max(0.0, (1 - self.tokens) / self.per_second)

    def take(self, now: float) -> None:
        """One is sent. What was claimed together may run into debt, which later ones wait for."""
        self._fill(now)
        self.tokens -= 1

    def slow_down(self, now: float) -> None:
        """The destination asked for time: half as fast from now on, and no burst."""
        self._fill(now)
        self.tokens = min(self.tokens, 0.0)
        self.per_second = max(SLOWEST, self.per_second * CUT)

    def speed_up(self) -> None:
        """The destination took one: a little nearer to the rate that it had at first."""
        self.per_second = min(self.rate.per_second, self.per_second * GAIN)

    def _fill(self, now: float) -> None:
        self.tokens = min(self.rate.burst, self.tokens + max(0.0, now - self.now) * self.per_second)
        self.now = max(self.now, now)
