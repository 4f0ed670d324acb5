"""Destinations over HTTP: the channels of teams, and how they fare."""

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from tocsin.notify.api.door import Asking, narrow
from tocsin.notify.api.pages import Named, Thing
from tocsin.notify.store import reading


class Channels(BaseModel):
    """All channels that the caller sees, by team and name."""

    items: list[Thing]


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["channels"])

    @routes.get("/channels", summary="Channels as declared, how they fare, and when a test last arrived")
    async def listed(caller: Asking, team: Named = None) -> Channels:
        return Channels(items=await reading.channels(pool, narrow(caller, team)))

    return routes
