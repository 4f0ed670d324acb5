"""Kafka or PostgreSQL away for a while: everything waits, says why, loses nothing, and goes on by itself."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.load import WORDS
from tests.chaos.scene import Scene, scene
from tests.chaos.verdict import FIRST, Step
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.stack import SERVICES, Stack
from tocsin.contracts import Kind
from tocsin.notify import reserved

pytestmark = pytest.mark.chaos

OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "20"))
NOTICED_SECONDS = 15.0
RESUMED_SECONDS = 30.0
STOP_SECONDS = 16.0
GROWTH_MEGABYTES = 60  # a service that kept what it is pushed meanwhile would grow by hundreds
WORD = {"kafka": "Kafka", "postgres": "PostgreSQL"}
NEEDED_BY = {"kafka": ("ingest", "classify", "notify"), "postgres": ("ingest", "notify")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("outage"), {}) as opened:
        yield opened


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    return iter(
        [
            entity.name
            for entity in load_catalogue()
            if entity.kind is Kind.MODEL and entity.id != reserved.MODEL
        ]
    )


@pytest.mark.parametrize("engine", WORD)
def test_while_an_engine_is_away_all_wait_and_say_why(
    place: Scene, models: Iterator[str], engine: str
) -> None:
    stack, accepted = place.stack, [_accepted(place, next(models)) for _ in range(5)]
    place.kill_engine(engine)
    ends = time.monotonic() + OUTAGE_SECONDS
    for service in NEEDED_BY[engine]:
        _until(partial(_says, place, service, WORD[engine]), f"{service} to say why", NOTICED_SECONDS)
    kept_out = next(models)
    assert _push(place, kept_out) == (503, "5")
    _restart(place, [f"{service}.2" for service in SERVICES])
    before = _megabytes(stack)
    while time.monotonic() < ends:
        place.look_after()
        assert _push(place, kept_out, *["words " * 400] * 99) == (503, "5")
        time.sleep(0.1)
    grown = {service: now - before[service] for service, now in _megabytes(stack).items()}
    print(f"{engine} away: grown by so many MB: {grown}")  # noqa: T201 - docs/chaos.md says how much
    assert max(grown.values()) < GROWTH_MEGABYTES
    assert place.died == []
    assert all(_live(stack.url(name)) for name in stack.names)

    place.start_engine(engine)
    _until(
        lambda: all(stack.complaint(name) is None for name in stack.names), "all to be ready", RESUMED_SECONDS
    )
    accepted += [_accepted(place, kept_out), _accepted(place, next(models))]
    due = {Step(model, FIRST) for model in accepted}
    _until(lambda: due <= {one.step for one in place.receivers.log}, "everything to be told", RESUMED_SECONDS)


def _restart(place: Scene, services: list[str]) -> None:
    """SIGTERM ends them inside the deadline, and what starts in the middle of it waits like the others."""
    for service in services:
        place.terminate(service)
    stack = place.stack
    _until(lambda: all(stack.exit_code(name) is not None for name in services), "the stop", STOP_SECONDS)
    place.look_after()
    for service in services:
        place.start(service)
    place.look_after()
    _until(lambda: all(_live(stack.url(name)) for name in services), "the start", RESUMED_SECONDS)


def _says(place: Scene, service: str, word: str) -> bool:
    return word in (place.stack.complaint(service) or "")


def _accepted(place: Scene, model: str) -> str:
    _until(lambda: _push(place, model)[0] == 202, f"{model} to be accepted", RESUMED_SECONDS)
    return model


def _push(place: Scene, model: str, *more: str) -> tuple[int, str | None]:
    """Push a measure and other texts, all or none of them; gives the status and when to come again."""
    title, text = (words.format(model) for words in WORDS[FIRST])
    measure = {"source": "desk", "title": title, "text": text}
    others = [{"source": "desk", "title": f"Minutes, part {n}", "text": text} for n, text in enumerate(more)]
    request = urllib.request.Request(
        f"{place.stack.place.ingest_url}/v1/notices",
        data="\n".join(map(json.dumps, [measure, *others])).encode(),
        headers={
            "Authorization": f"Bearer {place.stack.place.api_key}",
            "Content-Type": "application/x-ndjson",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"]


def _megabytes(stack: Stack) -> dict[str, int]:
    """Memory that each service holds."""
    pages = {name: int(Path(f"/proc/{stack.pid(name)}/statm").read_text().split()[1]) for name in stack.names}
    return {name: count * os.sysconf("SC_PAGE_SIZE") // 1_000_000 for name, count in pages.items()}


def _live(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/live", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)
