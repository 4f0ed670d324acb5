"""Declaring the teams: all of teams.yaml at once, checked against the catalogue."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC
from http import HTTPStatus
from itertools import chain, islice
from typing import Annotated, Any, TypeVar

import asyncpg
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ValidationError

from tocsin.chassis.credentials import PREFIX
from tocsin.chassis.http import read_body
from tocsin.chassis.problems import Problem
from tocsin.contracts.channels import variables
from tocsin.contracts.declared import Declared, Name
from tocsin.contracts.inline import cure, secret_in
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.notify.access import Caller
from tocsin.notify.api.door import Asking, Changing
from tocsin.notify.api.pages import Cursor, Limit, cursor_at, position
from tocsin.notify.api.tags import quoted
from tocsin.notify.changes import version_of
from tocsin.notify.directory import Directory
from tocsin.notify.reserved import NAME
from tocsin.notify.routing.conditions import check
from tocsin.notify.routing.names import Names
from tocsin.notify.store import teams

MOST_BYTES = 2_000_000
MOST_COMPLAINTS = 100  # each costs a search for what was meant

Sort = TypeVar("Sort", bound=Declared)
Complaint = dict[str, object]  # {"at": [path into the document], "detail": what to do}


class Applied(BaseModel):
    """What became of each team: added, changed, unchanged or retired; and the version that stands now."""

    teams: dict[str, str]
    version: str


class History(BaseModel):
    """Changes of the teams, newest first; ask for the page after it with ``next``, null on the last."""

    items: list[dict[str, Any]]
    next: str | None


Author = Annotated[Name, Query(description="Who changes the teams; kept, and shown.")]
Reason = Annotated[
    str, Query(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$", description="Why; kept, and shown.")
]
Expected = Annotated[
    str | None,
    Header(max_length=200, description="The version that the change was made for, as an ETag gives it."),
]


def router(pool: asyncpg.Pool, directory: Directory, known: Callable[[str], bool]) -> APIRouter:
    """The routes; ``known`` tells whether a secret of this name is at hand."""
    routes = APIRouter(tags=["subscriptions"])

    @routes.put("/subscriptions", summary="Declare all teams")
    async def put(  # noqa: PLR0913 # a parameter of the query each
        request: Request,
        response: Response,
        change: Changing,
        *,
        author: Author = "unknown",
        reason: Reason = "",
        if_match: Expected = None,
    ) -> Applied:
        declared = await proposed(request, directory, known)
        by = teams.By(author, reason, if_match.strip('"') if if_match else None)
        try:
            outcome = await teams.replace(pool, declared, by)
        except teams.Moved as moved:
            raise _moved(moved) from moved
        except asyncpg.UntranslatableCharacterError as error:
            raise unholdable() from error
        version = version_of(declared.teams)
        change.after, change.summary = quoted(version), f"{author}: {reason}" if reason else author
        response.headers["ETag"] = f'"{version}"'
        return Applied(teams=outcome, version=version)

    @routes.get("/subscriptions", summary="The teams as last declared; ETag is their version")
    async def get(response: Response, caller: Asking) -> Subscriptions:
        declared = [team for team in await teams.read(pool) if caller.sees(team.id)]
        response.headers["ETag"] = f'"{version_of(declared)}"'
        return Subscriptions(teams=tuple(declared))

    @routes.get("/subscriptions/changes", summary="Who changed the teams, when, why, and what")
    async def changes(caller: Asking, limit: Limit = 50, cursor: Cursor = None) -> History:
        found = await teams.changed(pool, limit, position(cursor) if cursor else None)
        more = cursor_at(found[-1].number) if len(found) == limit else None
        return History(items=[_seen(one, caller) for one in found], next=more)

    return routes


async def proposed(request: Request, directory: Directory, known: Callable[[str], bool]) -> Subscriptions:
    """The teams of a request's body; a ``Problem`` that names every mistake, if there is one."""
    declared = parse(Subscriptions, await read_body(request, MOST_BYTES, "declare fewer teams"))
    await refuse_mistakes(declared, directory, known)
    return declared


