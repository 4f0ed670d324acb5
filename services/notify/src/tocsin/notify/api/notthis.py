"""Not this: a team says what it need not hear of, reads that back, and takes it back."""

from http import HTTPStatus
from typing import Annotated, Self

import asyncpg
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Name, Slug
from tocsin.notify.api.once import Creating, Once
from tocsin.notify.api.things import case_id, entity_id
from tocsin.notify.directory import Directory
from tocsin.notify.routing.notthis import NotThis, Refusal, Sort
from tocsin.notify.store import notthis

TeamId = Annotated[Slug, Path()]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]


class Asked(BaseModel):
    """What a team refuses: one of ``case``, ``entity``, ``source``; by whom and why."""

    model_config = ConfigDict(extra="forbid")

    case: Name | None = None
    entity: Name | None = None
    source: Slug | None = None
    author: Name
    reason: Reason

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(thing is not None for thing in (self.case, self.entity, self.source)) != 1:
            raise ValueError("name one of case, entity, source")
        return self


class Refusals(BaseModel):
    """What a team has refused and not taken back, oldest first."""

    items: list[NotThis]


def router(pool: asyncpg.Pool, directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/teams/{team}/not-this", tags=["not this"], route_class=Creating)

    @routes.post(
        "",
        status_code=HTTPStatus.CREATED,
        summary="Hear no more of a case, an entity or a source",
        dependencies=[Depends(Once(pool).begin)],
    )
    async def refuse(team: TeamId, asked: Asked) -> NotThis:
        sort, thing = await _thing(asked, pool, directory)
        said = Refusal(team=team, sort=sort, thing=thing, author=asked.author, reason=asked.reason)
        made = await notthis.refuse(pool, said)
        if made is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"there is no team {team!r}; GET /v1/subscriptions lists them"
            )
        return made

    @routes.get("", summary="What a team has refused")
    async def standing(team: TeamId) -> Refusals:
        return Refusals(items=await notthis.standing(pool, team))

    @routes.delete("/{number}", status_code=HTTPStatus.NO_CONTENT, summary="Take a refusal back")
    async def take_back(team: TeamId, number: Number, author: Annotated[Name, Query()]) -> None:
        if not await notthis.take_back(pool, team, number, author):
            raise Problem(HTTPStatus.NOT_FOUND, f"{team} refuses nothing by the number {number}")

    return routes


async def _thing(asked: Asked, pool: asyncpg.Pool, directory: Directory) -> tuple[Sort, str]:
    """What is refused, by its id; a ``Problem`` when there is no such thing."""
    if asked.case is not None:
        return Sort.CASE, await case_id(pool, asked.case)
    if asked.entity is not None:
        return Sort.ENTITY, await entity_id(directory, asked.entity)
    return Sort.SOURCE, asked.source or ""
