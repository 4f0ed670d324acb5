"""Notify over HTTP: declare subscriptions, read back what was told."""

from collections.abc import Callable, Sequence

import asyncpg
from fastapi import APIRouter, Depends
from pydantic import SecretStr

from tocsin.chassis.http import require_key
from tocsin.notify.api import reading, subscriptions
from tocsin.notify.directory import Directory


def router(
    pool: asyncpg.Pool, directory: Directory, keys: Sequence[SecretStr], known: Callable[[str], bool]
) -> APIRouter:
    """Everything under ``/v1``, for callers with a key. ``known`` tells whether a secret is at hand."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_key(keys))])
    routes.include_router(subscriptions.router(pool, directory, known))
    routes.include_router(reading.router(pool))
    return routes
