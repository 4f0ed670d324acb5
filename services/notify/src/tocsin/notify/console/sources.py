"""Sources: how each is, as ingest tells it."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.ingest import Unanswered
from tocsin.notify.console.spark import draw
from tocsin.notify.console.visitor import Guest
from tocsin.notify.store import sourcedays

MOST = 60
DAYS = 30
WELL = frozenset({None, "ok"})  # states that are no news; None: it comes to us


def router(desk: Desk) -> APIRouter:
    """The page."""
    routes = shell.routes()

    @routes.get("/sources")
    async def listed(request: Request, guest: Guest, q: str = "") -> Response:
        try:
            found, away = await desk.ingest.sources(), None
        except Unanswered as error:
            found, away = [], str(error)
        wanted = [one for one in found if q.casefold() in f"{one['id']} {one['name']}".casefold()]
        days = await sourcedays.counts(desk.pool, datetime.now(UTC).date(), DAYS)
        ill_first = sorted(wanted, key=lambda one: one.get("state") in WELL)
        return shell.page(
            request,
            guest,
            "sources",
            sources=[_shown(one, days.get(one["id"], [0] * DAYS)) for one in ill_first[:MOST]],
            count=len(wanted),
            most=MOST,
            days=DAYS,
            q=q,
            away=away,
        )

    return routes


def _shown(source: dict[str, Any], figures: list[int]) -> dict[str, Any]:
    times = ("last_success_at", "last_new_at", "next_poll_at")
    said = {name: datetime.fromisoformat(source[name]) if source.get(name) else None for name in times}
    return source | said | {"well": source.get("state") in WELL, "spark": draw(figures)}
