"""Two webhooks that keep a log: one always behaves, the other does as it is told."""

import asyncio
import base64
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from tests.chaos.verdict import Arrival, Step
from tocsin.cli.demo.neighbourhood import serving

STEADY, SHAKY = "steady", "shaky"
CHANNELS = (STEADY, SHAKY)
USUAL_SECONDS = 0.15  # so that there is always something in flight to be cut off
SLOW_SECONDS = 1.5
NOTHING_SECONDS = 4.0  # over what notify is told to wait


class Manner(StrEnum):
    """How the shaky one answers what it has not seen before; a second try of the same is always taken.

    So a delivery fails once for its receiver's sake and is over with the first retry.
    """

    FINE = "fine"
    SLOW = "slow"
    ERROR = "error"
    BUSY = "busy"
    REDIRECT = "redirect"
    HALF = "half"
    NOTHING = "nothing"

    @property
    def takes(self) -> bool:
        """Whether the message counts as received."""
        return self in {Manner.FINE, Manner.SLOW}


class Receivers:
    """What arrived where, in order; ``faulty`` holds what may never happen."""

    def __init__(self) -> None:
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.manner = Manner.FINE
        self.log: list[Arrival] = []
        self.faulty: list[str] = []
        self._seen: set[str] = set()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Note a message and answer in the manner of the moment."""
        channel, name = request.match_info["channel"], request.headers["webhook-id"]
        alert = Webhook(self.secret).verify(await request.read(), dict(request.headers))["data"]
        manner = Manner.FINE if channel == STEADY or name in self._seen else self.manner
        self._seen.add(name)
        step = Step(model_of(alert), alert["kind"])
        self.log.append(Arrival(step, channel, name, taken=manner.takes, at=time.time()))
        return await _answer(manner, request)

    async def follow(self, request: web.Request) -> web.Response:
        """Where the redirect leads: nobody may come here."""
        self.faulty.append(f"a redirect was followed: {request.headers.get('webhook-id')}")
        return web.Response(status=204)


def model_of(alert: dict[str, Any]) -> str:
    """The one model that an alert of the load is about."""
    (model,) = [ref["name"] for ref in alert["subjects"] if ref["kind"] == "model"]
    return str(model)


async def _answer(manner: Manner, request: web.Request) -> web.StreamResponse:
    match manner:
        case Manner.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        case Manner.ERROR:
            return web.Response(status=500)
        case Manner.BUSY:
            return web.Response(status=429, headers={"Retry-After": "7"})
        case Manner.REDIRECT:
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        case Manner.HALF:
            if request.transport is not None:
                request.transport.write(b"HTTP/1.1 20")
                request.transport.close()
        case Manner.NOTHING:
            await asyncio.sleep(NOTHING_SECONDS)
            if request.transport is not None:
                request.transport.close()
        case Manner.FINE:
            await asyncio.sleep(USUAL_SECONDS)
    return web.Response(status=204)


@contextmanager
def listening() -> Iterator[tuple[Receivers, str]]:
    """The receivers, open, and their address; each listens at its name."""
    receivers = Receivers()
    app = web.Application()
    app.router.add_post("/elsewhere", receivers.follow)
    app.router.add_post("/{channel}", receivers.take)
    with serving(app) as address:
        yield receivers, address
