"""Reading back alerts, cases and deliveries: pages by cursor, newest first."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel

from tocsin.chassis.problems import Problem
from tocsin.notify.store import reading
from tocsin.notify.store.reading import Page, Row

Limit = Annotated[int, Query(ge=1, le=500, description="Most items on a page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
Since = Annotated[AwareDatetime | None, Query(description="Nothing older than this.")]
WITHOUT_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Named = Annotated[str | None, Query(max_length=200, pattern=WITHOUT_NUL)]
CaseName = Annotated[str, Path(max_length=200, pattern=WITHOUT_NUL)]
State = Annotated[Literal["pending", "delivered", "failed"] | None, Query()]


class Items(BaseModel):
    """A page; ask for the one after it with ``next``, which is null on the last."""

    items: list[dict[str, Any]]
    next: str | None


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/alerts", summary="Alerts that were raised")
    async def alerts(
        limit: Limit = 50, cursor: Cursor = None, since: Since = None, team: Named = None, case: Named = None
    ) -> Items:
        return _page(await reading.alerts(pool, _ask(limit, cursor, since), team, case), limit)

    @routes.get("/cases", summary="Cases as they stand")
    async def cases(limit: Limit = 50, cursor: Cursor = None, since: Since = None) -> Items:
        return _page(await reading.cases(pool, _ask(limit, cursor, since)), limit)

    @routes.get("/cases/{name}", summary="One case with its steps and notices, by id or reference")
    async def case(name: CaseName) -> dict[str, Any]:
        found = await reading.case(pool, name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no case {name!r}; GET /v1/cases lists them")
        return found

    @routes.get("/deliveries", summary="Deliveries with every attempt")
    async def deliveries(
        limit: Limit = 50, cursor: Cursor = None, since: Since = None, team: Named = None, state: State = None
    ) -> Items:
        return _page(await reading.deliveries(pool, _ask(limit, cursor, since), team, state), limit)

    return routes


def _ask(limit: int, cursor: str | None, since: AwareDatetime | None) -> Page:
    return Page(limit=limit, before=position(cursor) if cursor else None, since=since)


def _page(rows: list[Row], limit: int) -> Items:
    more = len(rows) == limit
    following = cursor_at(rows[-1]["seq"]) if more else None
    return Items(items=[{k: v for k, v in row.items() if k != "seq"} for row in rows], next=following)


def cursor_at(seq: int) -> str:
    """A position as callers see it."""
    return base64.urlsafe_b64encode(str(seq).encode()).decode()


def position(cursor: str) -> int:
    """The position that a cursor stands for; a ``Problem`` when it is none of ours."""
    try:
        return max(0, min(int(base64.urlsafe_b64decode(cursor)), 2**63 - 1))
    except (ValueError, binascii.Error) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "this cursor is none of ours: send `next` unchanged") from error
