"""Everything that ingest counts, created at zero."""

from itertools import product

from prometheus_client import Counter, Gauge, Histogram

from tocsin.chassis.metrics import PUBLISHED, STAGE
from tocsin.contracts import NOTICES_PUBLISHED, Tier
from tocsin.ingest.dates import Flag
from tocsin.ingest.outcome import Outcome
from tocsin.ingest.source import Kind

STATUSES = (202, 401, 408, 413, 415, 422, 429, 500, 503)

POLLS = Counter("tocsin_ingest_polls", "Polls of sources, by how they ended.", ["outcome"])
ENTRIES_FAILED = Counter(
    "tocsin_ingest_entries_failed", "Entries that could not be read, each time seen.", ["kind"]
)
DATES_FLAGGED = Counter(
    "tocsin_ingest_dates_flagged", "Dates of entries ahead of our clock, or absurd and dropped.", ["flag"]
)
OVERRUNS = Counter(
    "tocsin_ingest_overruns", "Polls in which all entries were new: some may have come and gone between."
)
LATENESS = Histogram(
    "tocsin_ingest_lateness_seconds",
    "Time from when a source was due to when it is asked.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
HELD = Counter(
    "tocsin_ingest_revisions_held",
    "Revisions not told for now, each time seen: their document changes too often.",
    ["kind"],
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
SOURCE_STATE = Gauge(
    "tocsin_ingest_source_state",
    "1 for the state that a source is in, 0 for the others.",
    ["source", "state"],
)
QUARANTINED = Gauge(
    "tocsin_ingest_source_failed_entries",
    "Entries of a source that could not be read, and that nobody has dealt with.",
    ["source"],
)
SOURCES_FILE_VALID = Gauge(
    "tocsin_ingest_sources_file_valid",
    "1 while sources.yaml as it is now holds, 0 while an older one is used.",
)
SNAPSHOTS = Gauge("tocsin_ingest_snapshots", "Snapshots kept, as of the last hourly sweep.")
SNAPSHOT_BYTES = Gauge("tocsin_ingest_snapshot_bytes", "Their size.")
FINDING = STAGE.labels("source")
PUBLISHING = STAGE.labels("ingest")


def at_zero() -> None:
    """Create every series, so that a rate is defined before the first failure."""
    PUBLISHED.labels(NOTICES_PUBLISHED.name)
    for outcome in Outcome:
        POLLS.labels(outcome)
    for flag in Flag:
        DATES_FLAGGED.labels(flag)
    for kind in Kind:
        ENTRIES_FAILED.labels(kind)
        HELD.labels(kind)
    for tier, kind in product(Tier, Kind):
        NOTICES.labels(tier, kind)
    for status in STATUSES:
        PUSHES.labels(status)
