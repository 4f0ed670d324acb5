"""The sender: takes what is due from the ledger, sends it, and writes down what came of it."""

import asyncio
import contextlib
import math
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
from tocsin.notify.bucket import RATES, USUAL, Bucket
from tocsin.notify.channels import Answer, Channel, Message, Outcome, attempt
from tocsin.notify.circuit import Sign
from tocsin.notify.directory import Directory
from tocsin.notify.line import line
from tocsin.notify.pacing import PATIENCE, next_try
from tocsin.notify.store import destinations, ledger
from tocsin.notify.store.destinations import Said
from tocsin.notify.store.ledger import Delivery, Result

SLOTS = 64
SLOTS_A_CHANNEL = 4  # so that one that hangs does not hold the others up
LEASE = timedelta(seconds=60)  # over the longest send; a dead sender's claim ends by itself
TURN_SECONDS = 0.02  # where more is due than one claim took
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
    _buckets: dict[str, Bucket] = field(default_factory=dict)

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

    @property
    def in_flight(self) -> int:
        """How many deliveries are being sent now."""
        return len(self._flying)

    async def _turn(self) -> None:
        self.wake.clear()
        await self.directory.refresh()
        waits = self._waits()
        free = SLOTS - self.in_flight
        most = min(free, SLOTS_A_CHANNEL)
        claimed = await ledger.claim(self.pool, most, list(waits), LEASE) if most else []
        for delivery in claimed:
            self._start(delivery)
        if not claimed:
            await self._rest(waits, full=not free)

    def _waits(self) -> dict[str, float]:
        """Seconds until a destination may be claimed for, where not now; inf: until one lands."""
        now = time.monotonic()
        empty = {name: wait for name, bucket in self._buckets.items() if (wait := bucket.wait(now))}
        return empty | {name: math.inf for name, count in self._busy.items() if count >= SLOTS_A_CHANNEL}

    def _start(self, delivery: Delivery) -> None:
        address = f"{delivery.alert.team}/{delivery.channel}"
        self._busy[address] += 1
        self._bucket(delivery).take(time.monotonic())
        task = asyncio.create_task(self._deliver(delivery), name=delivery.id)
        self._flying.add(task)
        metrics.IN_FLIGHT.inc()

        def landed(_: asyncio.Task[None]) -> None:
            self._flying.discard(task)
            self._busy[address] -= 1
            metrics.IN_FLIGHT.dec()
            self.wake.set()  # a slot is free

        task.add_done_callback(landed)

    def _bucket(self, delivery: Delivery) -> Bucket:
        address = f"{delivery.alert.team}/{delivery.channel}"
        if address not in self._buckets:
            target = self.directory.channel(delivery.alert.team, delivery.channel)
            rate = RATES.get(target.kind, USUAL) if target else USUAL
            self._buckets[address] = Bucket(rate, time.monotonic())
        return self._buckets[address]

    async def _rest(self, waits: Mapping[str, float], *, full: bool) -> None:
        wait = None if full else await ledger.next_due(self.pool, list(waits))
        pauses = [IDLE_SECONDS, *waits.values(), *([max(wait, TURN_SECONDS)] if wait is not None else [])]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(pauses)):
                await self.wake.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        started = time.monotonic()
        with tracing.span("deliver", delivery.traceparent) as traceparent:
            kind, answer = await self._attempt(delivery, traceparent)
        seconds = time.monotonic() - started
        again = None
        if answer.outcome is Outcome.RETRY:
            again = self._again(delivery, answer.wish)
        result = Result(answer.outcome, line(answer.detail, LONGEST_DETAIL), seconds, again)
        # If the ledger is away now, wait for it: without the record the message would go out again.
        recorded = await insist("ledger", lambda: ledger.record(self.pool, delivery, result))
        if recorded.in_trouble or answer.outcome is Outcome.RETRY:
            await insist("ledger", lambda: self._note(delivery, answer, started))
        self._pace(delivery, answer)
        metrics.ATTEMPTS.labels(kind, answer.outcome).inc()
        if result.again_in is None:
            made = answer.outcome is Outcome.DELIVERED
            metrics.ENDED.labels(kind, "delivered" if made else "failed").inc()
        self._tell(delivery, result, recorded.delivered_at)

    def _again(self, delivery: Delivery, wish: timedelta | None) -> timedelta | None:
        tried_for = datetime.now(UTC) - delivery.asked_at
        chance = random.random()  # noqa: S311 - jitter
        return next_try(delivery.attempt, tried_for, chance, wish)

    async def _note(self, delivery: Delivery, answer: Answer, started: float) -> None:
        """What the answer says of the destination, for every replica."""
        said = Said(_sign(answer), answer.wish, timedelta(seconds=time.monotonic() - started))
        team, channel = delivery.alert.team, delivery.channel
        turn = await destinations.note(self.pool, (team, channel), said, PATIENCE)
        if turn is not None:
            metrics.CIRCUITS.labels(turn).inc()
            why = line(answer.detail, LONGEST_DETAIL)
            log.warning("circuit", turn=turn.value, team=team, channel=channel, why=why)

    def _pace(self, delivery: Delivery, answer: Answer) -> None:
        if answer.wish is not None:
            self._bucket(delivery).slow_down(time.monotonic())
        elif answer.outcome is Outcome.DELIVERED:
            self._bucket(delivery).speed_up()

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
        return target.kind, await attempt(self.channels[target.kind], message, target, self.send_seconds)

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


def _sign(answer: Answer) -> Sign:
    if answer.outcome is not Outcome.RETRY:
        return Sign.WELL
    return Sign.ILL if answer.wish is None else Sign.BUSY
