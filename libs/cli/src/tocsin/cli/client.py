"""Calling the services' APIs, with every failure told as what to do."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from tocsin.cli.failure import Exit, Failure

PATIENCE = aiohttp.ClientTimeout(total=60)


class Refused(Failure):
    """The service answered with a problem; ``problem`` is its RFC 9457 body."""

    def __init__(self, problem: dict[str, Any]) -> None:
        status, detail = problem.get("status", "?"), problem.get("detail", "no reason given")
        super().__init__(Exit.FAILED, f"the service refused ({status}): {detail}")
        self.problem = problem


@dataclass(frozen=True)
class Body:
    """What is sent, and what it is."""

    content: bytes
    media_type: str = "application/json"


def call(
    method: str,
    url: str,
    key: str,
    *,
    params: Mapping[str, str] | None = None,
    body: Body | None = None,
) -> Any:
    """One call; gives the decoded JSON answer."""
    status, answer = _exchange(method, url, key, params, body)
    return _decode(status, answer.decode(errors="replace"))


def fetch(url: str, key: str) -> bytes:
    """The very bytes of an answer."""
    status, answer = _exchange("GET", url, key, None, None)
    if status != HTTPStatus.OK:
        _decode(status, answer.decode(errors="replace"))
    return answer


def _exchange(
    method: str, url: str, key: str, params: Mapping[str, str] | None, body: Body | None
) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {key}"} | ({"Content-Type": body.media_type} if body else {})

    async def once() -> tuple[int, bytes]:
        data = body.content if body else None
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.request(method, url, params=params, data=data, headers=headers) as response,
        ):
            return response.status, await response.read()

    try:
        return asyncio.run(once())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Failure(
            Exit.AWAY, f"{url} does not answer: {error}", "is it running? see: tocsin doctor"
        ) from error


def _decode(status: int, text: str) -> Any:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = {"status": status, "detail": text[:200] or "an empty answer"}
    if status >= 400:  # noqa: PLR2004 - HTTP: 4xx and 5xx are errors
        raise Refused(answer)
    return answer
