"""Watches tried on history: what they would have told, and what of a team's own cases they would miss."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Self

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, model_validator

from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Declared, Name
from tocsin.contracts.subscriptions import Team, Watch
from tocsin.notify.api.door import Asking, Changing, unseen
from tocsin.notify.api.progress import answer
from tocsin.notify.caretaker import look
from tocsin.notify.dead import Finding
from tocsin.notify.directory import Directory
from tocsin.notify.hindsight import Burden, Hindsight, Past, Telling, burden, days_of
from tocsin.notify.routing.conditions import check
from tocsin.notify.routing.names import Names
from tocsin.notify.standing import Standing
from tocsin.notify.store import history

MOST_SHOWN = 200  # tellings, latest first; the figures count them all
TRYING = "a-watch-that-is-tried"  # stands for the team of a watch that comes without one

Days = Annotated[int, Field(ge=1, le=365, description="How far back to look.")]


class Tried(Declared):
    """What to try: a watch, or a whole team as it might be declared. What that team refuses is heeded."""

    watch: Watch | None = None
    team: Team | None = None
    days: Days = 90
    must: Annotated[tuple[Name, ...], Field(max_length=50)] = Field(
        default=(), description="Cases that it has to tell, by reference or id, however old."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.watch is None) == (self.team is None):
            raise ValueError("name one of watch, team")
        return self

    def declared(self) -> Team:
        """The team that is tried."""
        if self.team is not None:
            return self.team
        assert self.watch is not None  # noqa: S101 # one of the two is there
        return Team(id=TRYING, name="A watch that is tried", watches=(self.watch,))


class Must(BaseModel):
    """Whether a case that a team named would have been told, and if not, why."""

    case_ref: str
    told: bool
    because: list[str]


class Dead(BaseModel):
    """What is declared and can tell nobody anything, of the teams that the caller sees."""

    items: list[Finding]


class Trial(BaseModel):
    """What the days would have been like. Nothing was sent."""

    days: int = Field(description="Of which the rates are made: at most so many are on record.")
    steps: int = Field(description="That were looked at.")
    burden: Burden
    told: list[Telling]
    must: list[Must]


def router(pool: asyncpg.Pool, directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/watches", tags=["watches"])
    turns = asyncio.Semaphore(2)  # each holds a connection, and reads a lot

    @routes.post(
        "/test",
        summary="Run a watch over what is on record; never sends",
        responses={200: {"model": Trial}},
    )
    async def test(request: Request, tried: Tried, caller: Asking, change: Changing) -> Response:
        change.made = False
        if tried.team is not None and not caller.sees(tried.team.id):
            raise unseen()
        standing = await known(directory)
        _refuse_unknown(tried, standing.names)
        return await answer(request, _try(pool, tried, standing, turns))

    @routes.get("/dead", summary="Watches that can never match, channels that never worked, teams unreached")
    async def dead(caller: Asking) -> Dead:
        found = await look(pool, await known(directory))
        return Dead(items=[one for one in found if caller.sees(one.team)])

    return routes


async def known(directory: Directory) -> Standing:
    """What decisions stand on; a ``Problem`` while there is no catalogue."""
    standing = await directory.refresh()
    if not standing.names:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "the catalogue is still loading", headers={"Retry-After": "2"}
        )
    return standing


async def hear(
    pool: asyncpg.Pool, since: datetime, take: Callable[[Past], None]
) -> AsyncIterator[tuple[int, int] | history.Extent]:
    """Have what is on record since then heard, in threads; gives progress, and at last what there was."""
    async with history.look(pool, since) as look:
        done = 0
        async for rows in look.pages:
            await asyncio.to_thread(_take, rows, take)
            done += len(rows)
            yield done, look.extent.steps
        yield look.extent


def _take(rows: Sequence[asyncpg.Record], take: Callable[[Past], None]) -> None:
    for one in history.past(rows):
        take(one)


def _refuse_unknown(tried: Tried, names: Names) -> None:
    complaints = [
        f"watch {watch.name!r}: {detail}"
        for watch in tried.declared().watches
        for _, detail in check(watch, names)
    ]
    if complaints:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(complaints[:20]))


async def _try(
    pool: asyncpg.Pool, tried: Tried, standing: Standing, turns: asyncio.Semaphore
) -> AsyncIterator[tuple[int, int] | BaseModel]:
    team, now = tried.declared(), datetime.now(UTC)
    insight = Hindsight([team], standing.not_this, standing.names)
    must = [await _must(pool, name, team, standing) for name in tried.must]
    async with turns:
        async for said in hear(pool, now - timedelta(days=tried.days), insight.hear):
            if isinstance(said, tuple):
                yield said
                continue
            days = days_of(tried.days, said.oldest, now)
            yield Trial(
                days=days,
                steps=said.steps,
                burden=burden(insight.told, days),
                told=insight.told[: -MOST_SHOWN - 1 : -1],
                must=must,
            )


async def _must(pool: asyncpg.Pool, name: str, team: Team, standing: Standing) -> Must:
    found = await history.of_case(pool, name)
    if found is None:
        return Must(case_ref=name, told=False, because=["no such case is on record"])
    ref, steps = found
    insight = Hindsight([team], standing.not_this, standing.names)
    for past in steps:
        insight.hear(past)
    if insight.told:
        return Must(case_ref=ref, told=True, because=[insight.told[0].headline])
    gravest = max(steps, key=lambda past: past.news.step.severity.rank, default=None)
    because = insight.why_not(gravest.news) if gravest is not None else []
    return Must(
        case_ref=ref, told=False, because=because or ["the team has refused it: see its list of not this"]
    )
