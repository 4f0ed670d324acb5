"""The quarantine over HTTP: entries that could not be read, listed, shown, retried, dropped."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from tocsin.chassis.problems import Problem
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.quarantine import Row
from tocsin.ingest.reread import Rereader

WITHOUT_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=500, description="Most entries on a page.")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the page before.")]
OfSource = Annotated[
    str | None, Query(max_length=63, pattern=WITHOUT_NUL, description="Only of this source.")
]
Dropped = Annotated[bool, Query(description="Those that were dropped, too.")]


class FailedEntries(BaseModel):
    """A page, newest first; ask for the one after it with ``next``, which is null on the last."""

    items: list[dict[str, Any]]
    next: int | None


class Retried(BaseModel):
    """What came of the document that the entry stands in."""

    released: bool = Field(description="Whether the entry can be read now.")
    told: int = Field(description="Notices that were news.")
    error: str | None = Field(description="Why it cannot be read.")


class Drop(BaseModel):
    """Why an entry is not worth a retry."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=WITHOUT_NUL)]


def router(roll: Roll, rereader: Rereader, evidence: Evidence) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/failed-entries", tags=["failed entries"])
    quarantine = rereader.quarantine

    @routes.get("", summary="Entries that could not be read")
    async def page(
        source: OfSource = None, limit: Limit = 50, before: Before = None, dropped: Dropped = False
    ) -> FailedEntries:
        rows = await quarantine.page(source, dropped=dropped, before=before, most=limit)
        return FailedEntries(items=rows, next=rows[-1]["id"] if len(rows) == limit else None)

    @routes.get("/{number}", summary="One entry that could not be read")
    async def entry(number: Number) -> dict[str, Any]:
        return _found(await quarantine.entry(number), number)

    @routes.post("/{number}/retry", summary="Read the document of an entry again")
    async def retry(number: Number) -> Retried:
        row = _found(await quarantine.entry(number), number)
        source = roll.source(row["source_id"])
        kept = await evidence.one(source.id, row["content_sha256"], row["last_seen_at"])
        read = await rereader.read(source, kept)
        errors = {bad.native_id: bad.error for bad in read.bad}
        error = read.note or errors.get(row["native_id"])
        return Retried(released=error is None, told=read.told, error=error)

    @routes.post("/{number}/drop", summary="Mark an entry as not worth a retry")
    async def drop(number: Number, why: Drop) -> dict[str, Any]:
        return _found(await quarantine.drop(number, why.reason), number)

    return routes


def _found(row: Row | None, number: int) -> Row:
    if row is None:
        detail = (
            f"there is no failed entry {number}, or it could be read since; GET /v1/failed-entries has all"
        )
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    return row
