"""Push to webhook, one notice at a time, idle or beside a steady load: p50, p95, p99, in all and by stage.

Its rival in the same run is the floor: a record of the same size over two bare Kafka hops, with no
service in between. What Tocsin adds to that are a commit in ingest, one in notify, and two HTTP calls.

    make bench-latency                       # 200 samples idle, and 200 beside 200 everyday notices a second
    .venv/bin/python -m bench.latency 50 0
"""

import asyncio
import base64
import contextlib
import itertools
import json
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench import machine
from bench.texts import notices
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.client import Body, call
from tocsin.cli.demo.neighbourhood import serving
from tocsin.cli.place import Place
from tocsin.cli.stack import Stack
from tocsin.contracts import Kind
from tocsin.notify import reserved

WARM_UP = 10
PATIENCE_SECONDS = 30.0
TURNS = 10  # pushes a second of the load, each with its share of the notices
STAGES = ("push taken", "publish and classify", "decide and store", "claim and deliver", "in all")

TEAMS = {
    "teams": [
        {
            "id": "bench",
            "name": "Bench",
            "watches": [{"name": "everything", "categories": ["model_restriction"]}],
            "channels": [
                {
                    "kind": "webhook",
                    "name": "hook",
                    "url": "",
                    "secret_env": "BENCH_SECRET",
                    "most_an_hour": 100_000,
                }
            ],
            "most_an_hour": 1_000_000,
        }
    ]
}
SOURCES = {"sources": [{"id": "bench", "name": "Bench", "tier": "party", "kind": "push"}]}

Samples = list[dict[str, float]]  # milliseconds by stage


def main(count: int, load: int) -> None:
    arrivals: Queue[tuple[dict[str, Any], datetime]] = Queue()
    with TemporaryDirectory() as folder, serving(_receiver(arrivals)) as address:
        sources = Path(folder) / "sources.yaml"
        sources.write_text(yaml.safe_dump(SOURCES), encoding="utf-8")
        with Stack(environment=_environment(sources)) as stack:
            TEAMS["teams"][0]["channels"][0]["url"] = address  # type: ignore[index]  # the shape stands above
            place = stack.place
            body = Body(json.dumps(TEAMS).encode())
            call("PUT", f"{place.notify_url}/v1/subscriptions", place.api_key, body=body)
            with _loading(place, load):
                samples = list(_samples(stack, arrivals, count + WARM_UP))[WARM_UP:]
            floor = asyncio.run(_floor(stack.engines.kafka.bootstrap, count))
    _report(samples, floor, load)


@contextlib.contextmanager
def _loading(place: Place, load: int) -> Iterator[None]:
    """So many everyday notices a second, pushed as NDJSON while the context is open."""
    stop = threading.Event()
    pushing = threading.Thread(target=_push, args=(place, load, stop))
    if load:
        pushing.start()
    yield
    stop.set()
    if load:
        pushing.join()


def _push(place: Place, load: int, stop: threading.Event) -> None:
    made = notices(sys.maxsize, [], seed=load, acts=False)
    due = time.monotonic()
    while not stop.is_set():
        lines = [
            json.dumps({"source": "bench", "id": one.id, "title": one.title, "text": one.text})
            for one in itertools.islice(made, load // TURNS)
        ]
        body = Body("\n".join(lines).encode(), "application/x-ndjson")
        call("POST", f"{place.ingest_url}/v1/notices", place.api_key, body=body)
        due += 1 / TURNS
        stop.wait(max(0.0, due - time.monotonic()))


def _environment(sources: Path) -> dict[str, str]:
    return {
        "BENCH_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "TOCSIN_INGEST_SOURCES_FILE": str(sources),
        "TOCSIN_NOTIFY_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }


def _receiver(arrivals: Queue[tuple[dict[str, Any], datetime]]) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        at = datetime.now(UTC)
        arrivals.put((json.loads(await request.read())["data"], at))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    return app


def _samples(
    stack: Stack, arrivals: Queue[tuple[dict[str, Any], datetime]], count: int
) -> Iterator[dict[str, float]]:
    """One measure about one model at a time: each is a case of its own, and so one alert."""
    place = stack.place
    models = [
        entity.name
        for entity in load_catalogue()
        if entity.kind is Kind.MODEL and entity.id != reserved.MODEL
    ]
    if len(models) < count:
        raise SystemExit(f"the catalogue has {len(models)} models to name: ask for fewer samples")
    for name in models[:count]:
        notice = {
            "source": "bench",
            "title": f"Access to {name} suspended",
            "text": f"We have suspended access to {name} for all customers.",
        }
        began = datetime.now(UTC)
        call("POST", f"{place.ingest_url}/v1/notices", place.api_key, body=Body(json.dumps(notice).encode()))
        alert, arrived = arrivals.get(timeout=PATIENCE_SECONDS)
        yield _stages(alert, began, arrived)


def _stages(alert: dict[str, Any], began: datetime, arrived: datetime) -> dict[str, float]:
    seen, classified, raised = (
        datetime.fromisoformat(alert[name]) for name in ("seen_at", "classified_at", "raised_at")
    )
    spans = (seen - began, classified - seen, raised - classified, arrived - raised, arrived - began)
    return {stage: span.total_seconds() * 1000 for stage, span in zip(STAGES, spans, strict=True)}


async def _floor(bootstrap: str, count: int) -> list[float]:
    """Milliseconds over two hops of bare aiokafka, 2 KB a record."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1) for name in ("bench.one", "bench.two")])
    await admin.close()
    async with contextlib.AsyncExitStack() as stack:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        stack.push_async_callback(producer.stop)
        hops = []
        for name in ("bench.one", "bench.two"):
            consumer = AIOKafkaConsumer(name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
            await consumer.start()
            stack.push_async_callback(consumer.stop)
            hops.append(consumer)
        spans = []
        for _ in range(count + WARM_UP):
            began = time.perf_counter()
            await producer.send_and_wait("bench.one", b"x" * 2_000)
            record = await hops[0].getone()
            await producer.send_and_wait("bench.two", record.value)
            await hops[1].getone()
            spans.append((time.perf_counter() - began) * 1000)
        return spans[WARM_UP:]


def _report(samples: Samples, floor: list[float], load: int) -> None:
    beside = f"beside {load} notices a second" if load else "idle"
    print(f"Push to webhook, {beside}, one at a time, {len(samples)} samples")
    print(machine.describe())
    print(f"{'milliseconds':24}{'p50':>8}{'p95':>8}{'p99':>8}")
    for stage in STAGES:
        _line(stage, [sample[stage] for sample in samples])
    _line("bare Kafka, two hops", floor)
    in_all = statistics.median(sample["in all"] for sample in samples)
    print(f"median over the floor: {in_all / statistics.median(floor):.1f} x")


def _line(name: str, values: list[float]) -> None:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    print(f"{name:24}{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
