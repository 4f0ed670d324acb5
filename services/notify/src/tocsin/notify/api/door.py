"""The door of the API: who calls, whether they may, how often, and what they had changed."""

import contextlib
import hmac
import math
import time
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr
from starlette.requests import Request

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.problems import Problem
from tocsin.notify.access import READING, Caller, Scope, Verdict, may
from tocsin.notify.pacing.bucket import Bucket, Rate
from tocsin.notify.store import changes, keys
from tocsin.notify.store.changes import Change, Outcome

PER_MINUTE = 1200
BURST_SECONDS = 10.0  # so much of the rate may come at once
AWAY = "the database does not answer: ask the same again later"
STRANGER = "send an API key that holds as 'Authorization: Bearer KEY' (tocsin keys create, TOCSIN_API_KEYS)"
UNSEEN = "there is no such thing, or it is not yours to see"

log = logs.get(__name__)

Credentials = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="An API key, made with `tocsin keys create`.")),
]


class Door:
    """Lets callers in, as a FastAPI dependency around a route: ``Depends(door.enter, scope="function")``.

    ``known`` are the keys from the settings, which are good for everything. Every call that may change
    something is on record before it is made.
    """

    def __init__(
        self, pool: asyncpg.Pool, known: Sequence[SecretStr], *, per_minute: float = PER_MINUTE
    ) -> None:
        self._pool = pool
        self._known = [key.get_secret_value().encode() for key in known]
        self._rate = Rate(per_minute / 60, max(1.0, per_minute / 60 * BURST_SECONDS))
        self._buckets: dict[str, Bucket] = {}

    async def enter(self, request: Request, given: Credentials) -> AsyncIterator[Caller]:
        """Let one call in; refusals are problems: 401, 403, 404 and 429, and 503 while the store is away."""
        async with _patience():
            caller = await self.identify(given.credentials if given else "")
            if caller is None:
                raise Problem(HTTPStatus.UNAUTHORIZED, STRANGER, headers={"WWW-Authenticate": "Bearer"})
            self._pace(caller, time.monotonic())
            team = request.path_params.get("team")
            _check(caller, request, team)
            request.state.caller = caller
            if request.method in READING:
                yield caller
                return
            what = f"{request.method} {request.url.path}"
            change = await changes.begin(self._pool, caller.name, what, team or caller.team)
            request.state.change = change
            async with self._on_record(change):
                yield caller

    async def identify(self, key: str) -> Caller | None:
        """Whose key this is; None when it is none that holds now."""
        # Every key is compared, each in constant time: the answer's time says nothing.
        hits = [hmac.compare_digest(key.encode(), one) for one in self._known]
        if any(hits):
            return Caller(f"key {hits.index(True) + 1} of the settings", Scope.ADMIN)
        return await keys.find(self._pool, key)

    def _pace(self, caller: Caller, now: float) -> None:
        """Count one call; a ``Problem`` when there were too many."""
        bucket = self._buckets.setdefault(caller.name, Bucket(self._rate, now))
        if (seconds := bucket.wait(now)) > 0:
            detail = f"over {self._rate.per_second * 60:g} calls a minute: slow down, or read pages of 500"
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(math.ceil(seconds))}
            )
        bucket.take(now)

    @contextlib.asynccontextmanager
    async def _on_record(self, change: Change) -> AsyncIterator[None]:
        """Complete the record of a change by how the block ends."""
        try:
            yield
        except Exception as error:
            if refuses(error):
                await changes.call_off(self._pool, change)
            else:
                await self._complete(change, Outcome.FAILED)
            raise
        if change.made:
            await self._complete(change, Outcome.DONE)
        else:
            await changes.call_off(self._pool, change)

    async def _complete(self, change: Change, outcome: Outcome) -> None:
        try:
            await changes.complete(self._pool, change, outcome)
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            # The change is made, and on record without its end: to answer 503 now would have it made twice.
            log.warning("change not completed", number=change.number, error=repr(error))


def caller_of(request: Request) -> Caller:
    """Who was let in by the door."""
    found: Caller = request.state.caller
    return found


def change_of(request: Request) -> Change:
    """The record of the change that this call makes, to say more in."""
    found: Change = request.state.change
    return found


Asking = Annotated[Caller, Depends(caller_of)]
Changing = Annotated[Change, Depends(change_of)]


def narrow(caller: Caller, team: str | None) -> str | None:
    """Whose things a list shows: those of the team asked for, or, to a team's caller, its own alone."""
    if team is None:
        return caller.team
    if not caller.sees(team):
        raise unseen()
    return team


def unseen() -> Problem:
    """The answer about what is another team's: the same as about what is not there."""
    return Problem(HTTPStatus.NOT_FOUND, UNSEEN)


def _check(caller: Caller, request: Request, team: str | None) -> None:
    what = request.url.path.removeprefix("/v1/").partition("/")[0]
    verdict = may(caller, request.method, what, team)
    if verdict is Verdict.UNSEEN:
        raise unseen()
    if verdict is Verdict.NO:
        reach = f"team {caller.team}" if caller.team else caller.scope.value
        raise Problem(
            HTTPStatus.FORBIDDEN, f"a key of scope {reach} does not reach this: ask who runs Tocsin"
        )


def refuses(error: Exception) -> bool:
    """Whether nothing has changed, by a decision of ours."""
    if isinstance(error, Problem):
        return error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, RequestValidationError)


@contextlib.asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """What heals by itself is no fault of ours: 503, and when to ask again."""
    try:
        yield
    except Exception as error:
        if fault_of(error) is not Fault.UNAVAILABLE:
            raise
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, headers={"Retry-After": "5"}) from error
