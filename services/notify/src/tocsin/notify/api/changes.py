"""The record of changes over HTTP: who had what changed, and when."""

from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field

from tocsin.notify.api.door import Asking, narrow
from tocsin.notify.api.pages import Cursor, Limit, Named, Since, ask, following
from tocsin.notify.store import changes
from tocsin.notify.store.changes import Outcome


class Change(BaseModel):
    """One call that was to change something, and was not refused."""

    number: int
    at: datetime
    who: str
    what: str = Field(description="Method and path.")
    team: str | None = Field(description="Whose thing it was; null: everybody's.")
    outcome: Outcome | None = Field(description="Null while it is made, or when it was cut off.")
    before: Annotated[str | None, Field(description="Entity tag of what was there.")]
    after: str | None
    summary: str | None


class Changes(BaseModel):
    """A page, newest first; ask for the one after it with ``next``, which is null on the last."""

    items: list[Change]
    next: str | None


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["changes"])

    @routes.get("/changes", summary="Who changed what")
    async def listed(
        caller: Asking, limit: Limit = 50, cursor: Cursor = None, since: Since = None, team: Named = None
    ) -> Changes:
        rows = await changes.read(pool, ask(limit, cursor, since), narrow(caller, team))
        return Changes.model_validate({"items": rows, "next": following(rows, limit)})

    return routes
