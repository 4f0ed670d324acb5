"""Ingest over HTTP, for those who run it: how sources are, what failed, and the evidence."""

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.http import require_key
from tocsin.chassis.problems import Problem
from tocsin.ingest.api import failed_entries, snapshots, sources
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.backfill import Backfiller
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.reread import Rereader

AWAY = "Kafka, PostgreSQL or the snapshots do not answer: ask the same again later, nothing is told twice"


def router(
    roll: Roll, rereader: Rereader, backfiller: Backfiller, evidence: Evidence, keys: Sequence[SecretStr]
) -> APIRouter:
    """Everything under ``/v1`` but pushes, for callers with a key."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_key(keys)), Depends(_patience)])
    routes.include_router(sources.router(roll, rereader, backfiller, evidence))
    routes.include_router(failed_entries.router(roll, rereader, evidence))
    routes.include_router(snapshots.router(rereader.snapshots))
    return routes


async def _patience() -> AsyncIterator[None]:
    """What heals by itself is no fault of ours: 503, and when to ask again."""
    try:
        yield
    except Exception as error:
        if fault_of(error) is not Fault.UNAVAILABLE:
            raise
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, headers={"Retry-After": "5"}) from error
