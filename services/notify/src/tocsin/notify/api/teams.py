"""Teams over HTTP, one by one: read, declared, retired; nobody overwrites what they have not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from tocsin.chassis.http import read_body
from tocsin.chassis.problems import Problem
from tocsin.contracts.channels import variables
from tocsin.contracts.declared import Slug
from tocsin.contracts.subscriptions import Subscriptions, Team
from tocsin.notify.access import Caller, Scope
from tocsin.notify.api.door import Asking, Changing
from tocsin.notify.api.subscriptions import MOST_BYTES, parse, refuse_mistakes, unholdable
from tocsin.notify.api.tags import IfMatch, IfNoneMatch, quoted, require, tagged
from tocsin.notify.changes import version_of
from tocsin.notify.directory import Directory
from tocsin.notify.store import teams
from tocsin.notify.store.changes import Change

TRIES = 5  # others may change other teams meanwhile

TeamId = Annotated[Slug, Path()]


class Teams(BaseModel):
    """The teams that the caller sees, by id."""

    items: list[Team]


@dataclass(frozen=True)
class Call:
    """Who changes a team, by which tags they know what they change, and why, if they say so."""

    caller: Caller
    if_match: str | None = None
    if_none_match: str | None = None
    reason: str = ""


def router(pool: asyncpg.Pool, directory: Directory, known: Callable[[str], bool]) -> APIRouter:
    """The routes; ``known`` tells whether there is a secret of a name."""
    routes = APIRouter(prefix="/teams", tags=["teams"])

    @routes.get("", summary="The teams")
    async def listed(caller: Asking) -> Teams:
        return Teams(items=[team for team in await teams.read(pool) if caller.sees(team.id)])

    @routes.get("/{team}", summary="One team as declared; ETag is its version", response_model=Team)
    async def one(team: TeamId, if_none_match: IfNoneMatch = None) -> Response:
        found = _find(await teams.read(pool), team)
        if found is None:
            raise _no_team(team)
        declared = found.model_dump(mode="json", exclude_defaults=True)
        return tagged(declared, if_none_match, version_of([found]))

    @routes.put(
        "/{team}",
        summary="Declare one team: anew with If-None-Match: *, else with If-Match",
        response_model=Team,
        responses={HTTPStatus.CREATED: {"model": Team, "description": "It is new."}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Team.model_json_schema()}},
            }
        },
    )
    async def put(  # noqa: PLR0913 # a header each
        team: TeamId,
        request: Request,
        caller: Asking,
        change: Changing,
        *,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        wanted = parse(Team, await read_body(request, MOST_BYTES, "declare less"))
        if wanted.id != team:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the address says {team!r}, its id {wanted.id!r}")
        await refuse_mistakes(Subscriptions(teams=(wanted,)), directory, known)
        old = await declare(pool, team, wanted, Call(caller, if_match, if_none_match))
        tag = noted(change, old, wanted)
        answer = tagged(wanted.model_dump(mode="json", exclude_defaults=True), None, tag)
        answer.status_code = HTTPStatus.OK if old else HTTPStatus.CREATED
        return answer

    @routes.delete("/{team}", status_code=HTTPStatus.NO_CONTENT, summary="Retire a team: it hears no more")
    async def delete(team: TeamId, caller: Asking, change: Changing, if_match: IfMatch = None) -> None:
        old = await declare(pool, team, None, Call(caller, if_match))
        noted(change, old, None)

    return routes


async def declare(pool: asyncpg.Pool, name: str, wanted: Team | None, call: Call) -> Team | None:
    """Put one team in the place of another, or of none; gives what was there. A ``Problem`` if it cannot."""
    for _ in range(TRIES):
        stands = await teams.read(pool)
        old = _find(stands, name)
        if old is None and wanted is None:
            raise _no_team(name)
        require(version_of([old]) if old else None, call.if_match, call.if_none_match)
        if wanted is not None:
            _refuse_others_secrets(call.caller, wanted, old)
        rest = [team for team in stands if team.id != name]
        declared = Subscriptions(teams=(*rest, *([wanted] if wanted else [])))
        by = teams.By(call.caller.name, call.reason, version_of(stands))
        try:
            await teams.replace(pool, declared, by)
        except teams.Moved:
            continue
        except asyncpg.UntranslatableCharacterError as error:
            raise unholdable() from error
        return old
    raise Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "others change teams all the time: ask the same again",
        headers={"Retry-After": "1"},
    )


def _refuse_others_secrets(caller: Caller, wanted: Team, old: Team | None) -> None:
    """A team uses the secrets it was given: who may name any could have it sent to a host of theirs."""
    if caller.scope is not Scope.TEAM:
        return
    given = {name for channel in (old.channels if old else ()) for name in variables(channel).values()}
    named = {name for channel in wanted.channels for name in variables(channel).values()}
    if new := sorted(named - given):
        detail = (
            f"your team was not given {', '.join(new)}: an admin declares the first channel with a secret"
        )
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def noted(change: Change, old: Team | None, new: Team | None) -> str:
    """Say in the record of changes which version has become which; gives the new one."""
    change.before = quoted(version_of([old])) if old else None
    change.after = quoted(version_of([new])) if new else None
    return version_of([new]) if new else ""


def _find(declared: Sequence[Team], name: str) -> Team | None:
    return next((team for team in declared if team.id == name), None)


def _no_team(name: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"there is no team {name!r}; GET /v1/teams lists them")
