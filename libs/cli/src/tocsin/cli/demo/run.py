"""Running the story: publish each beat, wait until it has been through, and compare with what must be."""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tocsin.cli.client import Body, call
from tocsin.cli.demo.neighbourhood import serving
from tocsin.cli.demo.receivers import Arrival, Inbox, Receivers, listening
from tocsin.cli.demo.site import Site
from tocsin.cli.demo.story import Beat, Story
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.stack import Stack
from tocsin.cli.teamsfile import TeamsFile

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05
POLL_SECONDS = 1  # of the demo's sources: the story is told in a minute, not in nineteen days

ASIDE = {"known", "canary"}  # no notices of the story

Row = dict[str, Any]  # a JSON object of the API


@dataclass(frozen=True)
class Town:
    """A whole Tocsin with sources to hear and receivers to reach."""

    stack: Stack
    site: Site
    inbox: Inbox

    def get(self, path: str, **filters: str) -> list[Row]:
        """The newest 500 rows of one of notify's lists."""
        place = self.stack.place
        asked = filters | {"limit": "500"}
        answer = call("GET", f"{place.notify_url}/v1/{path}", place.api_key, params=asked)
        items: list[Row] = answer["items"]
        return items

    def publish(self, beat: Beat) -> None:
        """Let a beat happen: on the site, or pushed by a colleague."""
        if beat.wire != "push":
            self.site.publish(beat.wire, beat.id, beat.title, beat.text, beat.state)
            return
        place = self.stack.place
        notice = {"source": "newsroom", "id": beat.id, "title": beat.title, "text": beat.text}
        call("POST", f"{place.ingest_url}/v1/notices", place.api_key, body=Body(json.dumps(notice).encode()))

    def recorded(self) -> int:
        """How many notices have come all the way to notify's rows, by its own count."""
        url = f"{self.stack.url('notify')}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own service
            text = answer.read().decode()
        return sum(
            int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "tocsin_notify_notices_total" and sample.labels["came_of_it"] not in ASIDE
        )


@contextmanager
def town(story: Story, tell: Callable[[str], None]) -> Iterator[Town]:
    """Open the site and the receivers, start Tocsin on throw-away engines, and apply the teams."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tocsin-demo-")))
        receivers = stack.enter_context(listening())
        site = Site()
        for number, (title, text) in enumerate(story.everyday):
            site.publish("everyday", f"everyday-{number}", title, text)
        address = stack.enter_context(serving(site.app()))
        sources = folder / "sources.yaml"
        sources.write_text(yaml.safe_dump({"sources": _sources(address)}), encoding="utf-8")
        environment = receivers.environment() | {
            "TOCSIN_INGEST_SOURCES_FILE": str(sources),
            "TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES": '["127.0.0.0/8"]',
        }
        running = stack.enter_context(Stack(environment=environment, tell=tell))
        _apply(running, story, receivers, folder)
        yield Town(running, site, receivers.inbox)


def play(place: Town, beats: Sequence[Beat], heard: Callable[[Beat, list[Arrival]], None]) -> None:
    """Publish the beats one after the other; ``heard`` gets what came of each.

    A beat has been through when its notice is in notify's rows and no delivery is pending.
    """
    for beat in beats:
        notices, arrivals = place.recorded(), len(place.inbox.arrivals)
        place.publish(beat)
        _until(place, lambda: place.recorded() > notices, f"the notice {beat.id!r} to come through")  # noqa: B023 - called in this turn
        _until(place, lambda: not place.get("deliveries", state="pending"), "the deliveries to be made")
        heard(beat, place.inbox.arrivals[arrivals:])


def settle(place: Town, notices: int) -> None:
    """Wait until so many notices are in the rows, and nothing is pending."""
    _until(place, lambda: place.recorded() >= notices, f"{notices} notices to come through")
    _until(place, lambda: not place.get("deliveries", state="pending"), "the deliveries to be made")


def expected(story: Story) -> Counter[tuple[str, str]]:
    """What must be told, by team and kind of step."""
    return Counter((team, str(kind)) for beat in story.beats for team, kind in beat.tells.items())


def _sources(address: str) -> list[Row]:
    return [
        {
            "id": "vendor-status",
            "name": "Claude Status",
            "tier": "party",
            "kind": "statuspage",
            "url": f"{address}/status/history.rss",
            "every": POLL_SECONDS,
            "spacing": 0,
        },
        {
            "id": "wire",
            "name": "Morning Wire",
            "tier": "press",
            "kind": "feed",
            "url": f"{address}/press/feed.xml",
            "every": POLL_SECONDS,
            "spacing": 0,
        },
        {
            "id": "gazette",
            "name": "The Gazette",
            "tier": "official",
            "kind": "feed",
            "url": f"{address}/gazette/feed.atom",
            "every": POLL_SECONDS,
            "spacing": 0,
        },
        {
            "id": "everyday",
            "name": "Everyday Wire",
            "tier": "press",
            "kind": "json_feed",
            "url": f"{address}/everyday/feed.json",
            "every": POLL_SECONDS,
            "spacing": 0,
        },
        {"id": "newsroom", "name": "Anthropic newsroom", "tier": "party", "kind": "push"},
    ]


def _apply(running: Stack, story: Story, receivers: Receivers, folder: Path) -> None:
    file = folder / "teams.yaml"
    text = yaml.safe_dump({"teams": list(story.teams)}, allow_unicode=True, sort_keys=False)
    file.write_text(text.replace("{webhook}", receivers.webhook), encoding="utf-8")
    body = Body(TeamsFile(file).subscriptions().model_dump_json().encode())
    call("PUT", f"{running.url('notify')}/v1/subscriptions", running.place.api_key, body=body)


def _until(place: Town, condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        place.stack.watch()
        if time.monotonic() > end:
            raise Failure(Exit.FAILED, f"waited {PATIENCE_SECONDS:.0f} s for {what}")
        time.sleep(LOOK_SECONDS)
