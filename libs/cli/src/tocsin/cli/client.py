"""Calling the services' APIs, with every failure told as what to do."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import aiohttp

from tocsin.chassis.archive import Tell
from tocsin.cli.failure import Exit, Failure

LONGEST_LINE = 2**24  # bytes
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


def call(  # noqa: PLR0913 - each is a part of the request
    method: str,
    url: str,
    key: str,
    *,
    params: Mapping[str, str] | None = None,
    body: Body | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """One call; gives the decoded JSON answer."""
    status, answer = _exchange(method, url, key, params, body, headers)
    return _decode(status, answer.decode(errors="replace"))


def follow(url: str, key: str, *, body: Body, tell: Tell, params: Mapping[str, str] | None = None) -> Any:
    """A POST that takes seconds: ``tell`` hears how far it is; gives what came of it."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": body.media_type,
        "Accept": "application/x-ndjson",
    }

    async def once() -> Any:
        said: Any = None
        async with (
            aiohttp.ClientSession(timeout=PATIENCE, read_bufsize=LONGEST_LINE) as session,
            session.post(url, params=params, data=body.content, headers=headers) as response,
        ):
            if response.status != HTTPStatus.OK:
                return _decode(response.status, await response.text(errors="replace"))
            async for line in response.content:
                said = json.loads(line)
                if "total" in said:
                    tell("looking back", said["done"], said["total"])
        if said is None or "total" in said:
            raise Failure(Exit.FAILED, f"{url} broke off: see notify's log")
        return said

    try:
        return asyncio.run(once())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Failure(
            Exit.AWAY, f"{url} does not answer: {error}", "is it running? see: tocsin doctor"
        ) from error


def fetch(url: str, key: str) -> bytes:
    """The very bytes of an answer."""
    status, answer = _exchange("GET", url, key, None, None)
    if status != HTTPStatus.OK:
        _decode(status, answer.decode(errors="replace"))
    return answer


def _exchange(  # noqa: PLR0913, PLR0917 - each is a part of the request
    method: str,
    url: str,
    key: str,
    params: Mapping[str, str] | None,
    body: Body | None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {key}", **more} | ({"Content-Type": body.media_type} if body else {})

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
