"""One POST to an address of a team: no redirects, no long answers, and what each status means."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp

from tocsin.chassis.outbound import retry_after
from tocsin.notify.channels import Answer, Outcome

MOST_OF_AN_ANSWER = 500  # bytes kept for a person to read

# Answers that trying again cannot change; Standard Webhooks has 410 mean "no longer wanted".
FINAL = frozenset({HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})


async def post(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send and judge: 2xx is delivered; a redirect is a failure, for it would leave the declared address."""
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
        # Whoever said 2xx has it, even if the rest of the answer never comes.
        said = b"" if _taken(response.status) else await response.content.read(MOST_OF_AN_ANSWER)
        return judge(response.status, response.headers, said, datetime.now(UTC))


def judge(status: int, headers: Mapping[str, str], said: bytes, now: datetime) -> Answer:
    """What a status means for a delivery."""
    detail = f"HTTP {status} {said.decode(errors='replace')}".strip()
    if _taken(status):
        return Answer(Outcome.DELIVERED, detail)
    if status in FINAL:
        return Answer(Outcome.REFUSED, detail)
    return Answer(Outcome.RETRY, detail, retry_after(headers.get("Retry-After"), now))


def _taken(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
