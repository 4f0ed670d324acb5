"""1,000 feeds polled by one ingest process: what validators save, CPU, memory over time, how late polls are.

The feeds are a server's on loopback, each under an address of its own, so that spacing counts as it does
outside: six in ten honour both validators, two If-Modified-Since alone, two none. Each has something new when
it is asked for the fiftieth time.

    make bench-sources                             # 1,000 sources, each every 20 s, for five minutes
    .venv/bin/python -m bench.sources 100 5 30
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bench import machine
from tocsin.chassis import topics
from tocsin.contracts import TOPICS
from tocsin.embedded import Engines

SHOWN = 20
CHANGES = 50
HONOUR_BOTH, HONOUR_DATE = 6, 8  # of ten: below the first both validators, below the second the date
HOSTS = 250  # addresses in one block of loopback
SAMPLES = 6
WORDS = "<p>" + "The authority has published a notice on the export of advanced chips. " * 8 + "</p>"


@dataclass
class Feeds:
    """Feeds as the world has them, and what they sent."""

    whole: int = 0
    unchanged: int = 0
    sent: int = 0  # bytes
    saved: int = 0  # bytes that "not modified" spared
    _asked: Counter[int] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        self._asked[number] += 1
        newest = (self._asked[number] + number) // CHANGES
        date = formatdate(1_000_000_000 + newest, usegmt=True)
        tag = f'"{newest}"' if number % 10 < HONOUR_BOTH else f'"{time.monotonic_ns()}"'
        dated = number % 10 < HONOUR_DATE and request.headers.get("If-Modified-Since") == date
        body = _feed(number, newest)
        if dated or request.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            self.saved += len(body)
            return web.Response(status=304)
        self.whole += 1
        self.sent += len(body)
        headers = {"ETag": tag, "Last-Modified": date}
        return web.Response(body=body, headers=headers, content_type="application/rss+xml")


def _feed(number: int, newest: int) -> bytes:
    items = "".join(
        f"<item><guid>{number}-{at}</guid><title>Notice {at} of {number}</title>"
        f"<pubDate>{formatdate(1_000_000_000 + at)}</pubDate><description>{WORDS}</description></item>"
        for at in range(newest + SHOWN, newest, -1)
    )
    return f'<rss version="2.0"><channel><title>Feed {number}</title>{items}</channel></rss>'.encode()


@contextlib.asynccontextmanager
async def _serving(feeds: Feeds) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/{number:\\d+}", feeds.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


def _declared(count: int, every: float, port: int) -> str:
    def source(number: int) -> dict[str, object]:
        address = f"127.{1 + number // HOSTS}.0.{1 + number % HOSTS}"
        url = f"http://{address}:{port}/{number}"
        return {"id": f"s{number}", "name": "S", "tier": "press", "kind": "feed", "url": url, "every": every}

    return json.dumps({"sources": [source(number) for number in range(count)]})


@contextlib.asynccontextmanager
async def _ingest(engines: Engines, folder: Path, sources: str) -> AsyncIterator[tuple[int, str]]:
    """One ingest process with its tables; gives its id and its address."""
    (folder / "sources.yaml").write_text(sources, encoding="utf-8")
    environment = {**os.environ, **engines.environment()} | {
        "TOCSIN_API_KEYS": '["bench"]',
        "TOCSIN_INGEST_SOURCES_FILE": str(folder / "sources.yaml"),
        "TOCSIN_INGEST_SNAPSHOTS": str(folder / "snapshots"),
        "TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES": '["127.0.0.0/8"]',
        "TOCSIN_INGEST_HTTP_PORT": "0",
        "TOCSIN_LOG_FORMAT": "json",
    }
    command = (sys.executable, "-m", "tocsin.ingest")
    log = asyncio.subprocess.PIPE
    migrating = await asyncio.create_subprocess_exec(*command, "--migrate", env=environment, stderr=log)
    await migrating.communicate()
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=log)
    assert process.stderr is not None
    address = ""
    while not address:
        line = json.loads(await process.stderr.readline())
        address = line["address"] if line["event"] == "serving" else ""
    draining = asyncio.create_task(process.stderr.read())
    try:
        yield process.pid, address
    finally:
        process.terminate()
        await process.wait()
        await draining


def _processes(pid: int) -> list[int]:
    children = (path.read_text(encoding="utf-8") for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [pid, *(int(child) for some in children for child in some.split())]


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1_000 for line in lines if line.startswith("VmRSS"))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _metrics(address: str) -> dict[str, dict[str, float]]:
    """By sample name: the value of each label value (of ``outcome`` and ``le``)."""
    async with aiohttp.ClientSession(address) as http, http.get("/metrics") as answer:
        text = await answer.text()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            label = sample.labels.get("outcome") or sample.labels.get("le") or ""
            found.setdefault(sample.name, {})[label] = sample.value
    return found


def _quantile(before: dict[str, float], after: dict[str, float], share: float) -> str:
    """The upper bound of the histogram's bucket that holds the quantile."""
    counts = {float(le): after[le] - before.get(le, 0.0) for le in after}
    total = counts[float("inf")]
    return f"{min(le for le, count in counts.items() if count >= share * total):g} s"


