"""Feeds over HTTP: a team's alerts for a feed reader, which can send no API key but can keep an address."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, Field, SecretStr
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.contracts import AlertRaised
from tocsin.notify.api.documented import PROBLEMS
from tocsin.notify.api.door import Door
from tocsin.notify.directory import Directory
from tocsin.notify.feed import atom, opens, token
from tocsin.notify.store import reading
from tocsin.notify.store.reading import Page

ENTRIES = 50
MEDIA_TYPE = "application/atom+xml"

Team = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Token = Annotated[str, Query(max_length=100)]


class Address(BaseModel):
    """Where a team's feed is; whoever has it can read the team's alerts."""

    path: str = Field(description="Below the address of notify.")


def router(pool: asyncpg.Pool, directory: Directory, keys: Sequence[SecretStr], door: Door) -> APIRouter:
    """The routes: one tells the address to callers with a key, one answers to the address alone."""
    routes = APIRouter(prefix="/v1", tags=["feeds"], responses=PROBLEMS)
    known = [key.get_secret_value() for key in keys]

    @routes.get(
        "/feeds/{team}",
        summary="The address of a team's feed",
        dependencies=[Depends(door.enter, scope="function")],
    )
    async def address(team: Team) -> Address:
        await directory.refresh()
        if team not in directory.standing.teams:
            raise Problem(HTTPStatus.NOT_FOUND, f"no team {team!r} is declared: see `tocsin apply`")
        return Address(path=f"/v1/feeds/{team}/atom?token={token(known[0], team)}")

    @routes.get("/feeds/{team}/atom", summary="A team's latest alerts as Atom", response_class=Response)
    async def feed(team: Team, token: Token = "", if_none_match: Annotated[str, Header()] = "") -> Response:
        if not opens(token, known, team):
            raise Problem(HTTPStatus.NOT_FOUND, "no feed is at this address; `tocsin channels feed` tells it")
        rows = await reading.alerts(pool, Page(limit=ENTRIES), team, None)
        body = atom(team, directory.name_of(team), [AlertRaised.model_validate(row) for row in rows])
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, max-age=60"}
        if if_none_match == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, media_type=MEDIA_TYPE, headers=headers)

    return routes
