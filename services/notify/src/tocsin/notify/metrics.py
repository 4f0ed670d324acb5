"""What notify counts, declared here and created at zero."""

from prometheus_client import Counter, Gauge

from tocsin.chassis.metrics import STAGE
from tocsin.contracts import Severity, StepKind
from tocsin.notify.channels import KINDS, Outcome

NOTICES = Counter(
    "tocsin_notify_notices", "Classified notices recorded, by what came of them.", ["came_of_it"]
)
STEPS = Counter("tocsin_notify_steps", "Steps of cases.", ["kind"])
ALERTS = Counter("tocsin_notify_alerts", "Alerts raised, one a team and step.", ["severity"])
ATTEMPTS = Counter("tocsin_notify_delivery_attempts", "Attempts to deliver.", ["kind", "outcome"])
IN_FLIGHT = Gauge("tocsin_notify_deliveries_in_flight", "Deliveries being sent now.")
PENDING = Gauge("tocsin_notify_deliveries_pending", "Deliveries not yet made, waiting retries included.")

# step: told; folded: its case had that already; aside: no act; known: seen before
for _came_of_it in ("step", "folded", "aside", "known"):
    NOTICES.labels(_came_of_it)
for _kind in StepKind:
    STEPS.labels(_kind)
for _severity in Severity:
    ALERTS.labels(_severity)
for _channel in KINDS:
    for _outcome in Outcome:
        ATTEMPTS.labels(_channel, _outcome)
for _stage in ("notify", "deliver", "end_to_end"):
    STAGE.labels(_stage)
