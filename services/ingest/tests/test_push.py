"""POST /v1/notices: what is taken, what is refused, and that the same again changes nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from tocsin.chassis import producer as producers
from tocsin.chassis import topics
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import TOPICS, Tier
from tocsin.embedded import Kafka
from tocsin.ingest import metrics, push
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.teller import Teller

KEY = {"Authorization": "Bearer key-1"}
JSON = KEY | {"Content-Type": "application/json"}
NDJSON = KEY | {"Content-Type": "application/x-ndjson; charset=utf-8"}


class Client:
    """Pushes to a desk that is really served."""

    def __init__(self, base: str, source: str, desk: push.Desk, http: aiohttp.ClientSession) -> None:
        self.url = base + "/v1/notices"
        self.source = source
        self.desk = desk
        self.http = http

    async def post(self, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        answer = await self.raw(body, headers)
        return answer.status, await answer.json(content_type=None)

    async def raw(self, body: Any, headers: dict[str, str] | None = None) -> aiohttp.ClientResponse:
        data = body if isinstance(body, str | bytes) else json.dumps({"source": self.source} | body)
        return await self.http.post(self.url, data=data, headers=JSON if headers is None else headers)

    def lines(self, *notices: dict[str, Any]) -> str:
        return "\n".join(json.dumps({"source": self.source} | notice) for notice in notices)


@contextlib.asynccontextmanager
async def serving(place: Any, source_id: str, teller: Teller | None) -> AsyncIterator[Client]:
    sources = [
        Source(id=source_id, name="Bot", tier=Tier.COMMUNITY, kind=Kind.PUSH),
        Source(id="polled", name="P", tier=Tier.OFFICIAL, kind=Kind.FEED, url="https://p.example/"),
    ]
    await place.store.declare(sources)
    app = create_app("ingest", Health())
    desk = push.Desk(sources, [SecretStr("key-0"), SecretStr("key-1")], max_bytes=100_000)
    desk.mount(app)
    if teller:
        desk.open(teller)
    async with serve(app, "127.0.0.1", 0) as base, aiohttp.ClientSession() as http:
        yield Client(base, source_id, desk, http)


@pytest.fixture
async def client(place: Any, source_id: str) -> AsyncIterator[Client]:
    async with serving(place, source_id, place.teller) as open_:
        yield open_


async def test_a_pushed_notice_is_on_kafka_when_it_is_answered(client: Client, place: Any) -> None:
    body = {
        "id": "n-1",
        "title": "Ban",
        "text": "In force.",
        "url": "https://bot.example/1",
        "links": ["https://bot.example/2"],
        "language": "en",
        "published_at": "2026-06-13T02:50:00+02:00",
    }
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    status, told = await client.post(body, JSON | {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert status == 202
    ((notice, headers),) = await place.records(client.source)
    assert told == {"accepted": [{"id": notice.id, "document_id": notice.document_id, "status": "published"}]}
    assert (notice.source.tier, notice.source.kind) == (Tier.COMMUNITY, "push")
    assert notice.model_dump(mode="json", include=set(body) - {"id"}) == {
        name: value for name, value in body.items() if name != "id"
    }
    assert headers["traceparent"].split("-")[1] == trace
    assert headers["ce_source"] == "/tocsin/ingest"
    assert place.snapshots.path(notice.content_sha256).exists()


async def test_the_same_again_is_answered_alike_and_told_to_nobody(client: Client, place: Any) -> None:
    first = await client.post({"id": "1", "title": "Ban"})
    again = await client.post({"id": "1", "title": "Ban"})
    assert first[0] == again[0] == 202
    assert again[1]["accepted"][0] == first[1]["accepted"][0] | {"status": "unchanged"}
    changed = await client.post({"id": "1", "title": "Lifted"})
    assert changed[1]["accepted"][0]["document_id"] == first[1]["accepted"][0]["document_id"]
    assert [notice.revision for notice in await place.published(client.source)] == [1, 2]


async def test_the_same_at_once_is_told_once(client: Client, place: Any) -> None:
    answers = await asyncio.gather(*(client.post({"id": "1", "title": "Ban"}) for _ in range(16)))
    told = [answer["accepted"][0] for _, answer in answers]
    assert len({one["id"] for one in told}) == 1
    assert sorted(one["status"] for one in told) == ["published"] + ["unchanged"] * 15
    assert len(await place.published(client.source)) == 1


async def test_many_lines_are_answered_in_order_and_bad_ones_named(client: Client, place: Any) -> None:
    body = client.lines({"id": "1", "title": "A"}, {"id": "2"}, {"id": "1", "title": "B"})
    status, told = await client.post(body + "\n\nnot json\n" + client.lines({"title": "C"}), NDJSON)
    assert status == 202
    assert [one["status"] for one in told["accepted"]] == ["published"] * 3
    assert told["accepted"][0]["document_id"] == told["accepted"][1]["document_id"]
    assert [one["line"] for one in told["rejected"]] == [2, 5]
    assert "title or a text" in told["rejected"][0]["error"]
    revisions = {(notice.title, notice.revision) for notice in await place.published(client.source)}
    assert revisions == {("A", 1), ("B", 2), ("C", 1)}


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({}, {"title": "A"}, 401, "Bearer"),
        ({"Authorization": "Bearer wrong"}, {"title": "A"}, 401, "Bearer"),
        ({"Authorization": "Basic key-1"}, {"title": "A"}, 401, "Bearer"),
        (KEY | {"Content-Type": "text/plain"}, {"title": "A"}, 415, "application/x-ndjson"),
        (JSON, "not json", 422, "Invalid JSON"),
        (JSON, "", 422, "holds no notice"),
        (JSON, "[" * 50_000, 422, "Invalid JSON"),
        (JSON, b"\xff\xfe", 422, "Invalid JSON"),
        (JSON, {"title": " "}, 422, "a title or a text"),
        (JSON, {"title": "A", "tier": "official"}, 422, "tier: Extra inputs"),
        (JSON, {"title": "A", "published_at": "2026-06-13T00:50:00"}, 422, "published_at"),
        (JSON, {"title": "A", "url": "javascript:alert(1)"}, 422, "url"),
        (JSON, {"title": "A", "url": "https://a.example/\x00"}, 422, "url"),
        (JSON, {"title": "A", "source": "polled"}, 422, "not declared with kind push"),
        (JSON, {"title": "A", "source": "no such"}, 422, "source"),
        (JSON, {"title": "A" * 1_001}, 422, "title"),
        (NDJSON, "{}\n{}", 422, "source: Field required"),
        (JSON, {"title": "A", "text": "x" * 100_000}, 413, "100000 bytes"),
    ],
)
async def test_what_is_refused_says_why_as_a_problem(  # noqa: PLR0917 - a table
    client: Client, place: Any, headers: dict[str, str], body: Any, status: int, words: str
) -> None:
    before = metrics.PUSHES.labels(status)._value.get()
    answer = await client.raw(body, headers)
    told = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["status"]) == (status, status)
    assert words in told["detail"]
    assert await place.published(client.source) == []
    assert metrics.PUSHES.labels(status)._value.get() == before + 1


async def test_a_body_over_the_cap_is_not_read_to_its_end(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000_000_000:
            sent += 50_000
            yield b" " * 50_000

    with contextlib.suppress(aiohttp.ClientError):  # the server may hang up while we still send
        async with client.http.post(client.url, data=endless(), headers=JSON) as answer:
            assert answer.status == 413
    assert sent < 100_000_000


async def test_too_many_at_once_are_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "MAX_IN_HAND", 0)
    answer = await client.raw({"title": "A"})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    monkeypatch.undo()
    assert (await client.post({"title": "A"}))[0] == 202


async def test_before_the_engines_are_there_it_asks_to_come_back(place: Any, source_id: str) -> None:
    async with serving(place, source_id, None) as client:
        assert client.desk.complaint()
        answer = await client.raw({"title": "A"})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_while_kafka_is_away_nothing_is_taken_and_a_repeat_is_whole(
    place: Any, source_id: str, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "TELL_SECONDS", 1.0)
    broken: list[BaseException] = []
    with Kafka() as kafka:  # one of our own: it is killed
        await topics.apply(kafka.bootstrap, TOPICS)
        async with producers.connect(kafka.bootstrap, broken.append) as producer:
            teller = Teller(place.store, place.snapshots, producer)
            async with serving(place, source_id, teller) as client:
                kafka.kill()
                answer = await client.raw({"id": "1", "title": "A"})
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                kafka.start()

                async def taken() -> bool:
                    status, told = await client.post({"id": "1", "title": "A"})
                    return status == 202 and told["accepted"][0]["status"] == "published"

                await eventually(taken)
        told = await replace(place, bootstrap=kafka.bootstrap).published(source_id)
    assert len({notice.id for notice in told}) == 1
    assert broken == []
