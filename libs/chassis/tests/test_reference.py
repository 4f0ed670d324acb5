"""What a service says of itself, to programs and to people, is whole, and comes from nowhere else."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts.publishing import asyncapi, schemas


@pytest.fixture
async def service() -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serve(create_app("bell", Health()), "127.0.0.1", 0) as address,
        aiohttp.ClientSession(address) as session,
    ):
        yield session


async def test_topics_and_messages_are_described_by_address(service: aiohttp.ClientSession) -> None:
    async with service.get("/v1/asyncapi.json") as answer:
        assert await answer.json(content_type=None) == asyncapi()
    for name, schema in schemas().items():
        async with service.get(f"/v1/schemas/{name}") as answer:
            assert answer.content_type == "application/schema+json"
            assert await answer.json(content_type=None) == schema


async def test_an_unknown_schema_is_told_with_those_there_are(service: aiohttp.ClientSession) -> None:
    async with service.get("/v1/schemas/Nothing.json") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        assert "AlertRaised.json" in await answer.text()


async def test_the_page_of_routes_takes_every_part_from_here(service: aiohttp.ClientSession) -> None:
    async with service.get("/docs") as answer:
        parts = re.findall(r"""(?:src|href)=["']([^"']+)""", await answer.text())
    assert len(parts) == 3  # style, script, icon
    for part in parts:
        async with service.get(part) as answer:  # an address elsewhere would be refused by the session
            assert part.startswith("/"), part
            assert answer.status == 200
