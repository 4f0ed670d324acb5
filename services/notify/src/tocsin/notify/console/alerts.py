"""Alert: what it says, why it came, what became of it; acknowledge, silence, not this."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.contracts import AlertRaised
from tocsin.notify.acknowledgement import How
from tocsin.notify.acknowledging import LONGEST_NAME, acknowledge
from tocsin.notify.console import shell
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.silences import HOURS, LONGEST_REASON
from tocsin.notify.console.visitor import Form, Guest, Visitor
from tocsin.notify.letter import write
from tocsin.notify.line import line
from tocsin.notify.pacing.silence import Asked
from tocsin.notify.routing.notthis import Refusal, Sort
from tocsin.notify.store import acknowledgements, notthis, silences, timeline


def router(desk: Desk) -> APIRouter:
    """The page and its three forms."""
    routes = shell.routes()

    @routes.get("/alerts/{identity}")
    async def alert(request: Request, guest: Guest, identity: str) -> Response:
        found = await _find(desk, guest, identity)
        standing = await desk.directory.refresh()
        return shell.live(
            request,
            guest,
            "alert",
            alert=found,
            letter=write(found, desk.directory.name_of(found.team)),
            events=await timeline.events(desk.pool, found.id),
            taken=await acknowledgements.of(desk.pool, found),
            hours=HOURS,
            may_act=guest.may_change and found.team in standing.teams,
        )

    @routes.post("/alerts/{identity}/acknowledge")
    async def take(request: Request, guest: Guest, form: Form, identity: str) -> Response:
        found = await _find(desk, guest, identity)
        async with desk.on_record(request, guest, found.team):
            await acknowledge(desk.pool, desk.directory, found, _author(form), How.API)
        return shell.see(f"/alerts/{found.id}")

    @routes.post("/alerts/{identity}/silence")
    async def silence(request: Request, guest: Guest, form: Form, identity: str) -> Response:
        found, now = await _find(desk, guest, identity), datetime.now(UTC)
        async with desk.on_record(request, guest, found.team):
            until = now + timedelta(hours=_hours(form))
            said = {"team": found.team, "author": _author(form), "reason": _reason(form)}
            await silences.make(desk.pool, Asked(case=found.case_id, until=until, **said), now)
        return shell.see("/silences")

    @routes.post("/alerts/{identity}/not-this")
    async def refuse(request: Request, guest: Guest, form: Form, identity: str) -> Response:
        found = await _find(desk, guest, identity)
        async with desk.on_record(request, guest, found.team):
            said = {"team": found.team, "author": _author(form), "reason": _reason(form)}
            await notthis.refuse(desk.pool, Refusal(sort=Sort.CASE, thing=found.case_id, **said))
        return shell.see("/silences")

    return routes


async def _find(desk: Desk, guest: Visitor, identity: str) -> AlertRaised:
    found = await acknowledgements.alert(desk.pool, identity)
    if found is None or not guest.caller.sees(found.team):
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such alert, or it is another team's.")
    return found


def _author(form: Form) -> str:
    if name := line(form.get("author", ""), LONGEST_NAME):
        return name
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Say who you are, so that your team knows: go back.")


def _reason(form: Form) -> str:
    if reason := line(form.get("reason", ""), LONGEST_REASON):
        return reason
    raise Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Say why, so that your team understands it later: go back."
    )


def _hours(form: Form) -> int:
    if (hours := form.get("hours", "")) in map(str, HOURS):
        return int(hours)
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"A silence lasts {HOURS} hours: go back and choose.")