async def refuse_mistakes(
    declared: Subscriptions, directory: Directory, known: Callable[[str], bool]
) -> None:
    """A ``Problem`` that names every mistake of a declaration, if there is one."""
    names = (await directory.refresh()).names
    if not names:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "the catalogue is still loading", headers={"Retry-After": "2"}
        )
    refuse_against(names, declared, known)


def refuse_against(names: Names, declared: Subscriptions, known: Callable[[str], bool]) -> None:
    """The same, by a catalogue that need not be the one that stands."""
    wrong = chain(
        _inline_secrets([], declared.model_dump(mode="json")),
        _reserved(declared),
        _unknown_names(declared, names),
        _unknown_secrets(declared, known),
    )
    if complaints := list(islice(wrong, MOST_COMPLAINTS)):
        raise _refusal(complaints)


def _seen(changed: teams.Changed, caller: Caller) -> dict[str, Any]:
    """A change as a caller sees it: a team's own sees its own part."""
    return asdict(changed) | {"diff": [one for one in changed.diff if caller.sees(one["team"])]}


def _moved(moved: teams.Moved) -> Problem:
    last, who = moved.last, ""
    if last is not None:
        why = f" ({last.reason})" if last.reason else ""
        who = f": {last.author} changed them at {last.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{why}"
    detail = f"the teams are no longer those that this was made for{who}; plan again; nothing was changed"
    return Problem(HTTPStatus.PRECONDITION_FAILED, detail, headers={"ETag": f'"{moved.stands}"'})


def unholdable() -> Problem:
    """The answer to what PostgreSQL cannot hold."""
    return _refusal([{"at": [], "detail": "take out the NUL character: no row can hold it"}])


def parse(model: type[Sort], body: bytes) -> Sort:
    """A declaration of a body; a ``Problem`` that names every place where it is none."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal({"at": list(p["loc"]), "detail": p["msg"]} for p in error.errors()) from error


def _inline_secrets(at: list[str | int], said: object) -> Iterator[Complaint]:
    if isinstance(said, str):
        if (kind := secret_in(said)) is not None:
            yield {"at": at, "detail": cure(kind)}
        return
    below = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for part, value in below:
        yield from _inline_secrets([*at, part], value)


def _reserved(declared: Subscriptions) -> Iterable[Complaint]:
    for i, team in enumerate(declared.teams):
        if team.id == NAME:
            yield {
                "at": ["teams", i, "id"],
                "detail": f"{NAME!r} is reserved for the canary: take another id",
            }


def _unknown_names(declared: Subscriptions, names: Names) -> Iterable[Complaint]:
    for i, team in enumerate(declared.teams):
        for j, watch in enumerate(team.watches):
            for at, detail in check(watch, names):
                yield {"at": ["teams", i, "watches", j, *at], "detail": detail}


def _unknown_secrets(declared: Subscriptions, known: Callable[[str], bool]) -> Iterable[Complaint]:
    for i, team in enumerate(declared.teams):
        for j, channel in enumerate(team.channels):
            for field, name in variables(channel).items():
                at = ["teams", i, "channels", j, field]
                if name.startswith(PREFIX):  # it would be sent to an address that the file names
                    yield {"at": at, "detail": f"{name} is a setting of Tocsin, and no secret of a channel"}
                elif not known(name):
                    detail = f"notify has no variable {name}: set it where notify runs, then restart it"
                    yield {"at": at, "detail": detail}


def _refusal(complaints: Iterable[Complaint]) -> Problem:
    told = list(islice(complaints, MOST_COMPLAINTS))
    count = f"{len(told)} problem(s){' or more' if len(told) == MOST_COMPLAINTS else ''}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{count}; nothing was changed", errors=told)
