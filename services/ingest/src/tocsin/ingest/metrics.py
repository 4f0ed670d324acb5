"""Everything that ingest counts, created at zero."""

from itertools import product

from prometheus_client import Counter, Gauge

from tocsin.chassis.metrics import PUBLISHED, STAGE
from tocsin.contracts import NOTICES_PUBLISHED, Tier
from tocsin.ingest.outcome import Outcome
from tocsin.ingest.source import Kind

STATUSES = (202, 401, 408, 413, 415, 422, 429, 500, 503)

POLLS = Counter("tocsin_ingest_polls", "Polls of sources, by how they ended.", ["outcome"])
ENTRIES_FAILED = Counter(
    "tocsin_ingest_entries_failed", "Entries that could not be read, each time seen.", ["kind"]
)
NOTICES = Counter("tocsin_ingest_notices", "Notices published and confirmed.", ["tier", "kind"])
PUSHES = Counter("tocsin_ingest_push_requests", "Answers to POST /v1/notices.", ["status"])
SOURCE_AGE = Gauge(
    "tocsin_ingest_source_age_seconds", "Time since a source was last read without fault.", ["source"]
)
NEWEST_AGE = Gauge(
    "tocsin_ingest_source_newest_age_seconds", "Time since a source last had something new.", ["source"]
)
INTERVAL = Gauge("tocsin_ingest_source_interval_seconds", "Time between polls of a source.", ["source"])
FINDING = STAGE.labels("source")
PUBLISHING = STAGE.labels("ingest")


def at_zero() -> None:
    """Create every series, so that a rate is defined before the first failure."""
    PUBLISHED.labels(NOTICES_PUBLISHED.name)
    for outcome in Outcome:
        POLLS.labels(outcome)
    for kind in Kind:
        ENTRIES_FAILED.labels(kind)
    for tier, kind in product(Tier, Kind):
        NOTICES.labels(tier, kind)
    for status in STATUSES:
        PUSHES.labels(status)
