"""Notices over HTTP, as they were classified, and the cases that they told."""

from http import HTTPStatus

import asyncpg
from fastapi import APIRouter
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.notify.api.pages import Cursor, Id, Items, Limit, Named, Since, Thing, ask, page_of
from tocsin.notify.api.tags import IfNoneMatch, tagged
from tocsin.notify.store import reading


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/notices", tags=["reading"])

    @routes.get("", summary="Classified notices, without their text")
    async def listed(
        limit: Limit = 50, cursor: Cursor = None, since: Since = None, source: Named = None
    ) -> Items:
        return page_of(await reading.notices(pool, ask(limit, cursor, since), source), limit)

    @routes.get("/{notice}", summary="One notice whole, and the cases that it told", response_model=Thing)
    async def one(notice: Id, if_none_match: IfNoneMatch = None) -> Response:
        found = await reading.notice(pool, notice)
        if found is None:
            detail = f"no notice {notice!r} is on record; GET /v1/notices lists them"
            raise Problem(HTTPStatus.NOT_FOUND, detail)
        return tagged(found, if_none_match)

    return routes
