"""Canary: the way back to ourselves; what arrives here has been through all three services."""

from collections.abc import Callable
from datetime import UTC, datetime

from tocsin.contracts.channels import Channel
from tocsin.notify import metrics
from tocsin.notify.channels import Answer, Message, Outcome, Sendable


class CanaryChannel:
    """Always delivers, and notes how long it took since ingest had the notice."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    async def send(self, message: Sendable, target: Channel) -> Answer:  # noqa: ARG002 - there is one target
        """It has come back."""
        if isinstance(message, Message):  # nobody sums canaries up
            metrics.CANARY.observe((self._now() - message.alert.seen_at).total_seconds())
        return Answer(Outcome.DELIVERED, "it came back")
