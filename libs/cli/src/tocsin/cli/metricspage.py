"""The metrics as a page: name, type, labels and meaning of each, from the code.

``python -m tocsin.cli.metricspage docs/metrics.md`` writes it; a test keeps it up to date.
"""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from tocsin.chassis import metrics as chassis
from tocsin.cli.stack import SERVICES
from tocsin.contracts import NOTICES_PUBLISHED
from tocsin.ingest import metrics as ingest

OPEN_LABELS = {
    "loop": "a loop of the service",
    "partition": "its number",
    "source": "id of a polled source, as in sources.yaml",
    "stage": "see below",
    "topic": "a topic of docs/contracts",
}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
HEAD = """\
# Metrics

Made from the code by `make contracts`. Each service shows its own, and those of every service, on `/metrics`.
Counters and histograms begin at zero; a label has no other values than those named here.

What comes from rows (deliveries pending, alerts unpublished, the age of a source) is the same on every
replica: take the `max`, not the `sum`. Lag and the age of the oldest record are those of the partitions that
a replica holds: take the `sum` of the one, the `max` of the other.
"""


@dataclass(frozen=True)
class Metric:
    """One metric as Prometheus sees it."""

    name: str
    type: str
    meaning: str
    labels: dict[str, str]  # by name: its values, in words where the code does not list them
    service: str | None  # None: every one

    @property
    def samples(self) -> list[str]:
        """The names that a query may use."""
        return [self.name + suffix for suffix in SUFFIXES[self.type]]


def known() -> list[Metric]:
    """Every metric that the services declare, by name."""
    for service in SERVICES:
        importlib.import_module(f"tocsin.{service}.app")
    ingest.at_zero()
    chassis.consumer_at_zero(NOTICES_PUBLISHED.name)
    found: dict[str, Metric] = {}
    for metric in _declared():
        found.setdefault(metric.name, metric)  # chassis comes before those who import from it
    return [found[name] for name in sorted(found)]


def _declared() -> Iterator[Metric]:
    for name, module in sorted(sys.modules.items()):
        if name.startswith("tocsin."):
            package = name.split(".")[1]
            for value in vars(module).values():
                if isinstance(value, MetricWrapperBase) and not _is_child(value):
                    yield _metric(value, package if package in SERVICES else None)


def _is_child(value: MetricWrapperBase) -> bool:
    return bool(value._labelvalues)  # noqa: SLF001 - the library shows them nowhere else


def _metric(declared: MetricWrapperBase, service: str | None) -> Metric:
    (family,) = declared.describe()
    (shown,) = declared.collect()
    labels = {
        label: OPEN_LABELS.get(label)
        or ", ".join(dict.fromkeys(sample.labels[label] for sample in shown.samples))
        for label in declared._labelnames  # noqa: SLF001 - the library shows them nowhere else
    }
    return Metric(family.name, family.type, family.documentation, labels, service)


def page() -> str:
    """The page as Markdown."""
    metrics = known()
    parts = [HEAD]
    for service in (None, *SERVICES):
        own = [metric for metric in metrics if metric.service == service]
        parts += [f"\n## {(service or 'every service').capitalize()}\n\n", *_table(own)]
    stages = [f"| `{stage}` | {meaning} |\n" for stage, meaning in chassis.STAGES.items()]
    parts += ["\n## Stages\n\n", "| `stage` | from where to where |\n|---|---|\n", *stages]
    return "".join(parts)


def _table(metrics: list[Metric]) -> Iterator[str]:
    yield "| metric | type | labels | meaning |\n|---|---|---|---|\n"
    for metric in metrics:
        name = metric.name + ("_total" if metric.type == "counter" else "")
        labels = "; ".join(f"`{label}`: {values}" for label, values in metric.labels.items())
        yield f"| `{name}` | {metric.type} | {labels} | {metric.meaning} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{sys.argv[1]}\n")
