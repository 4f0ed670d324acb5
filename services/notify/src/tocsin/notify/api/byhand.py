"""Cases by hand: a person merges two that are one, or splits one that is two. Nothing is told by that."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tocsin.chassis.problems import Problem
from tocsin.contracts import CaseState, EntityRef
from tocsin.contracts.declared import Name
from tocsin.notify.api.notthis import Reason
from tocsin.notify.api.pages import WITHOUT_NUL, Id
from tocsin.notify.api.things import case_id
from tocsin.notify.cases.byhand import Impossible
from tocsin.notify.cases.case import Case
from tocsin.notify.store import byhand

NoticeId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=WITHOUT_NUL)]


class Said(BaseModel):
    """Who does it, and why: kept, and shown with the case."""

    model_config = ConfigDict(extra="forbid")

    author: Name
    reason: Reason
    dry_run: bool = Field(default=False, description="Say what would become of it, and change nothing.")


class Merge(Said):
    """Another case that tells of the same measure."""

    other: Name = Field(description="Id or reference of the case that is taken in.")


class Split(Said):
    """Notices of a case that tell of another measure."""

    notices: list[NoticeId] = Field(min_length=1, max_length=500, description="Ids: some, and not all.")


class Stands(BaseModel):
    """A case as it stands after this."""

    id: str
    ref: str
    state: CaseState
    states: dict[str, CaseState] = Field(description="Where each thing stands, by entity id.")
    subjects: tuple[EntityRef, ...]
    notices: int


class Mended(BaseModel):
    """What became of it, or would."""

    dry_run: bool
    case: Stands
    other: Stands | None = Field(description="After a split: the case that came of it.")
    moved: list[str] = Field(description="Ids of the notices that changed places.")


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/cases/{name}", tags=["cases by hand"])

    @routes.post("/merge", summary="Take another case into this one: they tell of one measure")
    async def merge(name: Id, asked: Merge) -> Mended:
        kept, absorbed = await case_id(pool, name), await case_id(pool, asked.other)
        return await _shown(byhand.merge(pool, kept, absorbed, _said(asked)), asked)

    @routes.post("/split", summary="Put some notices into a case of their own: they tell of another measure")
    async def split(name: Id, asked: Split) -> Mended:
        case = await case_id(pool, name)
        return await _shown(byhand.split(pool, case, frozenset(asked.notices), _said(asked)), asked)

    return routes


def _said(asked: Said) -> byhand.Said:
    return byhand.Said(asked.author, asked.reason, datetime.now(UTC), dry_run=asked.dry_run)


async def _shown(doing: Awaitable[byhand.Mended], asked: Said) -> Mended:
    try:
        done = await doing
    except Impossible as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    other = _stands(done.other) if done.other is not None else None
    return Mended(dry_run=asked.dry_run, case=_stands(done.case), other=other, moved=list(done.notices))


def _stands(case: Case) -> Stands:
    return Stands(
        id=case.id,
        ref=case.ref,
        state=case.state,
        states=case.states,
        subjects=case.subjects,
        notices=case.notices,
    )
