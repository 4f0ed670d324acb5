"""The metrics that every service has, declared here and created at zero."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from tocsin.chassis.faults import Fault

# From a millisecond to a day: a push should take 0.1 s, a poll minutes; a source's own date may be hours old.
LATENCY_BUCKETS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
    *(3_600, 21_600, 86_400),
)
# The values of the label ``stage``, in the order in which a notice passes them.
STAGES: Mapping[str, str] = {
    "source": "the source's own date to seen by Tocsin; a first poll brings a source's old entries too",
    "ingest": "seen to confirmed by Kafka",
    "classify": "on the topic to classified and confirmed by Kafka",
    "notify": "classified to decided and stored: its alerts are raised",
    "first_attempt": "alert raised to the start of the first attempt to deliver it",
    "confirm": "start of the first attempt to the receiver's confirmation, waits and retries included",
    "deliver": "alert raised to the receiver's confirmation",
    "end_to_end": "seen to the receiver's confirmation",
}

CONSUMED = Counter("tocsin_records_consumed", "Records read from a topic and dealt with.", ["topic"])
PUBLISHED = Counter("tocsin_records_published", "Records written to a topic and confirmed.", ["topic"])
DEAD = Counter("tocsin_records_dead", "Records buried on a dead-letter topic.", ["topic", "fault"])
FAULTS = Counter(
    "tocsin_faults", "Failures while handling records, each attempt counted.", ["topic", "fault"]
)
RETRIES = Counter("tocsin_records_retried", "Further attempts at records that had failed.", ["topic"])
LAG = Gauge(
    "tocsin_consumer_lag_records",
    "Records that are not committed yet, as Kafka has it.",
    ["topic", "partition"],
)
OLDEST = Gauge(
    "tocsin_consumer_oldest_seconds",
    "Age of the oldest record that is not committed yet; 0 when there is none.",
    ["topic"],
)
REBALANCES = Counter("tocsin_consumer_rebalances", "Assignments of partitions to this replica.", ["topic"])
STAGE = Histogram(
    "tocsin_stage_seconds",
    "Time that a notice, an alert or a delivery takes from one point of its way to the next.",
    ["stage"],
    buckets=LATENCY_BUCKETS,
)


def consumer_at_zero(topic: str) -> None:
    """Create what a consumer of this topic counts, so that a rate is defined before the first failure."""
    for metric in (CONSUMED, RETRIES, OLDEST, REBALANCES):
        metric.labels(topic)
    for fault in Fault:
        FAULTS.labels(topic, fault)
        if fault.buried:
            DEAD.labels(topic, fault)
