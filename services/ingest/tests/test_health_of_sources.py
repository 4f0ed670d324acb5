"""Each way in which a source goes wrong shows in its state within its budget, by a simulated clock."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tocsin.chassis.health import Health
from tocsin.contracts import Tier
from tocsin.ingest import cadence, fetch
from tocsin.ingest.ages import Ages
from tocsin.ingest.fetched import Validators
from tocsin.ingest.figures import measure
from tocsin.ingest.moves import Moves
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import feed
from tocsin.ingest.states import Condition, Observation, State, advance, of_row

START = datetime(2026, 6, 1, tzinfo=UTC)
EVERY = 300.0
MINUTES, DAYS = 60.0, 86_400.0


def rss(now: datetime, *, field: str = "description", ahead: timedelta = timedelta()) -> str:
    """Twenty items, one every six hours."""
    items = "".join(
        f"<item><title>Rule {n}</title><guid>{n}</guid><link>https://a.example/{n}</link>"
        f"<{field}>What rule {n} says.</{field}>"
        f"<pubDate>{format_datetime(now + ahead - n * timedelta(hours=6))}</pubDate></item>"
        for n in range(20)
    )
    return f'<rss version="2.0"><channel><title>F</title><language>en</language>{items}</channel></rss>'


@dataclass
class World:
    """A source polled by a clock that we turn, at the pace that cadence gives it."""

    net: fetch.Web
    url: str
    now: datetime = START
    condition: Condition = field(default_factory=lambda: of_row(None, START.timestamp()))
    failures: int = 0
    moves: Moves = field(default_factory=Moves)
    fingerprint: str = ""

    async def poll(self) -> None:
        seen = await self._observe()
        self.condition = advance(self.condition, seen, self.now.timestamp())
        failed = seen.outcome not in {Outcome.READ, Outcome.UNCHANGED, Outcome.NOT_MODIFIED}
        self.failures = self.failures + 1 if failed else 0
        pause = cadence.after_failure(EVERY, self.failures, None, 0.9) if failed else EVERY
        self.now += timedelta(seconds=pause)

    async def until(self, state: State) -> float:
        """Seconds of its own time until this state is reached."""
        began = self.now
        while self.condition.state is not state:
            assert self.now < began + timedelta(days=60), self.condition
            polled_at = self.now
            await self.poll()
        return (polled_at - began).total_seconds()

    async def _observe(self) -> Observation:
        address = self.moves.address(self.url, self.failures)
        source = Source(id="s", name="S", tier=Tier.OFFICIAL, kind=Kind.FEED, url=address)
        try:
            fetched = await self.net.fetch(source, Validators(etag='"1"'))
            if fetched is None:
                return Observation(Outcome.NOT_MODIFIED)
            self.moves = self.moves.heard(address, fetched.moved_to)
            parsed = feed.parse(fetched)
        except PollFailed as error:
            return Observation(error.outcome, str(error))
        news, self.fingerprint = fetched.fingerprint != self.fingerprint, fetched.fingerprint
        figures = measure([parsed], len(fetched.body), self.now)
        return Observation(Outcome.READ, figures=figures, news=news, moved_to=self.moves.adopted)


@pytest.fixture
async def world(site: Any) -> AsyncIterator[World]:
    async with fetch.session("Tocsin/test", (ip_network("127.0.0.0/8"),), limit=10) as client:
        there = World(fetch.Web(client, fetch.Caps(1_000_000, seconds=5, redirects=3)), site.base + "/f")
        for _ in range(12):  # hours of health, with something new in each
            site.say("/f", rss(there.now))
            for _ in range(3):
                await there.poll()
        assert there.condition.state is State.OK
        yield there


async def _nothing(site: Any, _world: World) -> None:
    site.say("/f", "")


async def _no_entries(site: Any, _world: World) -> None:
    site.say("/f", '<rss version="2.0"><channel><title>F</title></channel></rss>')


async def _renamed_item(site: Any, world: World) -> None:
    site.say("/f", rss(world.now).replace("item>", "entries>"))


async def _renamed_text(site: Any, world: World) -> None:
    site.say("/f", rss(world.now, field="body-text"))


async def _unreadable_half(site: Any, world: World) -> None:
    bare = "<item><guid>b</guid></item>" * 20
    site.say("/f", rss(world.now).replace("</channel>", f"{bare}</channel>"))


async def _forbidden(site: Any, _world: World) -> None:
    site.say("/f", "no", 403)


async def _page(site: Any, _world: World) -> None:
    site.say("/f", "<!doctype html><title>Welcome</title>")


async def _no_name(_site: Any, world: World) -> None:
    world.url = "http://gone.invalid/f"  # RFC 2606: it never exists


async def _wrong_clock(site: Any, world: World) -> None:
    site.say("/f", rss(world.now, ahead=timedelta(days=400)))


async def _moved(site: Any, world: World) -> None:
    site.say("/new", rss(world.now))
    site.say("/f", "", 301, Location=f"{site.base}/new")


FAULTS: dict[str, tuple[Callable[[Any, World], Awaitable[None]], State, float]] = {
    "200 and an empty body": (_nothing, State.EMPTY, 40 * MINUTES),
    "200 and no entries": (_no_entries, State.EMPTY, 20 * MINUTES),
    "items renamed": (_renamed_item, State.EMPTY, 20 * MINUTES),
    "texts renamed": (_renamed_text, State.DRIFTED, 20 * MINUTES),
    "half of it unreadable": (_unreadable_half, State.DRIFTED, 20 * MINUTES),
    "403": (_forbidden, State.BROKEN, 40 * MINUTES),
    "a page": (_page, State.BROKEN, 40 * MINUTES),
    "DNS gone": (_no_name, State.BROKEN, 40 * MINUTES),
    "its clock is wrong": (_wrong_clock, State.DRIFTED, 20 * MINUTES),
    "moved for good": (_moved, State.MOVED, 30 * MINUTES),
}


@pytest.mark.parametrize(("break_it", "state", "budget"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_shows_within_its_budget_and_its_end_too(
    world: World,
    site: Any,
    break_it: Callable[[Any, World], Awaitable[None]],
    state: State,
    budget: float,
) -> None:
    whole = world.url
    await break_it(site, world)
    assert await world.until(state) <= budget
    assert world.condition.reason
    world.url, world.moves = whole, Moves()
    site.say("/f", rss(world.now))
    assert await world.until(State.OK) <= 20 * MINUTES


async def test_304_for_ever_is_late_by_its_rhythm_and_then_stale(world: World, site: Any) -> None:
    site.say("/f", b"", 304)
    assert await world.until(State.LATE) <= 5 * DAYS
    assert await world.until(State.STALE) <= 31 * DAYS
    site.say("/f", rss(world.now))
    assert await world.until(State.OK) <= 20 * MINUTES


async def test_a_certificate_that_expired_is_broken_within_its_budget(world: World, expired_tls: str) -> None:
    world.url = expired_tls
    assert await world.until(State.BROKEN) <= 40 * MINUTES
    assert world.condition.reason.startswith("it cannot prove who it is")


async def test_the_state_is_kept_in_the_row_shown_and_polling_goes_on(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Any
) -> None:
    source = Source(
        id=source_id, name="S", tier=Tier.OFFICIAL, kind=Kind.FEED, url=site.base + "/f", every=0.05
    )
    site.say("/f", "no", 403)
    ages = Ages(place.pool, [source], Health().pulse("ages", limit=60))

    def shown(state: State) -> float | None:
        return REGISTRY.get_sample_value("tocsin_ingest_source_state", {"source": source_id, "state": state})

    assert (shown(State.OK), shown(State.BROKEN)) == (1, 0)

    async def is_shown(state: State) -> bool:
        await ages.look()
        return shown(state) == 1

    with capture_logs() as lines:
        async with polling(source):
            await eventually(lambda: is_shown(State.BROKEN))
            assert shown(State.OK) == 0
            site.say("/f", rss(datetime.now(UTC)))
            await eventually(lambda: is_shown(State.OK))
    health = await place.pool.fetchval("select health from sources where id = $1", source_id)
    assert health["known"]["documents"] >= 1
    told = [line for line in lines if line["event"] == "source changed state"]
    assert "it refuses us: status 403" in str(told)
