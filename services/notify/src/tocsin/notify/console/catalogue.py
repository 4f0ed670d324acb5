"""Catalogue: the models, vendors, chips and authorities that watches can name."""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.contracts import Entity, Kind
from tocsin.notify.console import shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import Guest
from tocsin.notify.routing.names import fold

MOST = 60
KINDS = {kind.value: kind for kind in Kind}


def router(desk: Desk) -> APIRouter:
    """The page."""
    routes = shell.routes()

    @routes.get("/catalogue")
    async def listed(request: Request, guest: Guest, q: str = "", kind: str = "") -> Response:
        standing = await desk.directory.refresh()
        only = words.among(KINDS, kind)
        found = [one for one in matching(standing.entities, q) if only in {"", one.kind}]
        return shell.page(
            request,
            guest,
            "catalogue",
            entities=found[:MOST],
            makers={one.id: one.name for one in standing.entities if one.kind is Kind.VENDOR},
            count=len(found),
            total=len(standing.entities),
            most=MOST,
            kinds=KINDS,
            kind=only,
            q=q,
        )

    return routes


def matching(entities: Iterable[Entity], asked: str) -> list[Entity]:
    """The entities of which some name has this in it, whatever its case, hyphens and spaces; by name."""
    part = fold(asked)
    found = [one for one in entities if any(part in fold(name) for name in _names(one))]
    return sorted(found, key=lambda one: (not fold(one.name).startswith(part), one.name.casefold()))


def _names(entity: Entity) -> tuple[str, ...]:
    return (entity.name, entity.id, *entity.aliases, *entity.api_ids)
