"""Declaring the teams: all of teams.yaml at once, checked against the catalogue."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import chain, islice

import asyncpg
from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError

from tocsin.chassis.http import read_body
from tocsin.chassis.problems import Problem
from tocsin.contracts.subscriptions import Subscriptions, variables
from tocsin.notify.conditions import check
from tocsin.notify.directory import Directory
from tocsin.notify.names import Names
from tocsin.notify.reserved import NAME
from tocsin.notify.store import teams

MOST_BYTES = 2_000_000
MOST_COMPLAINTS = 100  # each costs a search for what was meant

Complaint = dict[str, object]  # {"at": [path into the document], "detail": what to do}


class Applied(BaseModel):
    """What became of each team: added, changed, unchanged or retired."""

    teams: dict[str, str]


def router(pool: asyncpg.Pool, directory: Directory, known: Callable[[str], bool]) -> APIRouter:
    """The routes; ``known`` tells whether an environment variable of notify holds a secret."""
    routes = APIRouter(tags=["subscriptions"])

    @routes.put("/subscriptions", summary="Declare all teams")
    async def put(request: Request) -> Applied:
        declared = _parse(await read_body(request, MOST_BYTES, "declare fewer teams"))
        names = (await directory.refresh()).names
        if not names:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "the catalogue is still loading", headers={"Retry-After": "2"}
            )
        wrong = chain(_reserved(declared), _unknown_names(declared, names), _unknown_secrets(declared, known))
        if complaints := list(islice(wrong, MOST_COMPLAINTS)):
            raise _refusal(complaints)
        try:
            return Applied(teams=await teams.replace(pool, declared))
        except asyncpg.UntranslatableCharacterError as error:
            raise _refusal(
                [{"at": [], "detail": "take out the NUL character: no row can hold it"}]
            ) from error

    @routes.get("/subscriptions", summary="The teams as last declared")
    async def get() -> Subscriptions:
        return Subscriptions(teams=await teams.read(pool))

    return routes


def _parse(body: bytes) -> Subscriptions:
    try:
        return Subscriptions.model_validate_json(body)
    except ValidationError as error:
        raise _refusal({"at": list(p["loc"]), "detail": p["msg"]} for p in error.errors()) from error


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
                if not known(name):
                    detail = f"notify has no variable {name}: set it where notify runs, then restart it"
                    yield {"at": ["teams", i, "channels", j, field], "detail": detail}


def _refusal(complaints: Iterable[Complaint]) -> Problem:
    told = list(islice(complaints, MOST_COMPLAINTS))
    count = f"{len(told)} problem(s){' or more' if len(told) == MOST_COMPLAINTS else ''}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{count}; nothing was changed", errors=told)
