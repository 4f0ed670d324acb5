"""What operators ask over HTTP: how sources are, the quarantine, the evidence, and reading it again."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import Tier
from tocsin.ingest import api, parser
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.backfill import Backfiller
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.poll import WHOLE, Reader
from tocsin.ingest.quarantine import Quarantine
from tocsin.ingest.reread import Rereader
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.teller import Sighting

KEY = {"Authorization": "Bearer key"}
NOW = datetime.now(UTC)


def lines(fetched: Fetched) -> Parsed:
    """A parser as it was: a line is an entry `id text`; it trips over a question mark."""
    parsed = [line.split(" ", 1) for line in fetched.body.decode().splitlines()]
    good = tuple(Entry(id_, id_, text) for id_, text in parsed if "?" not in text)
    bad = [
        BadEntry(id_, "a question mark", f"#{n}") for n, (id_, text) in enumerate(parsed, 1) if "?" in text
    ]
    return Parsed(good, tuple(bad))


def mended(fetched: Fetched) -> Parsed:
    """The parser after the fix; `!` was always read, but otherwise."""
    whole = lines(Fetched(fetched.body.replace(b"?", b"."), "", "", Validators())).entries
    return Parsed(tuple(Entry(one.native_id, one.title, one.text.replace("!", ".")) for one in whole))


async def _never(_source: Source, _known: Validators) -> Fetched | None:
    raise AssertionError("nothing is fetched")


@dataclass
class Operating:
    """An ingest that is asked, and the parser that it has now."""

    http: aiohttp.ClientSession
    place: Any
    source: Source
    evidence: Evidence
    parse: Callable[[Fetched], Parsed] = lines
    clock: list[datetime] = field(default_factory=lambda: [NOW - timedelta(hours=5)])

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        async with self.http.request(method, f"/v1/{path}", headers=KEY, **more) as answer:
            return answer.status, await answer.json(content_type=None)

    async def see(self, text: str) -> str:
        """As a poll would, an hour after the last one; gives the hash."""
        self.clock.append(self.clock[-1] + timedelta(hours=1))
        body, at = text.encode(), self.clock[-1]
        fetched = Fetched(body, "https://a.example/f", "text/plain", Validators())
        parsed = self.parse(fetched)
        await self.place.teller.tell(Sighting(self.source, parsed.entries, body, at))
        await self.evidence.remember(self.source.id, fetched, at)
        sha256 = await self.place.snapshots.keep(body)
        await self.place.store.remember_failed(self.source.id, parsed.bad, sha256, at)
        return str(sha256)

    async def failed(self) -> list[dict[str, Any]]:
        _, page = await self.ask("GET", "failed-entries", params={"source": self.source.id})
        return list(page["items"])

    async def told(self) -> list[tuple[str, int, str]]:
        notices = await self.place.published(self.source.id)
        return sorted((notice.title, notice.revision, notice.text) for notice in notices)


@pytest.fixture
async def operating(place: Any, source_id: str) -> AsyncIterator[Operating]:
    source = Source(id=source_id, name="A", tier=Tier.PRESS, kind=Kind.FEED, url="https://a.example/f")
    desk = Source(id=f"{source_id}-push", name="Desk", tier=Tier.PRESS, kind=Kind.PUSH)
    await place.store.declare([source, desk])
    evidence, app = Evidence(place.pool), create_app("ingest", Health())
    async with contextlib.AsyncExitStack() as stack:

        def read(fetched: Fetched) -> Parsed:
            return there.parse(fetched)

        reader = Reader(_never, read)
        rereader = Rereader(
            lambda _: reader, place.snapshots, Quarantine(place.pool), place.store, place.teller
        )
        roll = Roll(place.pool, [source, desk])
        backfiller = Backfiller(lambda _: reader, place.snapshots, evidence, place.store, place.teller)
        app.include_router(api.router(roll, rereader, backfiller, evidence, [SecretStr("key")]))
        base = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        http = await stack.enter_async_context(aiohttp.ClientSession(base))
        there = Operating(http, place, source, evidence)
        yield there


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "sources"),
        ("GET", "sources/a"),
        ("POST", "sources/a/reparse?since=2026-01-01T00:00:00Z"),
        ("POST", "sources/a/backfill?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z"),
        ("GET", "failed-entries"),
        ("GET", "failed-entries/1"),
        ("POST", "failed-entries/1/retry"),
        ("POST", "failed-entries/1/drop"),
        ("GET", f"snapshots/{'0' * 64}"),
    ],
)
async def test_without_a_key_nothing_is_said(operating: Operating, method: str, path: str) -> None:
    async with operating.http.request(method, f"/v1/{path}", json={"reason": "r"}) as answer:
        assert answer.status == 401


async def test_every_source_is_shown_with_its_state_and_the_reason_in_words(operating: Operating) -> None:
    await operating.see("a One?\nb Two")
    status, shown = await operating.ask("GET", "sources")
    assert status == 200
    polled, pushed = shown["items"]
    assert (polled["id"], polled["state"], polled["notices"], polled["failed_entries"]) == (
        operating.source.id,
        "ok",
        1,
        1,
    )
    assert polled["reason"] == "it has not been read yet"
    assert datetime.fromisoformat(polled["next_poll_at"]) <= datetime.now(UTC)
    assert (pushed["state"], pushed["reason"]) == (None, "it is not asked: it comes to us")
    (leased,) = await operating.place.store.lease([_turn(operating.source.id)], 1)
    await operating.place.store.failed(leased, "refused: status 403", failures=1, pause=60)
    _, one = await operating.ask("GET", f"sources/{operating.source.id}")
    assert one["reason"] == "its last 1 polls failed: refused: status 403"
    status, problem = await operating.ask("GET", "sources/none")
    assert (status, "GET /v1/sources lists them" in problem["detail"]) == (404, True)


def _turn(source_id: str) -> Any:
    from tocsin.ingest.hosts import Turn  # noqa: PLC0415 - used here alone

    return Turn(source_id, "a.example", 1, 0.0)


async def test_a_failed_entry_is_listed_shown_and_read_once_the_parser_is_mended(
    operating: Operating,
) -> None:
    sha256 = await operating.see("a One?\nb Two")
    (row,) = await operating.failed()
    assert (row["native_id"], row["place"], row["error"]) == ("a", "#1", "a question mark")
    assert (row["parser"], row["content_sha256"]) == (parser.VERSION, sha256)
    status, answer = await operating.ask("POST", f"failed-entries/{row['id']}/retry")
    assert (status, answer) == (200, {"released": False, "told": 0, "error": "a question mark"})
    (again,) = await operating.failed()
    assert (again["id"], again["times"]) == (row["id"], 2)
    operating.parse = mended
    _, answer = await operating.ask("POST", f"failed-entries/{row['id']}/retry")
    assert answer == {"released": True, "told": 1, "error": None}
    assert await operating.told() == [("a", 1, "One."), ("b", 1, "Two")]
    assert await operating.failed() == []
    assert (await operating.ask("GET", f"failed-entries/{row['id']}"))[0] == 404


async def test_a_whole_document_is_kept_and_retried(operating: Operating) -> None:
    def broken(_fetched: Fetched) -> Parsed:
        raise PollFailed(Outcome.UNREADABLE, "no feed")

    sha256 = await operating.place.snapshots.keep(b"a One")
    await operating.place.store.remember_failed(
        operating.source.id, [BadEntry(WHOLE, "no feed")], sha256, NOW
    )
    (row,) = await operating.failed()
    operating.parse = broken
    _, answer = await operating.ask("POST", f"failed-entries/{row['id']}/retry")
    assert answer == {"released": False, "told": 0, "error": "no feed"}
    operating.parse = mended
    _, answer = await operating.ask("POST", f"failed-entries/{row['id']}/retry")
    assert answer == {"released": True, "told": 1, "error": None}


async def test_what_is_dropped_stays_on_record_and_stays_dropped(operating: Operating) -> None:
    await operating.see("a One?")
    (row,) = await operating.failed()
    why = {"reason": "an advertisement"}
    status, dropped = await operating.ask("POST", f"failed-entries/{row['id']}/drop", json=why)
    assert (status, dropped["dropped_because"]) == (200, "an advertisement")
    await operating.see("a One?\nb Two")
    assert await operating.failed() == []
    _, page = await operating.ask("GET", "failed-entries", params={"dropped": "true"})
    assert [one["id"] for one in page["items"]] == [row["id"]]
    assert (await operating.ask("POST", "failed-entries/99999/drop", json=why))[0] == 404
    assert (await operating.ask("POST", f"failed-entries/{row['id']}/drop", json={"reason": ""}))[0] == 422


async def test_failed_entries_are_read_page_by_page(operating: Operating) -> None:
    await operating.see("\n".join(f"{number} What?" for number in range(5)))
    seen, before = [], None
    while True:
        asked = {"limit": "2", "source": operating.source.id} | ({"before": str(before)} if before else {})
        _, page = await operating.ask("GET", "failed-entries", params=asked)
        seen += [row["native_id"] for row in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


async def test_reading_again_with_the_same_parser_tells_nothing(operating: Operating) -> None:
    for text in ("a One\nb Two", "a One, changed\nb Two", "a One\nb Two, changed"):
        await operating.see(text)
    before = await operating.told()
    _, answer = await reparse(operating)
    assert [one["told"] for one in answer["items"]] == [0, 0, 0]
    assert await operating.told() == before


async def test_reading_again_with_a_mended_parser_tells_only_what_changed_and_nobodys_past(
    operating: Operating,
) -> None:
    first = await operating.see("a Old!\nb Two!\nc Why?\nd Same")
    second = await operating.see("a New\nb Two!\nd Same")
    operating.parse = mended
    status, answer = await reparse(operating)
    assert status == 200
    assert [(one["sha256"], one["told"]) for one in answer["items"]] == [(first, 2), (second, 0)]
    assert await operating.told() == [
        ("a", 1, "Old!"),
        ("a", 2, "New"),
        ("b", 1, "Two!"),
        ("b", 2, "Two."),
        ("c", 1, "Why."),
        ("d", 1, "Same"),
    ]
    _, answer = await reparse(operating)
    assert [one["told"] for one in answer["items"]] == [0, 0]
    assert await operating.failed() == []


async def test_reading_again_goes_on_where_a_call_ended(
    operating: Operating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.ingest.api.sources.AT_ONCE", 2)
    kept = [await operating.see(f"a {number}") for number in range(5)]
    read: list[str] = []
    after: str | None = ""
    while after is not None:
        _, answer = await reparse(operating, after)
        read += [one["sha256"] for one in answer["items"]]
        after = answer["next"]
    assert read == kept
    since = (operating.clock[-1] - timedelta(minutes=1)).isoformat()
    _, answer = await operating.ask("POST", f"sources/{operating.source.id}/reparse", params={"since": since})
    assert [one["sha256"] for one in answer["items"]] == kept[-1:]


async def test_what_is_gone_and_what_compares_is_left_alone_and_says_so(operating: Operating) -> None:
    sha256 = await operating.see("a One")
    operating.parse = lambda fetched: Parsed(lines(fetched).entries, memory=b"note")
    _, answer = await reparse(operating)
    assert "compares with the document before" in answer["items"][0]["note"]
    operating.place.snapshots.path(sha256).unlink()
    _, answer = await reparse(operating)
    assert answer["items"][0]["note"] == "its bytes are kept no more"


async def reparse(operating: Operating, after: str = "") -> tuple[int, Any]:
    since = {"since": (NOW - timedelta(days=1)).isoformat(), "after": after}
    return await operating.ask("POST", f"sources/{operating.source.id}/reparse", params=since)


async def test_a_snapshot_comes_as_it_was_and_no_browser_takes_it_for_a_page(operating: Operating) -> None:
    body = b"<script>alert(1)</script>"
    sha256 = await operating.place.snapshots.keep(body)
    async with operating.http.get(f"/v1/snapshots/{sha256}", headers=KEY) as answer:
        got = await answer.read()
        assert (hashlib.sha256(got).hexdigest(), answer.content_type) == (sha256, "application/octet-stream")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (await operating.ask("GET", f"snapshots/{'0' * 64}"))[0] == 404
    for wrong in ("..%2f..%2fetc%2fpasswd", "ABC", "0" * 63):
        assert (await operating.ask("GET", f"snapshots/{wrong}"))[0] in {404, 422}


async def test_reading_again_beside_a_poll_tells_once(operating: Operating) -> None:
    await operating.see("a One!")
    operating.parse = mended
    await asyncio.gather(*(reparse(operating) for _ in range(4)))
    assert await operating.told() == [("a", 1, "One!"), ("a", 2, "One.")]


@pytest.mark.parametrize(("method", "path"), [("GET", "sources"), ("POST", "failed-entries/1/retry")])
async def test_while_postgresql_is_away_a_caller_learns_when_to_ask_again(
    operating: Operating, method: str, path: str
) -> None:
    await operating.place.pool.close()
    async with operating.http.request(method, f"/v1/{path}", headers=KEY) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.content_type == "application/problem+json"
        assert "ask the same again later" in (await answer.json(content_type=None))["detail"]
