"""Planning: what a declaration of the teams would change, and who would be paged more by it, or less."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from tocsin.chassis.http import read_body
from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.notify.api.door import Changing
from tocsin.notify.api.progress import answer
from tocsin.notify.api.subscriptions import MOST_BYTES, parse, refuse_against
from tocsin.notify.api.watches import hear, known
from tocsin.notify.changes import Change, changes, version_of
from tocsin.notify.dead import Finding, of_watches
from tocsin.notify.directory import Directory
from tocsin.notify.hindsight import Effect, Hindsight, Past, days_of, effects
from tocsin.notify.routing.names import Names
from tocsin.notify.standing import Standing
from tocsin.notify.store import teams

Days = Annotated[int, Query(ge=1, le=365, description="How far back to look for who would be told.")]


class Proposal(Subscriptions):
    """The teams as they are to be, and entries that the catalogue is to have by then."""

    catalogue: tuple[Entity, ...] = ()


@dataclass(frozen=True)
class ToBe:
    """A proposal with the catalogue that it will stand on."""

    declared: Proposal
    entities: tuple[Entity, ...]
    names: Names

    @classmethod
    def of(cls, declared: Proposal, standing: Standing) -> Self:
        """The catalogue that stands, with what the proposal adds."""
        if not declared.catalogue:
            return cls(declared, standing.entities, standing.names)
        joined = {one.id: one for one in (*standing.entities, *declared.catalogue)}
        return cls(declared, tuple(joined.values()), Names(joined.values()))


class Plan(BaseModel):
    """What would change, by name, and what the past would have been like with it. Nothing was changed."""

    version: str = Field(description="Of what stands: send it as If-Match with PUT /v1/subscriptions.")
    changes: list[Change]
    effects: list[Effect]
    warnings: list[Finding] = Field(description="What is declared and can never match.")
    days: int


def router(pool: asyncpg.Pool, directory: Directory, at_hand: Callable[[str], bool]) -> APIRouter:
    """The routes; ``at_hand`` tells whether there is a secret of this name."""
    routes = APIRouter(tags=["subscriptions"])
    turns = asyncio.Semaphore(2)  # each holds a connection, and reads a lot

    @routes.post(
        "/subscriptions/plan",
        summary="Say what a declaration of all teams would change; changes nothing",
        responses={200: {"model": Plan}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Proposal.model_json_schema()}},
            }
        },
    )
    async def plan(request: Request, change: Changing, days: Days = 90) -> Response:
        change.made = False
        declared = parse(Proposal, await read_body(request, MOST_BYTES, "declare fewer teams"))
        standing = await known(directory)
        to_be = await asyncio.to_thread(ToBe.of, declared, standing)
        refuse_against(to_be.names, declared, at_hand)
        return await answer(request, _plan(pool, to_be, standing, days, turns))

    return routes


async def _plan(
    pool: asyncpg.Pool, to_be: ToBe, standing: Standing, days: int, turns: asyncio.Semaphore
) -> AsyncIterator[tuple[int, int] | BaseModel]:
    stands, now = await teams.read(pool), datetime.now(UTC)
    declared = to_be.declared.teams
    diff = changes(stands, declared)
    concerned = {one.team for one in diff if one.sort != "channel"}
    was, will_be = (
        Hindsight((one for one in some if one.id in concerned), standing.not_this, names)
        for some, names in ((stands, standing.names), (declared, to_be.names))
    )

    def take(past: Past) -> None:
        was.hear(past)
        will_be.hear(past)

    found: list[Effect] = []
    if concerned:
        async with turns:
            async for said in hear(pool, now - timedelta(days=days), take):
                if isinstance(said, tuple):
                    yield said
                else:
                    days = days_of(days, said.oldest, now)
        found = effects(sorted(concerned), was.told, will_be.told, days)
    warnings = await asyncio.to_thread(of_watches, declared, to_be.names, to_be.entities)
    yield Plan(version=version_of(stands), changes=diff, effects=found, warnings=warnings, days=days)
