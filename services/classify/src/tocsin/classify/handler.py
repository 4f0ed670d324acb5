"""The handler: published notices become classified ones."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tocsin.chassis import logs, tracing
from tocsin.chassis.consumer import Incoming
from tocsin.chassis.metrics import STAGE
from tocsin.chassis.producer import Producer
from tocsin.classify import metrics
from tocsin.classify.classify import classify
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.rule import Rules
from tocsin.contracts import NOTICES_CLASSIFIED, Entity, NoticeClassified, NoticePublished
from tocsin.contracts.cloudevents import Record, to_record

SERVICE = "classify"

log = logs.get(__name__)


class Handler:
    """What classify does with each poll of published notices."""

    def __init__(self, producer: Producer, rules: Rules) -> None:
        self._producer = producer
        self._rules = rules
        self._knowledge = Knowledge.of((), rules)

    def know(self, entities: Iterable[Entity]) -> None:
        """Use a new catalogue from the next notice on: it is swapped whole."""
        known = tuple(entities)
        self._knowledge = Knowledge.of(known, self._rules)
        metrics.ENTITIES.set(len(known))
        log.info("catalogue", entities=len(known), version=self._knowledge.version)

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
        knowledge = self._knowledge
        said = classify(notice, knowledge)
        now = datetime.now(UTC)
        fact = NoticeClassified(
            id=notice.id,
            notice=notice,
            classification=said,
            rules_version=knowledge.version,
            classified_at=now,
        )
        metrics.CLASSIFIED.labels(said.category).inc()
        return to_record(fact, source=SERVICE, time=now, traceparent=traceparent)