@dataclass(frozen=True)
class Sample:
    """What had been counted up to a moment."""

    feeds: Feeds
    cpu: list[float]  # seconds: of the service, then of each of its parsers
    parsed: float
    late: dict[str, float]  # by bucket

    @classmethod
    async def take(cls, feeds: Feeds, pid: int, address: str) -> Self:
        told = await _metrics(address)
        cpu = [_cpu_seconds(one) for one in _processes(pid)]
        parsed, late = (
            told["tocsin_ingest_polls_total"]["read"],
            told["tocsin_ingest_lateness_seconds_bucket"],
        )
        return cls(replace(feeds), cpu, parsed, late)


async def main(count: int, every: float, seconds: float) -> None:
    feeds = Feeds()
    with TemporaryDirectory() as folder, Engines() as engines:
        await topics.apply(engines.kafka.bootstrap, TOPICS)
        async with (
            _serving(feeds) as port,
            _ingest(engines, Path(folder), _declared(count, every, port)) as (pid, address),
        ):
            await _all_met(address, count)
            await asyncio.sleep(2 * every)  # the first round came all at once
            print(f"{count} sources, each every {every:g} s, in one process, for {seconds:g} s")
            before, memory = await Sample.take(feeds, pid, address), []
            for _ in range(SAMPLES):
                memory.append(" + ".join(f"{_megabytes(one):.0f}" for one in _processes(pid)))
                await asyncio.sleep(seconds / SAMPLES)
            _report(before, await Sample.take(feeds, pid, address), seconds)
            print(f"memory in MB, service + parsers, each {seconds / SAMPLES:.0f} s: {'; '.join(memory)}")
    print(machine.describe())


async def _all_met(address: str, count: int) -> None:
    began = time.monotonic()
    while (await _metrics(address))["tocsin_ingest_polls_total"]["read"] < count:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.5)
    print(f"{count} sources met within {time.monotonic() - began:.0f} s of the start")


def _report(before: Sample, after: Sample, seconds: float) -> None:
    whole, unchanged = after.feeds.whole - before.feeds.whole, after.feeds.unchanged - before.feeds.unchanged
    saved, sent = after.feeds.saved - before.feeds.saved, after.feeds.sent - before.feeds.sent
    polls, parsed = whole + unchanged, after.parsed - before.parsed
    cpu = [now - then for now, then in zip(after.cpu, before.cpu, strict=True)]
    a_poll = [used / polls * 1_000 for used in (sum(cpu), cpu[0])]
    print(f"{polls / seconds:.1f} polls a second")
    print(
        f"validators spared {unchanged / polls:.0%} of the bodies, {saved / (saved + sent):.0%} of the bytes"
    )
    print(f"of {whole} whole answers {whole - parsed:.0f} had the bytes of last time and were not parsed")
    print(
        f"CPU {sum(cpu) / seconds:.0%} of a core: {a_poll[0]:.1f} ms a poll, {a_poll[1]:.1f} without parsers"
    )
    for share in (0.5, 0.99):
        print(f"asked late, p{share * 100:.0f}: under {_quantile(before.late, after.late, share)}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
