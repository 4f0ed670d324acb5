"""Audit: what ought to have been told and is not on record, and who changed what."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.notify.access import Scope
from tocsin.notify.api.audit import WINDOW, WORDS
from tocsin.notify.api.pages import cursor_at, position
from tocsin.notify.audit import Finding, Record, examine
from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import Guest
from tocsin.notify.store import changes, records
from tocsin.notify.store.reading import Page

MOST = 25  # notices that are decided anew for a page
MOST_CHANGES = 30


def router(desk: Desk) -> APIRouter:
    """The page. What is missing is the operator's; a team sees the changes of its own things."""
    routes = shell.routes()

    @routes.get("/audit")
    async def audit(request: Request, guest: Guest, cursor: str = "", before: str = "") -> Response:
        page = Page(limit=MOST_CHANGES, before=position(before) if before else None)
        rows = await changes.read(desk.pool, page, guest.team(""))
        found = None if guest.caller.scope is Scope.TEAM else await _examined(desk, cursor)
        earlier = cursor_at(rows[-1]["seq"]) if len(rows) == MOST_CHANGES else None
        return shell.page(request, guest, "audit", found=found, changes=rows, earlier=earlier)

    return routes


async def _examined(desk: Desk, cursor: str) -> dict[str, Any]:
    """Some notices of the last days, oldest first, decided anew."""
    now = datetime.now(UTC)
    page = await records.read(desk.pool, now - WINDOW, position(cursor) if cursor else 0, MOST)
    findings = [(record, examine(record, now)) for record in page.records]
    return {
        "notices": len(findings),
        "expected": sum(finding.expected for _, finding in findings),
        "confirmed": sum(finding.confirmed for _, finding in findings),
        "missing": [one for record, finding in findings for one in _missing(record, finding)],
        "days": WINDOW.days,
        "next": cursor_at(page.last) if page.last is not None else None,
    }


def _missing(record: Record, finding: Finding) -> list[dict[str, Any]]:
    title = record.fact.notice.title
    gaps = [{"title": title, "because": WORDS[gap.cause], "gap": True} for gap in finding.gaps]
    return gaps + [{"title": title, "because": WORDS[one.wait], "gap": False} for one in finding.open]
