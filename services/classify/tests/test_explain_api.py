"""POST /v1/explain over real HTTP: the same explanation as anywhere, for callers with a key."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.classify import Knowledge, api
from tocsin.classify.batch import read_item
from tocsin.classify.explain import explain

KEY = {"Authorization": "Bearer key-1"}
QUESTION = {
    "title": "Commerce bans Grok 4",
    "text": "It holds at once.",
    "tier": "official",
    "published_at": "2026-06-13T00:50:00Z",
    "url": "https://desk.example/1",
}


@contextlib.asynccontextmanager
async def serving(knowledge: Knowledge) -> AsyncIterator[str]:
    app = create_app("classify", Health())
    app.include_router(api.router(lambda: knowledge, [SecretStr("key-1")], max_bytes=10_000))
    async with serve(app, "127.0.0.1", 0) as base:
        yield base


async def ask(base: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{base}/v1/explain", data=data, headers=KEY if headers is None else headers)
        return answer.status, await answer.json(content_type=None), answer.content_type


async def test_the_answer_is_the_explanation(knowledge: Knowledge) -> None:
    async with serving(knowledge) as base:
        status, told, _ = await ask(base, QUESTION)
    item = {
        "title": QUESTION["title"],
        "text": QUESTION["text"],
        "source_type": "official",
        "url": QUESTION["url"],
    }
    expected = explain(read_item({**item, "published": "2026-06-13T00:50:00+00:00"}), knowledge)
    assert (status, told) == (200, expected.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (QUESTION, {}, 401, "API key"),
        (QUESTION, {"Authorization": "Bearer other"}, 401, "API key"),
        ({}, None, 422, "needs a title or a text"),
        ({"title": "  "}, None, 422, "needs a title or a text"),
        ({"title": "A", "tier": "royal"}, None, 422, "tier"),
        ({"title": "A", "published_at": "2026-06-13T00:50:00"}, None, 422, "published_at"),
        ({"title": "A", "source": "x"}, None, 422, "source"),
        ({"title": "A" * 1001}, None, 422, "title"),
        (b"not json", None, 422, "JSON"),
        (b"x" * 10_001, None, 413, "10000 bytes"),
    ],
)
async def test_a_mistake_is_a_problem_that_says_what_to_do(
    body: Any, headers: dict[str, str] | None, status: int, says: str, knowledge: Knowledge
) -> None:
    async with serving(knowledge) as base:
        answered, problem, media_type = await ask(base, body, headers)
    assert (answered, media_type) == (status, "application/problem+json")
    assert problem["status"] == status
    assert says in problem["detail"]


async def test_more_than_a_few_at_once_are_asked_to_wait(knowledge: Knowledge) -> None:
    async with serving(knowledge) as base:
        waiting = [await _half_sent(base) for _ in range(api.MAX_IN_HAND)]
        status, _, _ = await ask(base, QUESTION)
        assert status == 429
        for writer in waiting:
            writer.close()
        while (await ask(base, QUESTION))[0] == 429:  # each question is a wait in itself
            continue


async def _half_sent(base: str) -> asyncio.StreamWriter:
    """A request of which the body never comes, in hand for certain."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "POST /v1/explain HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-1\r\nContent-Length: 99\r\n"
    writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
    assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
    return writer
