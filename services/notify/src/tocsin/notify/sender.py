"""The sender: takes what is due from the ledger, sends it, and writes down what came of it."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from tocsin.chassis import logs, tracing
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.chassis.lifetime import insist
from tocsin.chassis.metrics import STAGE
from tocsin.notify import metrics
from tocsin.notify.channels import Answer, Channel, Message, Outcome
from tocsin.notify.directory import Directory
from tocsin.notify.line import line
from tocsin.notify.pacing import next_try
from tocsin.notify.store import ledger
from tocsin.notify.store.ledger import Delivery, Result

SLOTS = 64
SLOTS_A_CHANNEL = 4  # so that one that hangs does not hold the others up
LEASE = timedelta(seconds=60)  # over the longest send; a dead sender's claim ends by itself
IDLE_SECONDS = 5.0  # the longest pause, should a wake-up be lost
FINISH_SECONDS = 8.0  # what is in flight at a stop may end within this
LONGEST_DETAIL = 500  # of what a receiver answered

log = logs.get(__name__)


@dataclass
class Sender:
    """Delivers for ever. Claim, send, record: a crash in between repeats one message under the same id."""

    pool: asyncpg.Pool
    directory: Directory
    channels: Mapping[str, Channel]
    wake: asyncio.Event
    pulse: Pulse
    send_seconds: float
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _busy: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Deliver until cancelled; then let what is in flight end."""
        try:
            while True:
                try:
                    await self._turn()
                except Exception as error:
                    if fault_of(error) is not Fault.UNAVAILABLE:
                        raise
                    log.warning("ledger away", error=repr(error))
                    await asyncio.sleep(1)
                self.pulse.beat()
        finally:
            if self._flying:
                await asyncio.wait(self._flying, timeout=FINISH_SECONDS)

    async def _turn(self) -> None:
        self.wake.clear()
        await self.directory.refresh()
        full = [name for name, count in self._busy.items() if count >= SLOTS_A_CHANNEL]
        free = SLOTS - len(self._flying)
        claimed = await ledger.claim(self.pool, min(free, SLOTS_A_CHANNEL), full, LEASE) if free else []
        for delivery in claimed:
            self._start(delivery)
        if not claimed:
            await self._rest()

    def _start(self, delivery: Delivery) -> None:
        address = f"{delivery.alert.team}/{delivery.channel}"
        self._busy[address] += 1
        task = asyncio.create_task(self._deliver(delivery), name=delivery.id)
        self._flying.add(task)
        metrics.IN_FLIGHT.inc()

        def landed(_: asyncio.Task[None]) -> None:
            self._flying.discard(task)
            self._busy[address] -= 1
            metrics.IN_FLIGHT.dec()
            self.wake.set()  # a slot is free

        task.add_done_callback(landed)

    async def _rest(self) -> None:
        wait = await ledger.next_due(self.pool)
        pause = IDLE_SECONDS if wait is None or wait <= 0 else min(wait, IDLE_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self.wake.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        started = time.monotonic()
        with tracing.span("deliver", delivery.traceparent) as traceparent:
            kind, answer = await self._attempt(delivery, traceparent)
        seconds = time.monotonic() - started
        again = None
        if answer.outcome is Outcome.RETRY:
            again = next_try(delivery.attempt, random.random(), answer.wish)  # noqa: S311 - jitter
        result = Result(answer.outcome, line(answer.detail, LONGEST_DETAIL), seconds, again)
        # If the ledger is away now, wait for it: without the record the message would go out again.
        delivered_at = await insist("ledger", lambda: ledger.record(self.pool, delivery, result))
        metrics.ATTEMPTS.labels(kind, answer.outcome).inc()
        if result.again_in is None:
            made = answer.outcome is Outcome.DELIVERED
            metrics.ENDED.labels(kind, "delivered" if made else "failed").inc()
        self._tell(delivery, result, delivered_at)

    async def _attempt(self, delivery: Delivery, traceparent: str) -> tuple[str, Answer]:
        alert = delivery.alert
        target = self.directory.channel(alert.team, delivery.channel)
        if target is None:
            return "log", Answer(Outcome.REFUSED, "the team has taken this channel out")
        message = Message(
            id=delivery.id,
            alert=alert,
            team=self.directory.name_of(alert.team),
            traceparent=traceparent,
        )
        try:
            async with asyncio.timeout(self.send_seconds):
                return target.kind, await self.channels[target.kind].send(message, target)
        except TimeoutError:
            return target.kind, Answer(Outcome.RETRY, f"no answer within {self.send_seconds:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a receiver does, the ledger says so
            return target.kind, Answer(Outcome.RETRY, f"{type(error).__name__}: {error}")

    def _tell(self, delivery: Delivery, result: Result, delivered_at: datetime | None) -> None:
        facts = {
            "delivery": delivery.id,
            "team": delivery.alert.team,
            "channel": delivery.channel,
            "attempt": delivery.attempt,
        }
        alert = delivery.alert
        if delivery.attempt == 1:
            waited = (delivery.first_tried_at - alert.raised_at).total_seconds()
            STAGE.labels("first_attempt").observe(waited)
        if delivered_at is not None:
            confirmed = (delivered_at - delivery.first_tried_at).total_seconds()
            STAGE.labels("confirm").observe(confirmed)
            STAGE.labels("deliver").observe((delivered_at - alert.raised_at).total_seconds())
            STAGE.labels("end_to_end").observe((delivered_at - alert.seen_at).total_seconds())
            log.info("delivered", **facts)
        else:
            again = datetime.now(UTC) + result.again_in if result.again_in else None
            log.warning("not delivered", why=result.detail, again_at=again and again.isoformat(), **facts)
