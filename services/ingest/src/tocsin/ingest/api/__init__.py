"""Ingest over HTTP, for those who run it: how sources are, what failed, and the evidence."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from tocsin.chassis.http import require_key
from tocsin.ingest.api import failed_entries, snapshots, sources
from tocsin.ingest.api.roll import Roll
from tocsin.ingest.evidence import Evidence
from tocsin.ingest.reread import Rereader


def router(roll: Roll, rereader: Rereader, evidence: Evidence, keys: Sequence[SecretStr]) -> APIRouter:
    """Everything under ``/v1`` but pushes, for callers with a key."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_key(keys))])
    routes.include_router(sources.router(roll, rereader, evidence))
    routes.include_router(failed_entries.router(roll, rereader, evidence))
    routes.include_router(snapshots.router(rereader.snapshots))
    return routes
