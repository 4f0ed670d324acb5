"""Sources over HTTP: how each is, and reading its snapshots again."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from tocsin.chassis.problems import Problem
from tocsin.ingest import plain
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.backfill import Backfiller
from tocsin.ingest.dates import AHEAD, EARLIEST
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.past import Past
from tocsin.ingest.reread import Rereader
from tocsin.ingest.source import Source

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


class Backfilled(BaseModel):
    """The beginning of a range; ask for the rest with ``next`` as ``since``, which is null at the end."""

    entries: int
    told: int = Field(description="Entries that were news, or would be: what is known is told to nobody.")
    failed: int = Field(description="Entries that cannot be read.")
    next: datetime | None


def router(roll: Roll, rereader: Rereader, backfiller: Backfiller, evidence: Evidence) -> APIRouter:
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

    @routes.post("/sources/{source_id}/backfill", summary="Ask a source for what it published before")
    async def backfill(
        source_id: SourceId, since: AwareDatetime, until: AwareDatetime, *, dry_run: bool = False
    ) -> Backfilled:
        """As much of the range as the source gives at once, oldest first. Nothing is told twice."""
        meant = roll.source(source_id)
        past, (start, end) = _past(backfiller, meant), _range(since, until)
        try:
            filled = await backfiller.fill(meant, past, start, end, dry_run=dry_run)
        except PollFailed as error:
            raise _unanswered(error) from error
        following = filled.until if filled.until < end else None
        return Backfilled(entries=filled.entries, told=filled.told, failed=filled.failed, next=following)

    return routes


def _past(backfiller: Backfiller, source: Source) -> Past:
    past = backfiller.past(source)
    if past is None:
        detail = f"a source of kind {source.kind} cannot be asked by date; its snapshots can be reparsed"
        raise Problem(HTTPStatus.CONFLICT, detail)
    return past


def _range(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    # What an absurd date stands on would be told as if it had just happened.
    if not EARLIEST <= since < until <= datetime.now(UTC) + AHEAD:
        detail = f"since must be before until, not before {EARLIEST:%Y}, and until not in the future"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return since.astimezone(UTC), until.astimezone(UTC)


def _unanswered(error: PollFailed) -> Problem:
    wait = {"Retry-After": f"{error.retry_after:.0f}"} if error.retry_after else None
    words = f"the source did not give it: {plain.failure(error)}; the same call is right later"
    return Problem(HTTPStatus.BAD_GATEWAY, words, headers=wait)
