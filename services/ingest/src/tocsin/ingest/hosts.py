"""Keeps requests to one host few and apart, across all sources of this process."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

AT_ONCE = 2
NO_LIMIT = 1_000_000


def host(location: str) -> str:
    """The host of an address, small letters; empty for a path, which is nobody's to be spared."""
    try:
        return (urlsplit(location).hostname or "").lower()
    except ValueError:
        return ""


@dataclass(frozen=True)
class Turn:
    """A source that may be polled, as far as its host goes."""

    source_id: str
    host: str = ""
    room: int = NO_LIMIT  # requests to the host that may begin now
    opens_in: float = 0.0  # seconds until there is room


@dataclass
class Hosts:
    """Which hosts are being asked, and when each may be asked again. Times are of one monotonic clock.

    Each replica keeps its own: two replicas may ask a host twice as often.
    """

    _busy: dict[str, int] = field(default_factory=dict)
    _opens_at: dict[str, float] = field(default_factory=dict)

    def turn(self, source_id: str, host: str, spacing: float, now: float) -> Turn | None:
        """How a source stands; None while its host answers as many requests as it may.

        With a ``spacing`` requests begin one by one.
        """
        if not host:
            return Turn(source_id)
        free = AT_ONCE - self._busy.get(host, 0)
        if free <= 0:
            return None
        opens_in = max(self._opens_at.get(host, 0.0) - now, 0.0)
        room = 0 if opens_in else min(free, 1) if spacing else free
        return Turn(source_id, host, room, opens_in)

    def begin(self, host: str, spacing: float, now: float) -> None:
        """A request to it begins; the next may come ``spacing`` seconds later."""
        if host:
            self._busy[host] = self._busy.get(host, 0) + 1
            self._opens_at[host] = max(now + spacing, self._opens_at.get(host, 0.0))

    def end(self, host: str, now: float) -> None:
        """A request to it ended."""
        if not host:
            return
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        self._opens_at = {name: at for name, at in self._opens_at.items() if at > now}
