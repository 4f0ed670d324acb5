"""Traces by OpenTelemetry, off by default: one span a stage, in the trace that every message carries.

Without it the W3C trace context is passed on all the same, so that others' traces stay whole.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tocsin.contracts.trace import child_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None


class TracingMissing(RuntimeError):
    """Traces are asked for and the exporter is not installed; the message says how to get it."""


def start(service: str, endpoint: str) -> None:
    """Send spans to an OTLP collector over HTTP (`http://collector:4318/v1/traces`) from now on."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - optional
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - optional
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - optional
    except ImportError as error:
        raise TracingMissing(
            "TOCSIN_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: install tocsin-chassis[otlp]"
        ) from error
    global _provider  # noqa: PLW0603 - one a process, as OpenTelemetry itself has it
    _provider = TracerProvider(resource=Resource.create({"service.name": f"tocsin-{service}"}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))


def stop() -> None:
    """Send what is still held."""
    global _provider  # noqa: PLW0603 - see above
    if _provider is not None:
        _provider.shutdown()
        _provider = None


@contextlib.contextmanager
def span(name: str, parent: str | None) -> Iterator[str]:
    """A stage in the trace of ``parent``, a traceparent; gives the one to hand on.

    An error inside is noted on the span and raised.
    """
    if _provider is None:
        yield child_of(parent)
        return
    from opentelemetry.trace import use_span  # noqa: PLC0415 - optional
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - optional
        TraceContextTextMapPropagator,
    )

    carrier, handed = TraceContextTextMapPropagator(), dict[str, str]()
    context = carrier.extract({"traceparent": parent} if parent else {})
    begun = _provider.get_tracer("tocsin").start_span(name, context=context)
    with use_span(begun, end_on_exit=True):
        carrier.inject(handed)
        yield handed["traceparent"]
