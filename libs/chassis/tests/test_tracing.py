"""Traces: off, the context is passed on; on, a real collector gets one span a stage in one trace."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tocsin.chassis import tracing
from tocsin.contracts.trace import new_traceparent, trace_id


@dataclass
class Collector:
    """An OTLP receiver over HTTP: what it was sent, by name of the span."""

    address: str = ""
    spans: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # trace, span, parent
    services: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()  # aiohttp has undone the compression
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    self.spans[span.name] = ids
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    yield collector
    await runner.cleanup()


def test_off_the_trace_goes_on_without_spans() -> None:
    first = new_traceparent()
    with tracing.span("ingest", first) as handed:
        assert trace_id(handed) == trace_id(first)
    with tracing.span("ingest", None) as handed:
        assert trace_id(handed)


async def test_on_a_collector_gets_one_span_a_stage_in_one_trace(collector: Collector) -> None:
    import asyncio  # noqa: PLC0415 - used here alone

    first = new_traceparent()
    tracing.start("test", collector.address)
    with pytest.raises(ValueError, match="it broke"):  # noqa: SIM117, PT012 - the inner error is the point
        with tracing.span("ingest", first) as handed:
            with tracing.span("classify", handed):
                pass
            raise ValueError("it broke")
    await asyncio.to_thread(tracing.stop)
    trace, ingest, parent = collector.spans["ingest"]
    assert (trace, parent) == (trace_id(first), first.split("-")[2])
    assert collector.spans["classify"][0] == trace
    assert collector.spans["classify"][2] == ingest
    assert "tocsin-test" in collector.services


def test_without_the_exporter_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(tracing.TracingMissing, match=r"tocsin-chassis\[otlp\]"):
        tracing.start("test", "http://127.0.0.1:1")
