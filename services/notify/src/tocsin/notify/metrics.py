"""What notify counts, declared here and created at zero."""

from prometheus_client import Counter, Gauge, Histogram

from tocsin.chassis.metrics import LATENCY_BUCKETS, PUBLISHED, STAGE
from tocsin.contracts import ALERTS as ALERTS_TOPIC
from tocsin.contracts import Severity, StepKind, SummarySort
from tocsin.notify.acknowledgement import How
from tocsin.notify.channels import KINDS, Outcome
from tocsin.notify.dead import Flaw

NOTICES = Counter(
    "tocsin_notify_notices", "Classified notices recorded, by what came of them.", ["came_of_it"]
)
STEPS = Counter("tocsin_notify_steps", "Steps of cases.", ["kind"])
ALERTS = Counter("tocsin_notify_alerts", "Alerts raised, one a team and step.", ["severity"])
ATTEMPTS = Counter("tocsin_notify_delivery_attempts", "Attempts to deliver.", ["kind", "outcome"])
ENDED = Counter("tocsin_notify_deliveries", "Deliveries that ended, made or given up.", ["kind", "state"])
ASKED = Counter(
    "tocsin_notify_deliveries_asked_anew",
    "Deliveries that somebody had sent again, by what they were.",
    ["was"],
)
DECISIONS = Counter(
    "tocsin_notify_decisions",
    "Alerts on a channel: told now, or folded into a summary, and for what.",
    ["what"],
)
SUMMARIES = Gauge("tocsin_notify_summaries_open", "Summaries that are still to be told.")
IN_FLIGHT = Gauge("tocsin_notify_deliveries_in_flight", "Deliveries being sent now.")
PENDING = Gauge("tocsin_notify_deliveries_pending", "Deliveries not yet made, waiting retries included.")
PENDING_OLDEST = Gauge(
    "tocsin_notify_deliveries_pending_oldest_seconds",
    "Age of the oldest alert with a delivery not yet made; 0 when there is none.",
)
OVERDUE = Gauge(
    "tocsin_notify_deliveries_overdue_seconds", "How long the earliest delivery has been due; 0 when none is."
)
UNPUBLISHED = Gauge(
    "tocsin_notify_alerts_unpublished", "Alerts not yet on the alerts topic: the depth of the outbox."
)
UNPUBLISHED_OLDEST = Gauge(
    "tocsin_notify_alerts_unpublished_oldest_seconds",
    "Age of the oldest alert not yet on the alerts topic; 0 when there is none.",
)
CIRCUITS = Counter(
    "tocsin_notify_circuits", "Destinations given up for now, or back, as this replica saw it.", ["turn"]
)
ACKNOWLEDGED = Counter("tocsin_notify_acknowledgements", "Alerts that somebody has taken on.", ["how"])
ESCALATIONS = Counter(
    "tocsin_notify_escalations", "What followed, or did not, where nobody had acknowledged yet.", ["what"]
)
UNACKNOWLEDGED = Gauge(
    "tocsin_notify_alerts_unacknowledged", "Alerts of teams on call that nobody has acknowledged yet."
)
DEAD = Gauge(
    "tocsin_notify_dead_subscriptions",
    "What teams declared and can tell them nothing, as last looked.",
    ["flaw"],
)
CIRCUITS_OPEN = Gauge(
    "tocsin_notify_circuits_open", "Channels of teams that fail in a row, and are only probed for now."
)
EXPECTED = Gauge(
    "tocsin_notify_deliveries_expected", "Deliveries that ought to be, of the last day's notices, audited."
)
CONFIRMED = Gauge(
    "tocsin_notify_deliveries_confirmed", "Of the expected deliveries, those that were made: must meet them."
)
AUDITED = Gauge("tocsin_notify_audited_timestamp_seconds", "When the last audit was made, as Unix time.")
CANARY = Histogram(
    "tocsin_canary_seconds",
    "From ingest's taking the canary's notice to its delivery.",
    buckets=LATENCY_BUCKETS,
)
CANARY_AGE = Gauge(
    "tocsin_canary_age_seconds", "Since the canary last came back, to any replica; 0 where none is sent."
)

# step: told; folded: its case had that already; aside: no act; known: seen before; canary: ours
for _came_of_it in ("step", "folded", "aside", "known", "canary"):
    NOTICES.labels(_came_of_it)
for _kind in StepKind:
    STEPS.labels(_kind)
for _severity in Severity:
    ALERTS.labels(_severity)
for _channel in KINDS:
    for _outcome in Outcome:
        ATTEMPTS.labels(_channel, _outcome)
    for _state in ("delivered", "failed"):
        ENDED.labels(_channel, _state)
for _was in ("failed", "missed", "delivered", "pending"):
    ASKED.labels(_was)
for _how in How:
    ACKNOWLEDGED.labels(_how)
# armed: with an alert; then what was done; then what ended it
for _what in ("armed", "reminder", "fallback", "acknowledged", "over", "dropped"):
    ESCALATIONS.labels(_what)
for _flaw in Flaw:
    DEAD.labels(_flaw)
for _turn in ("opened", "closed"):
    CIRCUITS.labels(_turn)
for _what in (
    "now",
    "inhibited",
    "late",
    *(sort.value for sort in SummarySort if sort not in {SummarySort.TROUBLE, SummarySort.UPKEEP}),
):
    DECISIONS.labels(_what)
for _stage in ("notify", "first_attempt", "confirm", "deliver", "end_to_end"):
    STAGE.labels(_stage)
PUBLISHED.labels(ALERTS_TOPIC.name)
