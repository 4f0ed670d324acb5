"""Burying what cannot be processed: original bytes, key and headers, and why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from tocsin.chassis import logs, metrics
from tocsin.chassis.faults import Fault
from tocsin.chassis.producer import Producer, size
from tocsin.chassis.topics import MAX_DEAD_BYTES
from tocsin.contracts import Topic
from tocsin.contracts.cloudevents import Headers, Record

PREFIX = "tocsin-dead-"
MAX_REASON = 1_000
MAX_IN_A_ROW = 100

log = logs.get(__name__)


class Overwhelmed(RuntimeError):
    """So many burials in a row that the fault is ours or a deploy's: a person has to look."""


@dataclass
class Graveyard:
    """The dead-letter twin of one topic, as one service writes it."""

    service: str
    topic: Topic
    producer: Producer
    on_fatal: Callable[[BaseException], None]
    _in_a_row: int = field(default=0, init=False)

    async def bury(self, record: ConsumerRecord, fault: Fault, error: BaseException, attempts: int) -> None:
        """Write the record to the dead-letter topic; raises if that fails, so that nothing is committed."""
        if self._in_a_row >= MAX_IN_A_ROW:
            overwhelmed = Overwhelmed(
                f"{self._in_a_row} records of {self.topic.name} in a row could not be processed, the last "
                f"because: {error}; stopped before more are buried. They lie on {self.topic.dead}"
            )
            self.on_fatal(overwhelmed)
            raise overwhelmed
        letter = _letter(record, self._why(record, fault, error, attempts))
        await self.producer.write(self.topic.dead, [letter], most=MAX_DEAD_BYTES)
        self._in_a_row += 1
        metrics.DEAD.labels(self.topic.name, fault).inc()
        log.error(
            "buried",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            fault=fault.value,
            error=str(error)[:MAX_REASON],
        )

    def passed(self) -> None:
        """A record was processed: the run of burials is over."""
        self._in_a_row = 0

    def _why(self, record: ConsumerRecord, fault: Fault, error: BaseException, attempts: int) -> Headers:
        facts = {
            "service": self.service,
            "fault": fault.value,
            "error": type(error).__name__,
            "message": str(error)[:MAX_REASON],
            "attempts": attempts,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "time": datetime.now(UTC).isoformat(),
        }
        return tuple((PREFIX + name, _text(value)) for name, value in facts.items())


def _letter(record: ConsumerRecord, why: Headers) -> Record:
    whole = Record(record.key, record.value, tuple(record.headers or ()) + why)
    if size(whole) <= MAX_DEAD_BYTES:
        return whole
    # A record that cannot be buried would hold up its partition for ever; where it lies is in the headers.
    return Record(None, b"", (*why, (PREFIX + "cut", _text(size(whole)))))


def _text(value: object) -> bytes:
    return str(value).encode(errors="backslashreplace")  # an error may quote half a surrogate pair
