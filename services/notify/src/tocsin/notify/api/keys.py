"""API keys over HTTP: make one, list them, replace one without a gap, end one. For admins alone."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Self

import asyncpg
from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, Field, model_validator

from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Declared, Name, Slug
from tocsin.notify.access import Scope
from tocsin.notify.api.door import Asking, Changing
from tocsin.notify.store import keys

MOST_SECONDS = 10 * 366 * 86_400
MOST_OVERLAP = 30 * 86_400

Id = Annotated[str, Path(pattern=r"^key-[0-9a-f]{12}$")]
Repeat = Annotated[str | None, Header(alias="Idempotency-Key")]


class Wanted(Declared):
    """A key to make. ``team`` goes with scope ``team`` and with no other."""

    label: Annotated[Name, Field(description="What people call it: where it is used.")]
    scope: Scope
    team: Slug | None = None
    seconds: Annotated[
        int | None, Field(ge=60, le=MOST_SECONDS, description="How long it holds; for ever, if left out.")
    ] = None

    @model_validator(mode="after")
    def _team_goes_with_its_scope(self) -> Self:
        if (self.scope is Scope.TEAM) != (self.team is not None):
            raise ValueError("give a team with scope team, and with no other")
        return self


class Overlap(Declared):
    """How long the old key still holds beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MOST_OVERLAP)] = 86_400


class Key(BaseModel):
    """A key as it is shown: never the key itself."""

    id: str
    label: str
    scope: Scope
    team: str | None
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the hour.")
    revoked_at: datetime | None


class NewKey(Key):
    """A new key, shown this once."""

    key: str = Field(description="Keep it now: it is stored nowhere and never shown again.")


class Keys(BaseModel):
    """Every key there ever was, newest first."""

    items: list[Key]


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/keys", tags=["keys"])

    @routes.post("", status_code=HTTPStatus.CREATED, summary="Make a key")
    async def make(wanted: Wanted, caller: Asking, change: Changing, repeat: Repeat = None) -> NewKey:
        _no_repeat(repeat)
        change.team = wanted.team
        lives = timedelta(seconds=wanted.seconds) if wanted.seconds is not None else None
        asked = keys.Wanted(wanted.label, wanted.scope, wanted.team, lives)
        made = await keys.make(pool, asked, caller.name)
        if made is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no team {wanted.team!r}; GET /v1/teams lists them")
        change.summary = f"made {made.row['id']}, scope {wanted.scope}: {wanted.label}"
        return NewKey(key=made.key, **made.row)

    @routes.get("", summary="The keys, without what opens")
    async def listed() -> Keys:
        return Keys.model_validate({"items": await keys.listed(pool)})

    @routes.post("/{name}/rotate", status_code=HTTPStatus.CREATED, summary="Replace a key without a gap")
    async def rotate(
        name: Id,
        overlap: Overlap,
        caller: Asking,
        change: Changing,
        repeat: Repeat = None,
    ) -> NewKey:
        _no_repeat(repeat)
        made = await keys.rotate(pool, name, timedelta(seconds=overlap.overlap_seconds), caller.name)
        if made is None:
            raise _no_key(name)
        change.team = made.row["team"]
        change.summary = f"made {made.row['id']} in its place; both hold for {overlap.overlap_seconds} s"
        return NewKey(key=made.key, **made.row)

    @routes.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, summary="End a key at once")
    async def revoke(name: Id, change: Changing) -> None:
        gone = await keys.revoke(pool, name)
        if gone is None:
            raise _no_key(name)
        change.team, change.summary = gone["team"], f"ended {gone['label']}"

    return routes


def _no_key(name: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"no key {name!r} holds; GET /v1/keys lists them")


def _no_repeat(asked: str | None) -> None:
    """An answer that could be repeated would have to be kept, and this one holds a key."""
    if asked is not None:
        detail = "leave Idempotency-Key out: a key is shown once. End the one that you did not get to see"
        raise Problem(HTTPStatus.BAD_REQUEST, detail)
