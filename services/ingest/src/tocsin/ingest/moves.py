"""Follows a source that moved: a permanent redirect is adopted once it has been met often enough."""

from dataclasses import dataclass

CONFIRMATIONS = 3
DOUBTS = 3


@dataclass(frozen=True)
class Moves:
    """Where a source is, and where it may be going."""

    adopted: str | None = None  # asked in place of the declared address
    pending: str | None = None
    times: int = 0  # answers in a row that led to ``pending``

    def address(self, declared: str, failures: int) -> str:
        """Where to ask. After three failures in a row the declared address is tried again."""
        return self.adopted if self.adopted is not None and failures < DOUBTS else declared

    def heard(self, asked: str, moved_to: str | None) -> "Moves":
        """What is known after a good answer from ``asked``; ``moved_to`` is where a 301 or 308 led.

        The third answer in a row to lead to one place makes it the address: documents keep their ids, which
        are made from the source's id. A declared address that answers again ends the adoption.
        """
        adopted = self.adopted if asked == self.adopted else None
        if moved_to is None:
            return Moves(adopted)
        times = self.times + 1 if moved_to == self.pending else 1
        return Moves(adopted=moved_to) if times >= CONFIRMATIONS else Moves(adopted, moved_to, times)
