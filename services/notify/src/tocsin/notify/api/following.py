"""Following the alerts: oldest first from a place on, by asking and waiting, or as server-sent events."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Header, Query
from fastapi.encoders import jsonable_encoder
from starlette.responses import StreamingResponse

from tocsin.chassis.problems import Problem
from tocsin.notify.access import Caller
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Asking, Credentials, Door, narrow
from tocsin.notify.api.pages import Named, cursor_at, position
from tocsin.notify.store import reading
from tocsin.notify.store.reading import Row

EVENT_STREAM = "text/event-stream"
TICK_SECONDS = 15.0  # heartbeat; also how soon a key that has ended, or a ring unheard, is noticed
MOST_WAITING = 20  # calls of one caller
EVENTS_A_READ = 200
FIRST, NOW = "first", "now"

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=100, description="`id` of the last event you had.")
]
After = Annotated[
    str | None,
    Query(
        max_length=100,
        description="`next` of the pull before, or `first` (everything there is), or `now` (what comes). "
        "Gives alerts oldest first; `next` is never null then.",
    ),
]
Wait = Annotated[
    float, Query(ge=0, le=60, description="With `after`: seconds to wait when there is nothing yet.")
]


@dataclass(frozen=True)
class Place:
    """Where a follower stands: everything up to a sequence number is known; of one team, or of all."""

    after: int
    team: str | None
    case: str | None = None


class Followers:
    """Those who wait for alerts; so many of one caller at a time."""

    def __init__(self, pool: asyncpg.Pool, bell: Bell) -> None:
        self.pool = pool
        self.bell = bell
        self._waiting: Counter[str] = Counter()

    async def place(self, after: str, team: str | None, case: str | None) -> Place:
        """Where ``after`` is; a ``Problem`` when it is none of ours."""
        if after in {FIRST, NOW}:
            seq = 0 if after == FIRST else await reading.newest_alert(self.pool)
        else:
            seq = position(after)
        return Place(seq, team, case)

    async def pull(self, caller: Caller, place: Place, limit: int, seconds: float) -> list[Row]:
        """What comes after a place: at once when there is something, else within so many seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        with self._counted(caller):
            while True:
                rung = self.bell.next
                rows = await reading.alerts_after(self.pool, place.after, place.team, place.case, limit)
                left = end - loop.time()
                if rows or left <= 0 or self.bell.closed:
                    return rows
                await self.bell.wait(rung, min(left, TICK_SECONDS))

    async def stream(self, caller: Caller, place: Place, door: Door, key: str) -> AsyncIterator[str]:
        """Events, and a comment where nothing comes; ends with the service, or with the key."""
        with self._counted(caller):
            yield f": from {cursor_at(place.after)}\n\n"
            while not self.bell.closed and await door.identify(key) == caller:
                rung = self.bell.next
                rows = await reading.alerts_after(self.pool, place.after, place.team, None, EVENTS_A_READ)
                for row in rows:
                    yield _event(row)
                    place = replace(place, after=row["seq"])
                if not rows:
                    await self.bell.wait(rung, TICK_SECONDS)
                    yield ":\n\n"

    @contextlib.contextmanager
    def _counted(self, caller: Caller) -> Iterator[None]:
        self.check(caller)
        self._waiting[caller.name] += 1
        try:
            yield
        finally:
            self._waiting[caller.name] -= 1

    def check(self, caller: Caller) -> None:
        """A ``Problem`` when the caller has too many calls waiting."""
        if self._waiting[caller.name] >= MOST_WAITING:
            detail = f"{MOST_WAITING} calls with this key wait for alerts: end one first"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "5"})


def router(followers: Followers, door: Door) -> APIRouter:
    """The route of the stream; to pull, alerts are listed with ``after``."""
    routes = APIRouter(tags=["alerts"])

    @routes.get(
        "/alerts/stream",
        summary="Alerts as server-sent events, as they are raised",
        response_class=StreamingResponse,
        responses={
            200: {"description": "Events `alert`, their `id` a cursor.", "content": {EVENT_STREAM: {}}}
        },
    )
    async def stream(
        caller: Asking,
        given: Credentials,
        team: Named = None,
        after: After = None,
        last_event_id: LastEventId = None,
    ) -> StreamingResponse:
        place = await followers.place(last_event_id or after or NOW, narrow(caller, team), None)
        followers.check(caller)
        events = followers.stream(caller, place, door, given.credentials if given else "")
        return StreamingResponse(
            events,
            media_type=EVENT_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},  # a proxy must pass each on
        )

    return routes


def _event(row: Row) -> str:
    """One event (HTML Standard, 9.2). JSON has no bare line end, so that it is one line of data."""
    body = {name: value for name, value in row.items() if name != "seq"}
    return f"id: {cursor_at(row['seq'])}\nevent: alert\ndata: {json.dumps(jsonable_encoder(body))}\n\n"
