"""Notify over HTTP: declare subscriptions, read back what was told."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from tocsin.chassis.http import require_key
from tocsin.notify.api import audit, notthis, reading, subscriptions, why
from tocsin.notify.sweep import Sweep


def router(sweep: Sweep, keys: Sequence[SecretStr], known: Callable[[str], bool]) -> APIRouter:
    """Everything under ``/v1``, for callers with a key. ``known`` tells whether a secret is at hand."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_key(keys))])
    pool = sweep.handler.pool
    routes.include_router(subscriptions.router(pool, sweep.handler.directory, known))
    routes.include_router(reading.router(pool))
    routes.include_router(audit.router(pool, sweep))
    routes.include_router(why.router(pool))
    routes.include_router(notthis.router(pool, sweep.handler.directory))
    return routes
