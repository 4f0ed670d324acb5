"""Who has unsubscribed from a team's mail, and how to send to them again."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Address, Slug
from tocsin.notify.store import unsubscribed

TeamId = Annotated[Slug, Path()]


class Left(BaseModel):
    """An address that wants no more mail from a channel."""

    model_config = ConfigDict(from_attributes=True)

    channel: str
    address: str
    at: datetime


class AllLeft(BaseModel):
    """Who has unsubscribed from a team's channels, oldest first."""

    items: list[Left]


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/teams/{team}/unsubscribed", tags=["channels"])

    @routes.get("", summary="Which addresses have unsubscribed from a team's mail")
    async def listed(team: TeamId) -> AllLeft:
        return AllLeft(items=[Left.model_validate(one) for one in await unsubscribed.of(pool, team)])

    @routes.delete("", status_code=HTTPStatus.NO_CONTENT, summary="Send mail to an address again")
    async def restore(team: TeamId, address: Annotated[Address, Query()]) -> None:
        if not await unsubscribed.restore(pool, team, address):
            raise Problem(HTTPStatus.NOT_FOUND, f"{address} has not unsubscribed from mail of {team}")

    return routes
