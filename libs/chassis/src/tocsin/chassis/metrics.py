"""The metrics that every service has, declared here and created at zero."""

from prometheus_client import Counter, Gauge, Histogram

from tocsin.chassis.faults import Fault

# From a millisecond to a quarter of an hour: a push should take 0.1 s, a poll minutes.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)

CONSUMED = Counter("tocsin_records_consumed", "Records read from a topic and dealt with.", ["topic"])
PUBLISHED = Counter("tocsin_records_published", "Records written to a topic and confirmed.", ["topic"])
DEAD = Counter("tocsin_records_dead", "Records buried on a dead-letter topic.", ["topic", "fault"])
FAULTS = Counter(
    "tocsin_faults", "Failures while handling records, each attempt counted.", ["topic", "fault"]
)
LAG = Gauge("tocsin_consumer_lag_records", "Records not yet dealt with.", ["topic", "partition"])
STAGE = Histogram(
    "tocsin_stage_seconds",
    "Time from the end of the stage before to the end of this one, a notice at a time.",
    ["stage"],
    buckets=LATENCY_BUCKETS,
)


def consumer_at_zero(topic: str) -> None:
    """Create what a consumer of this topic counts, so that a rate is defined before the first failure."""
    CONSUMED.labels(topic)
    for fault in Fault:
        FAULTS.labels(topic, fault)
        if fault.buried:
            DEAD.labels(topic, fault)
