"""Watches: what teams hear of and where; a watch tried on what is on record as it is written, and saved."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from tocsin.contracts import Category, Severity
from tocsin.contracts.subscriptions import Team
from tocsin.notify.api.watches import TRYING, hear, known
from tocsin.notify.changes import version_of
from tocsin.notify.console import shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.saving import Refused, save
from tocsin.notify.console.visitor import Form, Guest, Visitor
from tocsin.notify.console.written import ASKED, FIELDS, OTHERS, address, as_yaml, complaint, watch_of
from tocsin.notify.hindsight import Hindsight, burden, days_of
from tocsin.notify.routing.conditions import check
from tocsin.notify.store.history import Extent

DAYS = 90
MOST_SHOWN = 20
CATEGORIES = [one for one in Category if one is not Category.NOT_REGULATORY]


def router(desk: Desk) -> APIRouter:
    """The two pages, and the form that saves."""
    routes = shell.routes()
    trying = _Trying(desk, asyncio.Semaphore(2))

    @routes.get("/watches")
    async def listed(request: Request, guest: Guest, team: str = "") -> Response:
        teams = (await desk.directory.refresh()).teams
        whose = guest.team(words.among(teams, team))
        shown = [one for one in teams.values() if whose in {None, one.id}]
        addresses = {(one.id, watch.name): address(one.id, watch) for one in shown for watch in one.watches}
        return shell.page(
            request, guest, "watches", shown=shown, addresses=addresses, team=whose, teams=teams, asked=ASKED
        )

    @routes.get("/watches/try")
    async def trial(request: Request, guest: Guest) -> Response:
        return await trying.page(request, guest, dict(request.query_params))

    @routes.post("/watches/save")
    async def saved(request: Request, guest: Guest, form: Form) -> Response:
        team = guest.team(form.get("team", "")) or ""
        try:
            async with desk.on_record(request, guest, team) as change:
                await save(desk, guest.caller, team, form, change)
        except Refused as refused:
            fields = dict(form) | ({"version": ""} if refused.moved else {})
            response = await trying.page(request, guest, fields, refused)
            response.status_code = refused.status
            return response
        return shell.see(f"/watches?team={team}")

    return routes


@dataclass(frozen=True)
class _Trying:
    """Tries watches; a few at a time, as a trial reads a lot."""

    desk: Desk
    turns: asyncio.Semaphore

    async def page(
        self, request: Request, guest: Visitor, fields: Mapping[str, str], refused: Refused | None = None
    ) -> Response:
        """The page of a watch as a form has it: what it would have told, or what is wrong with it."""
        teams = (await known(self.desk.directory)).teams
        team = teams.get(guest.team(fields.get("team", "")) or "")
        facts: dict[str, Any] = {"told": [], "burden": None, "complaints": [], "yaml": None}
        if any(fields.get(name) for name in FIELDS):
            async with self.turns:
                facts |= await self._tried(team, fields)
        if refused is not None and refused.complaints:
            facts["complaints"] = refused.complaints
        return shell.page(
            request,
            guest,
            "tried" if request.headers.get("hx-request") else "trial",
            team=team,
            version=fields.get("version") or (version_of([team]) if team else ""),
            refused=refused,
            fields=fields,
            names=(*FIELDS, *OTHERS, "was"),
            asked=ASKED,
            days=DAYS,
            severities=list(Severity),
            categories=CATEGORIES,
            **facts,
        )

    async def _tried(self, team: Team | None, fields: Mapping[str, str]) -> dict[str, Any]:
        standing = await known(self.desk.directory)
        try:
            watch = watch_of(fields)
        except ValidationError as error:
            return {"complaints": [complaint(one["loc"], one["msg"]) for one in error.errors()]}
        if wrong := [complaint(at, detail) for at, detail in check(watch, standing.names)]:
            return {"complaints": wrong}
        stands = Team(id=team.id if team else TRYING, name="tried", watches=(watch,))
        insight, now = Hindsight([stands], standing.not_this, standing.names), datetime.now(UTC)
        extent = Extent(0, None)
        async for said in hear(self.desk.pool, now - timedelta(days=DAYS), insight.hear):
            if isinstance(said, Extent):
                extent = said
        return {
            "burden": burden(insight.told, days_of(DAYS, extent.oldest, now)),
            "told": insight.told[: -MOST_SHOWN - 1 : -1],
            "yaml": as_yaml(watch),
        }
