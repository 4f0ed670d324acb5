"""The sender: takes what is due from the ledger, sends it, and writes down what came of it."""

import asyncio
import contextlib
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from tocsin.chassis import logs, tracing
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.health import Pulse
from tocsin.chassis.lifetime import insist
from tocsin.chassis.metrics import STAGE
from tocsin.contracts import AlertRaised, AlertsSummarised
from tocsin.notify import metrics
from tocsin.notify.channels import Answer, Channel, Message, Outcome, Purpose, Summary, attempt
from tocsin.notify.directory import Directory
from tocsin.notify.line import line
from tocsin.notify.pacing.bucket import RATES, USUAL, Bucket
from tocsin.notify.pacing.circuit import Sign
from tocsin.notify.pacing.retry import PATIENCE, next_try
from tocsin.notify.store import destinations, ledger, summaries, trouble
from tocsin.notify.store.destinations import Said
from tocsin.notify.store.ledger import Delivery, Result
from tocsin.notify.wording import worded

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
    acknowledge_url: Callable[[AlertRaised], str | None] = lambda _: None
    summary_url: Callable[[str], str | None] = lambda _: None
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
        address = f"{delivery.team}/{delivery.channel}"
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
        address = f"{delivery.team}/{delivery.channel}"
        if address not in self._buckets:
            target = self.directory.channel(delivery.team, delivery.channel)
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
        told = delivery.alert or await self._summed_up(delivery)
        if told is None:
            return
        started = time.monotonic()
        with tracing.span("deliver", delivery.traceparent) as traceparent:
            kind, answer = await self._attempt(delivery, told, traceparent)
        seconds = time.monotonic() - started
        again = None
        if answer.outcome is Outcome.RETRY:
            again = self._again(delivery, answer.wish)
        detail = line(answer.detail, LONGEST_DETAIL)
        result = Result(answer.outcome, detail, seconds, again, answer.thread, answer.taken)
        # If the ledger is away now, wait for it: without the record the message would go out again.
        recorded = await insist("ledger", lambda: ledger.record(self.pool, delivery, result))
        if recorded.in_trouble or answer.outcome is Outcome.RETRY:
            await insist("ledger", lambda: self._note(delivery, answer, started))
        if answer.gone:
            to, others = (
                (delivery.team, delivery.channel),
                self.directory.others(delivery.team, delivery.channel),
            )
            await insist("ledger", lambda: trouble.gone(self.pool, to, others, result.detail))
        self._pace(delivery, answer)
        metrics.ATTEMPTS.labels(kind, answer.outcome).inc()
        if result.again_in is None:
            made = answer.outcome is Outcome.DELIVERED
            metrics.ENDED.labels(kind, "delivered" if made else "failed").inc()
        self._tell(delivery, result, recorded.delivered_at)

    async def _summed_up(self, delivery: Delivery) -> AlertsSummarised | None:
        """What a summary says; None when there is nothing that it could say, and it is gone."""
        name = delivery.summary or ""
        return await insist("ledger", lambda: summaries.close(self.pool, name, self.summary_url))

    def _again(self, delivery: Delivery, wish: timedelta | None) -> timedelta | None:
        tried_for = datetime.now(UTC) - delivery.asked_at
        chance = random.random()  # noqa: S311 - jitter
        return next_try(delivery.attempt - (delivery.asked_after or 0), tried_for, chance, wish)

    async def _note(self, delivery: Delivery, answer: Answer, started: float) -> None:
        """What the answer says of the destination, for every replica."""
        if delivery.taken and answer.outcome is Outcome.RETRY and not answer.taken:
            return  # of some addresses only, be it a mailbox that is full: nothing of the destination
        took, why = timedelta(seconds=time.monotonic() - started), line(answer.detail, LONGEST_DETAIL)
        said = Said(_sign(answer), answer.wish, took, why)
        team, channel = delivery.team, delivery.channel
        others = self.directory.others(team, channel)
        turn = await destinations.note(self.pool, (team, channel), said, PATIENCE, others)
        if turn is not None:
            metrics.CIRCUITS.labels(turn).inc()
            log.warning("circuit", turn=turn.value, team=team, channel=channel, why=why)

    def _pace(self, delivery: Delivery, answer: Answer) -> None:
        if answer.wish is not None:
            self._bucket(delivery).slow_down(time.monotonic())
        elif answer.outcome is Outcome.DELIVERED:
            self._bucket(delivery).speed_up()

    async def _attempt(
        self, delivery: Delivery, told: AlertRaised | AlertsSummarised, traceparent: str
    ) -> tuple[str, Answer]:
        target = self.directory.channel(delivery.team, delivery.channel)
        if target is None:
            return "log", Answer(Outcome.REFUSED, "the team has taken this channel out")
        team = self.directory.name_of(delivery.team)
        message = (
            self._message(delivery, told, team, traceparent)
            if isinstance(told, AlertRaised)
            else Summary(delivery.id, told, team, traceparent, delivery.taken, delivery.unsubscribed)
        )
        return target.kind, await attempt(self.channels[target.kind], message, target, self.send_seconds)

    def _message(self, delivery: Delivery, alert: AlertRaised, team: str, traceparent: str) -> Message:
        return Message(
            id=delivery.id,
            alert=worded(alert, delivery.purpose),
            team=team,
            traceparent=traceparent,
            purpose=delivery.purpose,
            acknowledge_url=self.acknowledge_url(alert),
            thread=delivery.thread,
            taken=delivery.taken,
            unsubscribed=delivery.unsubscribed,
        )

    def _tell(self, delivery: Delivery, result: Result, delivered_at: datetime | None) -> None:
        facts = {
            "delivery": delivery.id,
            "team": delivery.team,
            "channel": delivery.channel,
            "attempt": delivery.attempt,
        }
        alert = delivery.alert
        # What a person asked for anew, and what is due later, says nothing of how fast we are.
        timed = delivery.asked_after is None and delivery.purpose is Purpose.ALERT
        if timed and alert is not None and delivery.attempt == 1:
            waited = (delivery.first_tried_at - alert.raised_at).total_seconds()
            STAGE.labels("first_attempt").observe(waited)
        if timed and alert is not None and delivered_at is not None:
            confirmed = (delivered_at - delivery.first_tried_at).total_seconds()
            STAGE.labels("confirm").observe(confirmed)
            STAGE.labels("deliver").observe((delivered_at - alert.raised_at).total_seconds())
            STAGE.labels("end_to_end").observe((delivered_at - alert.seen_at).total_seconds())
        if delivered_at is not None:
            log.info("delivered", **facts)
        else:
            again = datetime.now(UTC) + result.again_in if result.again_in else None
            log.warning("not delivered", why=result.detail, again_at=again and again.isoformat(), **facts)


def _sign(answer: Answer) -> Sign:
    if answer.outcome is not Outcome.RETRY or answer.taken:
        return Sign.WELL
    return Sign.ILL if answer.wish is None else Sign.BUSY
