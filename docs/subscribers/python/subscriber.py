"""Acts on every alert of one team, by topic: run it with `python docs/subscribers/python/subscriber.py`."""

import asyncio
import os

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker

from tocsin.contracts import AlertRaised

broker = KafkaBroker(os.environ["TOCSIN_KAFKA_BOOTSTRAP_SERVERS"])


@broker.subscriber(
    "tocsin.alerts.v1",
    group_id="payments-bot",
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.NACK_ON_ERROR,  # the default would lose an alert on a crash
)
async def on_alert(alert: AlertRaised) -> None:
    """An alert may come twice with the same id: remember the ids if acting twice would hurt."""
    if alert.team == "payments":
        print(alert.id, alert.severity, alert.headline, flush=True)


if __name__ == "__main__":
    asyncio.run(FastStream(broker).run())
