"""Reading back alerts, cases and deliveries: pages by cursor, newest first, and one by one."""

from http import HTTPStatus
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.notify.api.door import Asking, narrow
from tocsin.notify.api.following import After, Followers, Wait
from tocsin.notify.api.pages import (
    Cursor,
    Id,
    Items,
    Limit,
    Named,
    Since,
    Thing,
    ask,
    cursor_at,
    page_of,
    shown,
)
from tocsin.notify.api.tags import IfNoneMatch, tagged
from tocsin.notify.store import reading
from tocsin.notify.store.reading import Page

State = Annotated[Literal["pending", "folded", "delivered", "failed", "cancelled"] | None, Query()]


def router(pool: asyncpg.Pool, followers: Followers) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/alerts", summary="Alerts that were raised; with `after`, those that come")
    async def alerts(  # noqa: PLR0913 # a parameter of the query each
        caller: Asking,
        *,
        limit: Limit = 50,
        cursor: Cursor = None,
        since: Since = None,
        team: Named = None,
        case: Named = None,
        after: After = None,
        wait: Wait = 0,
    ) -> Items:
        own = narrow(caller, team)
        if after is None:
            return page_of(await reading.alerts(pool, ask(limit, cursor, since), own, case), limit)
        if cursor is not None or since is not None:
            raise Problem(
                HTTPStatus.BAD_REQUEST, "give after, or cursor and since: they are two ways to read"
            )
        place = await followers.place(after, own, case)
        rows = await followers.pull(caller, place, limit, wait)
        end = rows[-1]["seq"] if rows else place.after
        return Items(items=shown(rows), next=cursor_at(end))

    @routes.get("/cases", summary="Cases as they stand")
    async def cases(limit: Limit = 50, cursor: Cursor = None, since: Since = None) -> Items:
        return page_of(await reading.cases(pool, ask(limit, cursor, since)), limit)

    @routes.get(
        "/cases/{name}",
        summary="One case with its steps and notices, by id or reference",
        response_model=Thing,
    )
    async def case(name: Id, if_none_match: IfNoneMatch = None) -> Response:
        found = await reading.case(pool, name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no case {name!r}; GET /v1/cases lists them")
        return tagged(found, if_none_match)

    @routes.get("/deliveries", summary="Deliveries with every attempt; with `summary`, those told in it")
    async def deliveries(  # noqa: PLR0913 # a parameter of the query each
        caller: Asking,
        *,
        limit: Limit = 50,
        cursor: Cursor = None,
        since: Since = None,
        team: Named = None,
        state: State = None,
        summary: Named = None,
    ) -> Items:
        page, own = ask(limit, cursor, since), narrow(caller, team)
        return page_of(await reading.deliveries(pool, page, own, state, summary=summary), limit)

    @routes.get("/deliveries/{delivery}", summary="One delivery with every attempt", response_model=Thing)
    async def delivery(delivery: Id, caller: Asking, if_none_match: IfNoneMatch = None) -> Response:
        found = await reading.deliveries(pool, Page(limit=1), caller.team, None, delivery)
        if not found:
            detail = f"there is no delivery {delivery!r}; GET /v1/deliveries lists them"
            raise Problem(HTTPStatus.NOT_FOUND, detail)
        return tagged(shown(found)[0], if_none_match)

    return routes
