"""The handler: published notices become classified ones."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from tocsin.chassis import tracing
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.metrics import STAGE
from tocsin.chassis.producer import Producer
from tocsin.classify import metrics
from tocsin.classify.classify import classify
from tocsin.classify.library import Library
from tocsin.classify.newcomers import Newcomers
from tocsin.classify.unknown import wording_of
from tocsin.contracts import NOTICES_CLASSIFIED, NoticeClassified, NoticePublished
from tocsin.contracts.cloudevents import Record, to_record

SERVICE = "classify"


class Handler:
    """What classify does with each poll of published notices."""

    def __init__(self, producer: Producer, library: Library) -> None:
        self._producer = producer
        self._library = library
        self._newcomers = Newcomers()

    async def on_notices_published(self, incoming: Sequence[Incoming[NoticePublished]]) -> None:
        """Classify each notice and publish the result; returns when all of it is confirmed."""
        records = []
        for one in incoming:
            records.append(self._classify(one))
            await asyncio.sleep(0)  # a long text must not keep the heart-beat to Kafka waiting
        await self._producer.publish(NOTICES_CLASSIFIED, records)
        now = datetime.now(UTC)
        for one in incoming:
            waited = now.timestamp() - one.record.timestamp / 1000
            STAGE.labels(SERVICE).observe(max(waited, 0.0))  # another's clock may be ahead of ours

    def _classify(self, one: Incoming[NoticePublished]) -> Record:
        with tracing.span(SERVICE, one.traceparent) as traceparent:
            return self._told(one.event, traceparent)

    def _told(self, notice: NoticePublished, traceparent: str) -> Record:
        knowledge = self._library.knowledge
        said = classify(notice, knowledge)
        self._newcomers.note(notice.id, said)
        now = datetime.now(UTC)
        fact = NoticeClassified(
            id=notice.id,
            notice=notice,
            classification=said,
            rules_version=knowledge.version,
            classified_at=now,
        )
        metrics.CLASSIFIED.labels(said.category).inc()
        if wording_of(said) is not None:
            metrics.UNKNOWN.inc()
        return to_record(fact, source=SERVICE, time=now, traceparent=traceparent)
