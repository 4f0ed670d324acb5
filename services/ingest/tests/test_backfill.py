"""Backfill: a range of the past is told once, under its own dates, within what a source gives at once."""

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import Tier
from tocsin.ingest import api, fetch
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.app import readers
from tocsin.ingest.backfill import Backfiller
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.past import Past, asked_with, first_slice
from tocsin.ingest.quarantine import Quarantine
from tocsin.ingest.reread import Rereader
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import file, mailbox
from tocsin.ingest.workers import Workers

KEY = {"Authorization": "Bearer key"}
FIRST = date(2026, 3, 2)


@dataclass
class Register:
    """A search that answers as the real one: by date, in pages, ``count`` of all pages and capped."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    base: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    page_size: int = 2  # smaller than asked for, as an API may do
    cap: int = 10_000  # over which it counts 10,000

    async def answer(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.asked.append(query)
        first, last = (query[f"conditions[publication_date][{end}]"] for end in ("gte", "lte"))
        assert query["order"] == "oldest"
        found = [one for one in self.documents if first <= one["publication_date"] <= last]
        number = int(query.get("page", "1"))
        shown = found[(number - 1) * self.page_size : number * self.page_size]
        if not shown:
            return web.json_response({"description": "Documents", "count": 0})
        answer: dict[str, Any] = {"count": len(found) if len(found) <= self.cap else 10_000, "results": shown}
        if number * self.page_size < len(found):
            kept = [pair for pair in parse_qsl(request.query_string) if pair[0] != "page"]
            following = urlencode([*kept, ("page", str(number + 1))])
            answer["next_page_url"] = f"{self.base}/documents.json?{following}"
        return web.json_response(answer)


@dataclass
class Stories:
    """A search for stories: the newest first, never over 1,000 of them, filters joined by commas."""

    created: list[int] = field(default_factory=list)
    most: int = 3

    async def answer(self, request: web.Request) -> web.Response:
        filters = request.query["numericFilters"].split(",")
        least, below = (int(re.sub(r"\D", "", one)) for one in filters[-2:])
        assert filters[:-2] == ["points>5"]
        found = sorted((at for at in self.created if least <= at < below), reverse=True)
        hits = [{"objectID": str(at), "title": f"Story {at}", "created_at_i": at} for at in found]
        return web.json_response({"hits": hits[: self.most], "nbHits": len(found)})


@dataclass
class Asking:
    """An ingest that is asked to fill."""

    http: aiohttp.ClientSession
    place: Any

    async def fill(self, source: Source, since: str, until: str, **more: str) -> list[dict[str, Any]]:
        """Every answer until the range is done."""
        answers: list[dict[str, Any]] = []
        start: str | None = since
        while start is not None:
            status, answer = await self.once(source, start, until, **more)
            assert status == 200, answer
            answers.append(answer)
            start = answer["next"]
        return answers

    async def once(self, source: Source, since: str, until: str, **more: str) -> tuple[int, Any]:
        params = {"since": since, "until": until} | more
        path = f"/v1/sources/{source.id}/backfill"
        async with self.http.post(path, headers=KEY, params=params) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def asking(place: Any, workers: Workers) -> AsyncIterator[Callable[..., Any]]:
    async with contextlib.AsyncExitStack() as stack:

        async def start(*sources: Source) -> Asking:
            await place.store.declare(sources)
            net = await stack.enter_async_context(
                fetch.session("Tocsin/test", (ip_network("127.0.0.0/8"),), limit=4)
            )
            caught = fetch.Web(net, fetch.Caps(max_bytes=1_000_000, seconds=5, redirects=3))
            reader_of = readers(caught, caught, file.Files(1), mailbox.Mailboxes(1), workers)
            kept, evidence, app = place.snapshots, Evidence(place.pool), create_app("ingest", Health())
            rereader = Rereader(reader_of, kept, Quarantine(place.pool), place.store, place.teller)
            backfiller = Backfiller(reader_of, kept, evidence, place.store, place.teller)
            roll = Roll(place.pool, sources)
            app.include_router(api.router(roll, rereader, backfiller, evidence, [SecretStr("key")]))
            base = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
            return Asking(await stack.enter_async_context(aiohttp.ClientSession(base)), place)

        yield start


def printed(day: date, title: str) -> dict[str, Any]:
    number = f"{day:%Y%m%d}-{title.replace(' ', '-')}"
    return {"document_number": number, "title": title, "publication_date": day.isoformat()}


def declared(kind: Kind, id_: str, url: str | None = None) -> Source:
    return Source(id=id_, name="S", tier=Tier.OFFICIAL, kind=kind, url=url, spacing=0)


@pytest.fixture
def register(site: Any) -> Register:
    there = Register(base=site.base)
    site.answers["/documents.json"] = there.answer
    return there


@pytest.fixture
def searched(site: Any, source_id: str) -> Source:
    query = "conditions[agencies][]=a-bureau&order=newest&per_page=100"
    return declared(Kind.FEDERAL_REGISTER, source_id, f"{site.base}/documents.json?{query}")


async def test_a_range_is_told_oldest_first_under_its_own_dates_and_only_once(
    asking: Any, register: Register, searched: Source, place: Any
) -> None:
    days = [FIRST + timedelta(days=n) for n in range(20)]
    register.documents = [printed(day, f"Rule {n}") for n, day in enumerate(days)]
    there = await asking(searched)
    answers = await there.fill(searched, "2026-03-03T00:00:00Z", "2026-03-20T12:00:00Z")
    assert [answer["told"] for answer in answers] == [7, 7, 4]
    notices = await place.published(searched.id)
    told = {notice.title: notice.published_at.date() for notice in notices}
    assert told == {f"Rule {n}": day for n, day in enumerate(days) if 1 <= n <= 18}
    assert {"a-bureau"} == {query["conditions[agencies][]"] for query in register.asked}
    again = await there.fill(searched, "2026-03-02T00:00:00Z", "2026-03-20T12:00:00Z")
    assert sum(answer["told"] for answer in again) == 1
    assert len(await place.published(searched.id)) == len(notices) + 1


async def test_a_dry_run_counts_what_would_be_told_and_tells_nobody(
    asking: Any, register: Register, searched: Source, place: Any
) -> None:
    register.documents = [
        printed(FIRST, "Rule"),
        printed(FIRST, "Notice"),
        {"publication_date": "2026-03-02"},
    ]
    there = await asking(searched)
    span = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
    (dry,) = await there.fill(searched, *span, dry_run="true")
    assert dry == {"entries": 2, "told": 2, "failed": 1, "next": None}
    assert await place.published(searched.id) == []
    assert await place.pool.fetch("select 1 from failed_entries where source_id = $1", searched.id) == []
    (done,) = await there.fill(searched, *span)
    assert done == dry
    (dry,) = await there.fill(searched, *span, dry_run="true")
    assert (dry["entries"], dry["told"]) == (2, 0)
    assert len(await place.pool.fetch("select 1 from failed_entries where source_id = $1", searched.id)) == 1


async def test_what_is_over_the_cap_of_a_search_is_asked_for_in_shorter_ranges(
    asking: Any, register: Register, searched: Source
) -> None:
    register.cap = 10
    days = [FIRST + timedelta(days=n) for n in range(7) for _ in range(4)]
    register.documents = [printed(day, f"Rule {n}") for n, day in enumerate(days)]
    there = await asking(searched)
    answers = await there.fill(searched, "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z")
    assert sum(answer["told"] for answer in answers) == len(days)
    register.documents = [printed(FIRST, f"Crowded {n}") for n in range(11)]
    status, problem = await there.once(searched, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
    assert (status, "more between" in problem["detail"]) == (502, True)


async def test_stories_are_asked_for_in_ranges_that_hold_them_all(
    asking: Any, site: Any, source_id: str, place: Any
) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    created = [int(start.timestamp()) + 40_000 * n for n in range(12)]
    site.answers["/search"] = Stories([*created, int(start.timestamp()) - 1]).answer
    address = f"{site.base}/search?tags=story&numericFilters=points%3E5&hitsPerPage=20"
    source = declared(Kind.HACKER_NEWS, source_id, address)
    there = await asking(source)
    await there.fill(source, start.isoformat(), (start + timedelta(days=9)).isoformat())
    notices = await place.published(source_id)
    assert sorted(int(notice.published_at.timestamp()) for notice in notices) == created


@pytest.mark.parametrize("kind", [Kind.FEED, Kind.PUSH])
async def test_a_kind_that_cannot_be_asked_by_date_says_what_can_be_done(
    asking: Any, source_id: str, kind: Kind
) -> None:
    source = declared(kind, source_id, None if kind is Kind.PUSH else "https://a.example/f")
    status, problem = await (await asking(source)).once(
        source, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
    )
    assert (status, "cannot be asked by date" in problem["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z"),
        ("1989-12-31T00:00:00Z", "2026-03-02T00:00:00Z"),  # older dates are dropped: they would seem new
        ("2026-03-02T00:00:00Z", "9999-01-01T00:00:00Z"),
        ("2026-03-02T00:00:00", "2026-03-03T00:00:00"),
        ("0001-01-01T00:00:00+12:00", "2026-03-02T00:00:00Z"),
    ],
)
async def test_a_range_that_makes_no_sense_is_refused(
    asking: Any, register: Register, searched: Source, since: str, until: str
) -> None:
    status, _ = await (await asking(searched)).once(searched, since, until)
    assert (status, register.asked) == (422, [])


async def test_a_source_that_does_not_answer_is_told_apart_from_us(
    asking: Any, site: Any, searched: Source
) -> None:
    site.say("/documents.json", "later", status=429, Retry_After="30")
    status, problem = await (await asking(searched)).once(
        searched, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
    )
    assert (status, "status 429" in problem["detail"]) == (502, True)


def test_an_address_keeps_its_parameters_and_takes_ours() -> None:
    asked = asked_with("https://a.example/s?tag[]=x&tag[]=y&order=newest&empty=", {"order": "oldest"})
    assert parse_qsl(asked.partition("?")[2], keep_blank_values=True) == [
        ("tag[]", "x"),
        ("tag[]", "y"),
        ("empty", ""),
        ("order", "oldest"),
    ]


SOURCE = declared(Kind.FEDERAL_REGISTER, "a", "https://a.example/")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn beside it


@given(MOMENTS, MOMENTS, st.integers(1, 200), st.sampled_from([timedelta(days=1), timedelta(seconds=1)]))
async def test_a_slice_begins_where_it_should_and_the_next_one_gets_further(
    one: datetime, other: datetime, hours: int, unit: timedelta
) -> None:
    since, until = min(one, other), max(one, other) + timedelta(seconds=1)
    asked: list[tuple[datetime, datetime]] = []

    async def ask(_source: Source, start: datetime, end: datetime) -> list[Fetched] | None:
        asked.append((start, end))
        fits = end - start <= max(timedelta(hours=hours), unit)
        return [Fetched(b"x", "", "", Validators())] if fits else None

    part = await first_slice(Past(unit, timedelta(days=7), ask), SOURCE, since, until)
    assert all(start <= since and since - start < unit for start, _ in asked)
    assert since < part.until < until + unit
    assert not (part.until - datetime(1970, 1, 1, tzinfo=UTC)) % unit


async def test_a_source_that_never_gives_all_is_not_asked_for_ever() -> None:
    async def ask(_source: Source, _start: datetime, _end: datetime) -> None:
        return None

    start = datetime(2026, 3, 2, tzinfo=UTC)
    past = Past(timedelta(seconds=1), timedelta(days=30), ask)
    with pytest.raises(PollFailed) as failed:
        await first_slice(past, SOURCE, start, start + timedelta(days=3))
    assert failed.value.outcome is Outcome.TOO_LARGE
