"""Replay: what a channel missed since a time, counted before anything is sent again."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.contracts.subscriptions import Team
from tocsin.notify.api.again import Replay, send_missed
from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.visitor import Form, Guest

USUAL = timedelta(hours=2)  # what the form has at first
FORM_TIME = "%Y-%m-%dT%H:%M"  # as <input type="datetime-local"> writes it


def router(desk: Desk) -> APIRouter:
    """The page, which counts, and its form, which sends."""
    routes = shell.routes()

    @routes.get("/deliveries/replay")
    async def counted(request: Request, guest: Guest) -> Response:
        fields, now = dict(request.query_params), datetime.now(UTC)
        teams = (await desk.directory.refresh()).teams.values()
        count, wrong, asked = None, None, None
        if "to" in fields:
            try:
                asked = _asked(fields, now, dry_run=True)
                count = await send_missed(desk.pool, desk.directory, asked, guest.caller)
            except Problem as problem:
                wrong = problem.detail
        return shell.page(
            request,
            guest,
            "replay",
            fields={"since": (now - USUAL).strftime(FORM_TIME)} | fields,
            channels=_channels(team for team in teams if guest.caller.sees(team.id)),
            asked=asked,
            count=count,
            wrong=wrong,
        )

    @routes.post("/deliveries/replay")
    async def send(request: Request, guest: Guest, form: Form) -> Response:
        asked = _asked(form, datetime.now(UTC), dry_run=False)
        async with desk.on_record(request, guest, asked.team) as change:
            sent = await send_missed(desk.pool, desk.directory, asked, guest.caller)
            change.summary = (
                f"{asked.channel} since {asked.since:%Y-%m-%d %H:%M} UTC: {_said(sent.model_dump())}"
            )
        return shell.see(f"/deliveries?team={asked.team}")

    return routes


def _asked(fields: Mapping[str, str], now: datetime, *, dry_run: bool) -> Replay:
    """What a form asks for: times without a zone are in UTC. A ``Problem`` says what is wrong with it."""
    team, _, channel = fields.get("to", "").partition("/")
    try:
        since = _utc(fields.get("since", ""))
        until = _utc(fields["until"]) if fields.get("until") else now
        also = bool(fields.get("also_delivered"))
        return Replay(
            team=team, channel=channel, since=since, until=until, also_delivered=also, dry_run=dry_run
        )
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Choose a channel from the list.") from error
    except ValueError as error:
        detail = "Say since when, in UTC, as 2026-06-12T22:00."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from error


def _utc(said: str) -> datetime:
    moment = datetime.fromisoformat(said)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _channels(teams: Iterable[Team]) -> list[str]:
    return [f"{team.id}/{channel.name}" for team in teams for channel in team.channels]


def _said(counts: Mapping[str, object]) -> str:
    """What was sent again, by what it was before."""
    parts = [f"{counts[was]} {was}" for was in ("failed", "missed", "delivered") if counts[was]]
    return ", ".join(parts) or "nothing"
