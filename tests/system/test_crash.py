"""Real processes, one killed -9 while notices flow: nothing is missing, nothing is twice."""

import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import yaml
from aiohttp import web

from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.client import Body, call
from tocsin.cli.demo.neighbourhood import serving
from tocsin.cli.failure import Failure
from tocsin.cli.stack import SERVICES, Stack
from tocsin.contracts import Kind
from tocsin.notify import reserved

pytestmark = pytest.mark.system

NOTICES = 60  # a service; one is killed after a third of them
PATIENCE_SECONDS = 90.0


@dataclass
class Pager:
    """A webhook that notes what it gets: the message's id and the headline in it."""

    got: list[tuple[str, str]]

    async def take(self, request: web.Request) -> web.Response:
        alert = json.loads(await request.read())["data"]
        self.got.append((request.headers["webhook-id"], alert["headline"]))
        return web.Response(status=204)


@dataclass(frozen=True)
class Running:
    stack: Stack
    pager: Pager


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pager = Pager([])
    app = web.Application()
    app.router.add_post("/", pager.take)
    sources = tmp_path_factory.mktemp("system") / "sources.yaml"
    sources.write_text(
        yaml.safe_dump({"sources": [{"id": "desk", "name": "Desk", "tier": "party", "kind": "push"}]})
    )
    environment = {
        "PAGER_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "TOCSIN_INGEST_SOURCES_FILE": str(sources),
        "TOCSIN_NOTIFY_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }
    with serving(app) as address, Stack(environment=environment) as stack:
        watch = {"name": "all", "categories": ["model_restriction"]}
        channel = {
            "most_an_hour": 1000,
            "kind": "webhook",
            "name": "pager",
            "url": address,
            "secret_env": "PAGER_SECRET",
        }
        team = {"id": "duty", "name": "Duty", "watches": [watch], "channels": [channel], "most_an_hour": 1000}
        place = stack.place
        body = Body(json.dumps({"teams": [team]}).encode())
        call("PUT", f"{place.notify_url}/v1/subscriptions", place.api_key, body=body)
        yield Running(stack, pager)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_killed_in_the_middle_loses_and_repeats_nothing(running: Running, service: str) -> None:
    first = SERVICES.index(service) * NOTICES
    models = [e.name for e in load_catalogue() if e.kind is Kind.MODEL and e.id != reserved.MODEL][
        first : first + NOTICES
    ]
    for number, model in enumerate(models):
        if number == NOTICES // 3:
            running.stack.kill(service)
            running.stack.start(service)
        _push(running.stack, model)
    running.stack.wait_ready(*SERVICES)
    due = {f"{model}: restriction of access in force" for model in models}
    _until(lambda: due <= {headline for _, headline in running.pager.got}, f"{len(due)} alerts")
    _until(lambda: not _rows(running.stack, "deliveries", state="pending"), "the last delivery to be noted")

    raised = Counter(alert["headline"] for alert in _rows(running.stack, "alerts"))
    assert {headline: raised[headline] for headline in due} == dict.fromkeys(due, 1)
    # A crash between sending and noting it repeats one message, under the same id: receivers drop it by that.
    ids: dict[str, set[str]] = {}
    for name, headline in running.pager.got:
        ids.setdefault(headline, set()).add(name)
    assert all(len(ids[headline]) == 1 for headline in due)
    assert len(running.pager.got) - len(ids) <= 4  # no more than were in flight on the channel


def _push(stack: Stack, model: str) -> None:
    """Push until it is taken, as a client does: pushing again what was taken changes nothing."""
    notice = {
        "source": "desk",
        "title": f"Access to {model} suspended",
        "text": f"We have suspended access to {model} for all customers.",
    }
    body = Body(json.dumps(notice).encode())
    place = stack.place

    def taken() -> bool:
        try:
            call("POST", f"{place.ingest_url}/v1/notices", place.api_key, body=body)
        except Failure:
            return False
        return True

    _until(taken, f"ingest to take {model}")


def _rows(stack: Stack, what: str, **filters: str) -> list[dict[str, str]]:
    asked = filters | {"limit": "500"}
    place = stack.place
    rows: list[dict[str, str]] = call("GET", f"{place.notify_url}/v1/{what}", place.api_key, params=asked)[
        "items"
    ]
    return rows


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.05)
