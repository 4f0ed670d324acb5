"""Channels: where teams want to hear it, one file each, and what an attempt can come to."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from tocsin.contracts import AlertRaised, AlertsSummarised
from tocsin.contracts.channels import Channel as Declaration

KINDS = ("webhook", "slack", "email", "pagerduty", "alertmanager", "teams", "matrix", "log", "canary")


class Purpose(StrEnum):
    """What a delivery of an alert is for."""

    ALERT = "alert"
    REMINDER = "reminder"  # nobody has acknowledged it
    FALLBACK = "fallback"  # nor since then: told on a channel that hears of nothing else
    ACKNOWLEDGE = "acknowledge"  # somebody has: for channels that hold an alarm
    RESOLVE = (
        "resolve"  # the measure is over: for channels that hold an alarm that the end of it does not reach
    )


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"  # the receiver said so
    RETRY = "retry"  # it may work later
    REFUSED = "refused"  # the receiver will never take it: tried no more


@dataclass(frozen=True)
class Answer:
    """What a receiver answered, as it came (the sender makes a line of it); ``wish`` is its Retry-After."""

    outcome: Outcome
    detail: str
    wish: timedelta | None = None
    gone: bool = False  # it wants no more messages at all
    thread: str | None = None  # that this message began: what follows of its case is sent with it
    taken: tuple[str, ...] = ()  # addresses that took it in this attempt: it is never sent to them again


@dataclass(frozen=True)
class Message:
    """One alert for one channel. ``id`` is the same on every attempt: receivers drop repeats by it."""

    id: str
    alert: AlertRaised
    team: str  # the team's name as people read it
    traceparent: str
    purpose: Purpose = Purpose.ALERT
    acknowledge_url: str | None = None  # opens the alert to whoever has it: on no topic, and in no row or log
    thread: str | None = None  # that an earlier message of the case began on this channel
    taken: frozenset[str] = frozenset()  # addresses that have it from an earlier attempt
    unsubscribed: frozenset[str] = frozenset()  # addresses that want none, in small letters

    @property
    def over(self) -> bool:
        """Whether it ends the alarm of its case."""
        return self.alert.over or self.purpose is Purpose.RESOLVE


@dataclass(frozen=True)
class Summary:
    """One summary for one channel; its ``id`` and its text are the same on every attempt."""

    id: str
    told: AlertsSummarised
    team: str  # the team's name as people read it
    traceparent: str
    taken: frozenset[str] = frozenset()  # addresses that have it from an earlier attempt
    unsubscribed: frozenset[str] = frozenset()  # addresses that want none, in small letters


Sendable = Message | Summary


class Channel(Protocol):
    """The edge to one kind of receiver."""

    async def send(self, message: Sendable, target: Declaration) -> Answer:
        """Make one attempt. Network errors may be raised: ``attempt`` takes them as ``RETRY``."""
        ...


async def attempt(channel: Channel, message: Sendable, target: Declaration, seconds: float) -> Answer:
    """One attempt within so many seconds, whatever the receiver does; never raises."""
    try:
        async with asyncio.timeout(seconds):
            return await channel.send(message, target)
    except TimeoutError:
        return Answer(Outcome.RETRY, f"no answer within {seconds:g} s")
    except Exception as error:  # noqa: BLE001 - whatever a receiver does, the ledger says so
        return Answer(Outcome.RETRY, f"{type(error).__name__}: {error}")


def unset(variable: str) -> Answer:
    """For what is not set up: it may come with the next start of notify."""
    return Answer(Outcome.RETRY, f"set {variable} in notify's environment")
