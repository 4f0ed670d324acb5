"""Notify over HTTP: declare subscriptions, read back what was told."""

from collections.abc import Callable

from fastapi import APIRouter, Depends

from tocsin.notify.api import (
    again,
    alerts,
    audit,
    byhand,
    changes,
    destinations,
    entities,
    following,
    keys,
    notices,
    notthis,
    plan,
    reading,
    silences,
    subscriptions,
    teams,
    unsubscribed,
    watches,
    why,
)
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.documented import PROBLEMS
from tocsin.notify.api.door import Door
from tocsin.notify.api.following import Followers
from tocsin.notify.sweep import Sweep

MOST_BYTES = subscriptions.MOST_BYTES  # of any body: the largest is all of teams.yaml


def router(sweep: Sweep, door: Door, known: Callable[[str], bool], bell: Bell) -> APIRouter:
    """Everything under ``/v1`` behind the door.

    ``known`` tells whether there is a secret of a name, ``bell`` when alerts come.
    """
    routes = APIRouter(
        prefix="/v1",
        max_body_size=MOST_BYTES,
        responses=PROBLEMS,
        dependencies=[Depends(door.enter, scope="function")],
    )
    pool = sweep.handler.pool
    routes.include_router(subscriptions.router(pool, sweep.handler.directory, known))
    routes.include_router(plan.router(pool, sweep.handler.directory, known))
    routes.include_router(watches.router(pool, sweep.handler.directory))
    followers = Followers(pool, bell)
    routes.include_router(following.router(followers, door))
    routes.include_router(reading.router(pool, followers))
    routes.include_router(byhand.router(pool))
    routes.include_router(teams.router(pool, sweep.handler.directory, known))
    routes.include_router(unsubscribed.router(pool))
    routes.include_router(entities.router(sweep.handler.directory))
    routes.include_router(destinations.router(pool))
    routes.include_router(notices.router(pool))
    routes.include_router(keys.router(pool))
    routes.include_router(changes.router(pool))
    routes.include_router(again.router(pool, sweep.handler.directory))
    routes.include_router(audit.router(pool, sweep))
    routes.include_router(why.router(pool))
    routes.include_router(alerts.router(pool, sweep.handler.directory))
    routes.include_router(notthis.router(pool, sweep.handler.directory))
    routes.include_router(silences.router(pool, sweep.handler.directory))
    return routes
