"""Sources over HTTP: how each is, and reading its snapshots again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from tocsin.ingest.api.roll import Roll
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.reread import Rereader

AT_ONCE = 20  # snapshots read within one call: it answers within seconds

SourceId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
After = Annotated[
    str, Query(pattern=r"^([0-9a-f]{64})?$", description="`next` of the answer before; empty at first.")
]


class Sources(BaseModel):
    """Every source in use, in the order of sources.yaml."""

    items: list[dict[str, Any]]


class Again(BaseModel):
    """One snapshot that was read again."""

    sha256: str
    fetched_at: datetime
    entries: int
    told: int = Field(description="Entries that were news: what has not changed is told to nobody.")
    failed: int = Field(description="Entries that still cannot be read; GET /v1/failed-entries has them.")
    note: str = Field(description="Why it was left alone, if it was.")


class Reparsed(BaseModel):
    """Some snapshots of a source; ask for those after them with ``next``, which is null at the end."""

    items: list[Again]
    next: str | None


def router(roll: Roll, rereader: Rereader, evidence: Evidence) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["sources"])

    @routes.get("/sources", summary="How every source is")
    async def sources() -> Sources:
        return Sources(items=await roll.show())

    @routes.get("/sources/{source_id}", summary="How one source is")
    async def source(source_id: SourceId) -> dict[str, Any]:
        (shown,) = await roll.show(source_id)
        return shown

    @routes.post("/sources/{source_id}/reparse", summary="Read snapshots again, after a parser was mended")
    async def reparse(source_id: SourceId, since: AwareDatetime, after: After = "") -> Reparsed:
        """At most twenty snapshots a call, oldest first. Nothing is told twice, however often it is asked."""
        meant = roll.source(source_id)
        kept = await evidence.since(source_id, since, after, AT_ONCE) if meant.kind.is_polled else []
        items = []
        for one in kept:
            read = await rereader.read(meant, one)
            items.append(
                Again(
                    sha256=read.sha256,
                    fetched_at=read.fetched_at,
                    entries=read.entries,
                    told=read.told,
                    failed=len(read.bad),
                    note=read.note,
                )
            )
        return Reparsed(items=items, next=kept[-1].sha256 if len(kept) == AT_ONCE else None)

    return routes
