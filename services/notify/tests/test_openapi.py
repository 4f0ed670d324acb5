"""The API against its own description: schemathesis asks odd questions of the real app on a real database."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NoticeClassified
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.description import describe
from tocsin.notify.sweep import Sweep

PUBLISHED = Path(__file__).parents[3] / "docs" / "contracts" / "openapi-notify.json"
EXAMPLES = 8
LEFT_OUT = {
    "/v1/alerts/stream",  # has no end
}
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)


@pytest.fixture
async def address(
    pool: Any,
    start: Callable[[Any], Any],
    declare: Callable[..., Awaitable[dict[str, str]]],
    tell: Callable[..., NoticeClassified],
) -> AsyncIterator[str]:
    replica = start(pool)
    await declare(payments={"channels": [{"kind": "log", "name": "log"}]})
    await replica.hear(tell("one"))
    app = create_app("notify", Health())
    door = Door(pool, [SecretStr("a key")], per_minute=1e6)
    app.include_router(api.router(Sweep(replica.handler), door, lambda _: True, Bell()))
    async with serve(app, "127.0.0.1", 0) as base:
        yield base


def _ask(address: str) -> list[str]:
    """Every operation a few times; what is wrong, each."""
    schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json")
    wrong: list[str] = []
    for result in schema.get_all_operations():
        assert not isinstance(result, Err), result
        operation = result.ok()
        if operation.path in LEFT_OUT:
            continue

        @seed(1)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if case.query and "wait" in case.query:
                case.query["wait"] = 0
            case.call_and_validate(headers={"Authorization": "Bearer a key"}, checks=CHECKS, timeout=20)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - whatever is wrong, with its operation
            wrong.append(f"{operation.label}: {_told(error)}")
    return wrong


def _told(error: BaseException) -> str:
    below = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "\n".join([str(error), *map(_told, below)])


async def test_the_api_keeps_to_its_description(address: str) -> None:
    wrong = await asyncio.to_thread(_ask, address)
    assert not wrong, "\n\n".join(wrong)


def test_the_description_that_is_published_is_the_one_of_the_code() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == describe(), "run: make contracts"


def test_every_route_says_what_it_is_for_how_it_is_opened_and_how_it_refuses() -> None:
    described = describe()
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            refusal = operation["responses"]["4XX"]["content"]
            assert list(refusal) == ["application/problem+json"], (method, path)
            if not path.endswith("/atom"):
                assert operation["security"] == [{"HTTPBearer": []}], (method, path)
