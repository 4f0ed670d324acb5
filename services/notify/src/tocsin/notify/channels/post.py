"""One request to an address of a team: no redirects, no long answers, and what each status means."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from tocsin.chassis.outbound import retry_after
from tocsin.notify.channels import Answer, Outcome

MOST_OF_AN_ANSWER = 500  # bytes kept for a person to read
JSON = {"content-type": "application/json"}

# Answers that trying again cannot change; Standard Webhooks has 410 mean "no longer wanted".
FINAL = frozenset({HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
CURES: Mapping[int, str] = {
    HTTPStatus.GONE: "gone for good: take this channel out, or declare its new address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too long for this receiver",
    HTTPStatus.UNAUTHORIZED: "the secret is not taken",
    HTTPStatus.FORBIDDEN: "the secret is not taken",
}


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str] = JSON,
    *,
    method: str = "POST",
) -> Answer:
    """Send and judge: 2xx is delivered; a redirect is a failure, for it would leave the declared address."""
    async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
        # Whoever said 2xx has it, even if the rest of the answer never comes.
        said = b"" if _taken(response.status) else await response.content.read(MOST_OF_AN_ANSWER)
        return judge(response.status, response.headers, said, datetime.now(UTC))


async def post_secretly(session: aiohttp.ClientSession, url: str, variable: str, body: bytes) -> Answer:
    """Send to an address that is itself a secret, and came from this environment variable."""
    try:
        answer = await post(session, url, body)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):  # their text is the address
        return Answer(Outcome.RETRY, f"{variable} in notify's environment is no https:// address")
    return hide(answer, url, urlsplit(url).path)


def encoded(body: object) -> bytes:
    """What goes out: JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False).encode()


def bytes_of(text: str) -> int:
    """How long a text is in a body."""
    return len(encoded(text))


def hide(answer: Answer, *secrets: str) -> Answer:
    """The answer without these, should the receiver have repeated them."""
    for secret in secrets:
        if len(secret) > 1:
            answer = replace(answer, detail=answer.detail.replace(secret, "…"))
    return answer


def judge(status: int, headers: Mapping[str, str], said: bytes, now: datetime) -> Answer:
    """What a status means for a delivery."""
    cure = "moved: declare the new address" if _elsewhere(status) else CURES.get(status, "")
    words = f"HTTP {status}{f' ({cure})' if cure else ''} {said.decode(errors='replace')}"
    detail = words.strip()
    if _taken(status):
        return Answer(Outcome.DELIVERED, detail)
    if status in FINAL:
        return Answer(Outcome.REFUSED, detail, gone=status == HTTPStatus.GONE)
    return Answer(Outcome.RETRY, detail, retry_after(headers.get("Retry-After"), now))


def _taken(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _elsewhere(status: int) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
