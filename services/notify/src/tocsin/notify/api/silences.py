"""Silences over HTTP: a team sees what one would hide, makes it, reads it back, ends it before its time."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tocsin.chassis.problems import Problem
from tocsin.contracts import Category
from tocsin.contracts.declared import Name
from tocsin.notify.api.door import Changing
from tocsin.notify.api.notthis import Number, Reason, TeamId
from tocsin.notify.api.once import Creating, Once
from tocsin.notify.api.things import case_id, entity_id
from tocsin.notify.directory import Directory
from tocsin.notify.pacing.silence import Asked, Scope, Silence, refusal
from tocsin.notify.store import silences

SHOWN = 100  # alerts of a preview that are listed


class Matchers(BaseModel):
    """What is to be hidden: alerts to which all that is given applies."""

    model_config = ConfigDict(extra="forbid")

    case: Name | None = Field(default=None, description="Id or reference of a case.")
    entity: Name | None = Field(default=None, description="Id or name of an entity.")
    source: Name | None = Field(default=None, description="Name of a source, as alerts quote it.")
    category: Category | None = None
    watch: Name | None = Field(default=None, description="Name of a watch of the team's.")

    @model_validator(mode="after")
    def _something(self) -> "Matchers":
        if not self.model_dump(include=set(Matchers.model_fields), exclude_none=True):
            raise ValueError("name one or more of case, entity, source, category, watch")
        return self


class Wanted(Matchers):
    """A silence to make; by whom and why."""

    until: AwareDatetime = Field(description="Its end: to come, and at most 90 days ahead.")
    author: Name
    reason: Reason


class Previewed(Matchers):
    """A silence to look at before it is made."""

    days: Annotated[int, Field(ge=1, le=90, description="How far back to look.")] = 30


class Hidden(BaseModel):
    """What a silence would have hidden of the team's alerts, latest first."""

    examined: int = Field(description="Alerts that were looked at, the latest; at most 5,000.")
    count: int = Field(description="Of these, alerts that it hides.")
    endings: int = Field(
        description="Easings, lifts and denials it is about: they go to who knew of the rest."
    )
    alerts: list[dict[str, Any]] = Field(description="Hidden alerts, the latest 100.")
    open_cases: list[dict[str, Any]] = Field(description="Cases with such alerts that are not over.")


class Silences(BaseModel):
    """Silences of a team."""

    items: list[Silence]


def router(pool: asyncpg.Pool, directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/teams/{team}/silences", tags=["silences"], route_class=Creating)

    @routes.post(
        "",
        status_code=HTTPStatus.CREATED,
        summary="Hold back some alerts until a stated time",
        dependencies=[Depends(Once(pool).begin)],
    )
    async def make(team: TeamId, wanted: Wanted) -> Silence:
        now = datetime.now(UTC)
        if (wrong := refusal(wanted.until, now)) is not None:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, wrong)
        scope = await _scope(team, wanted, pool, directory)
        said = {"team": team, "until": wanted.until, "author": wanted.author, "reason": wanted.reason}
        made = await silences.make(pool, Asked(**scope.model_dump(), **said), now)
        if made is None:
            raise _no_team(team)
        return made

    @routes.post("/preview", summary="What a silence would have hidden; nothing is made")
    async def preview(team: TeamId, wanted: Previewed, change: Changing) -> Hidden:
        change.made = False
        scope = await _scope(team, wanted, pool, directory)
        since = datetime.now(UTC) - timedelta(days=wanted.days)
        return _hidden(await silences.preview(pool, team, scope, since))

    @routes.get("", summary="Silences that stand; or those that are over, the latest 200")
    async def listed(
        team: TeamId, ended: Annotated[bool, Query(description="Those that are over instead.")] = False
    ) -> Silences:
        read = silences.ended if ended else silences.standing
        return Silences(items=await read(pool, team, datetime.now(UTC)))

    @routes.delete(
        "/{number}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="End a silence now; what it held back is told at once",
    )
    async def end(team: TeamId, number: Number, author: Annotated[Name, Query()]) -> None:
        if not await silences.end(pool, team, number, author, datetime.now(UTC)):
            raise Problem(HTTPStatus.NOT_FOUND, f"no silence of {team} by the number {number} stands")

    return routes


async def _scope(team: str, asked: Matchers, pool: asyncpg.Pool, directory: Directory) -> Scope:
    """What is to be hidden, by ids; a ``Problem`` when there is no such thing, and so nothing to hide."""
    declared = (await directory.refresh()).teams.get(team)
    if declared is None:
        raise _no_team(team)
    watches = [watch.name for watch in declared.watches]
    if asked.watch is not None and asked.watch not in watches:
        told = f"{team} has no watch {asked.watch!r}; it has: {', '.join(watches) or 'none'}"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    return Scope(
        case=None if asked.case is None else await case_id(pool, asked.case),
        entity=None if asked.entity is None else await entity_id(directory, asked.entity),
        source=asked.source,
        category=asked.category,
        watch=asked.watch,
    )


def _hidden(found: silences.Preview) -> Hidden:
    alerts = [
        {
            "id": alert.id,
            "case_ref": alert.case_ref,
            "kind": alert.kind,
            "severity": alert.severity,
            "headline": alert.headline,
            "raised_at": alert.raised_at,
        }
        for alert in found.hidden[:SHOWN]
    ]
    cases = [{"ref": ref, "state": state} for ref, state in found.open_cases]
    return Hidden(
        examined=found.examined,
        count=len(found.hidden),
        endings=found.endings,
        alerts=alerts,
        open_cases=cases,
    )


def _no_team(team: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"there is no team {team!r}; GET /v1/subscriptions lists them")
