"""Ingest as a process: it waits for its engines, does its work, and stops when told."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tocsin.chassis import topics
from tocsin.contracts import TOPICS
from tocsin.embedded import Engines

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@contextlib.asynccontextmanager
async def ingest(*arguments: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tocsin.ingest", *arguments),
        env={"PATH": os.environ["PATH"], "TOCSIN_LOG_FORMAT": "json", "TOCSIN_INGEST_HTTP_PORT": "0"}
        | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        told = json.loads(line)
        if told["event"] == "serving":
            return str(told["address"])
    raise AssertionError("the process ended before it served")


async def stopped(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(15):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


@pytest.fixture
def sources(tmp_path: Path, site: Any, source_id: str) -> Path:
    path = tmp_path / "sources.yaml"
    feed = {"id": source_id, "name": "F", "tier": "official", "kind": "feed", "url": site.base + "/f"}
    push = {"id": f"{source_id}-push", "name": "P", "tier": "press", "kind": "push"}
    path.write_text(json.dumps({"sources": [feed | {"every": 0.1}, push]}))
    return path


async def test_it_migrates_polls_takes_pushes_and_stops(  # noqa: PLR0917 - fixtures
    engines: Engines,
    database: str,
    place: Any,
    site: Any,
    sources: Path,
    source_id: str,
    tmp_path: Path,
    eventually: Eventually,
) -> None:
    await topics.apply(engines.kafka.bootstrap, TOPICS)
    site.say("/f", '<rss version="2.0"><channel><item><title>Ban</title></item></channel></rss>')
    settings = {
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": engines.kafka.bootstrap,
        "TOCSIN_DATABASE_URL": database,
        "TOCSIN_API_KEYS": '["key"]',
        "TOCSIN_INGEST_SOURCES_FILE": str(sources),
        "TOCSIN_INGEST_SNAPSHOTS": str(tmp_path / "kept"),
        "TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES": '["127.0.0.0/8"]',
    }
    async with ingest("--migrate", **settings) as migrating:
        assert await migrating.wait() == 0
    async with ingest(**settings) as process, aiohttp.ClientSession(await address(process)) as http:

        async def is_ready() -> bool:
            async with http.get("/ready") as answer:
                return answer.status == 200

        async def is_told() -> bool:
            return len(await place.published(source_id)) == 1

        await eventually(is_ready)
        push = {"source": f"{source_id}-push", "title": "Pushed"}
        async with http.post("/v1/notices", json=push, headers={"Authorization": "Bearer key"}) as answer:
            assert answer.status == 202
        await eventually(is_told)
        async with http.get("/metrics") as answer:
            counted = await answer.text()
        assert 'tocsin_ingest_notices_total{kind="push",tier="press"} 1.0' in counted
        assert 'tocsin_ingest_polls_total{outcome="timeout"} 0.0' in counted
        assert 'tocsin_stage_seconds_count{stage="ingest"} 2.0' in counted
        assert await stopped(process) == 0


async def test_it_lives_without_engines_and_stops_all_the_same(sources: Path, source_id: str) -> None:
    settings = {
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "TOCSIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "TOCSIN_API_KEYS": '["key"]',
        "TOCSIN_INGEST_SOURCES_FILE": str(sources),
    }
    async with ingest(**settings) as process, aiohttp.ClientSession(await address(process)) as http:
        async with http.get("/live") as answer:
            assert answer.status == 200
        async with http.get("/ready") as answer:
            assert answer.status == 503
        push = {"source": f"{source_id}-push", "title": "T"}
        async with http.post("/v1/notices", json=push, headers={"Authorization": "Bearer key"}) as answer:
            assert answer.status == 503
        assert await stopped(process) == 0


async def test_sources_that_do_not_hold_end_it_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources:\n  - {id: a}\n")
    async with ingest(TOCSIN_INGEST_SOURCES_FILE=str(path)) as process:
        _, told = await process.communicate()
        assert process.returncode == 1
        assert f"{path}:2: sources.0.name: Field required; add it" in told.decode()


async def test_the_settings_are_shown_without_secrets() -> None:
    async with ingest("--print-config", TOCSIN_API_KEYS='["hush"]') as process:
        told, _ = await process.communicate()
        assert process.returncode == 0
        assert b"TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES=()" in told
        assert b"hush" not in told
