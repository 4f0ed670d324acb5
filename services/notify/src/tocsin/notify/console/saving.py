"""Saving a watch: into its team, by the function and the checks that the API has."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
from pydantic import ValidationError

from tocsin.chassis.problems import Problem
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.notify.access import Caller
from tocsin.notify.api.subscriptions import refuse_mistakes
from tocsin.notify.api.tags import quoted
from tocsin.notify.api.teams import Call, declare, noted
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.written import Complaint, complaint, complaints, placed, watch_of
from tocsin.notify.line import line
from tocsin.notify.store import teams
from tocsin.notify.store.changes import Change

LONGEST_REASON = 500
LOOKED_AT = 50  # the latest changes, for the one that came between


class Refused(Problem):
    """Nothing was saved; what is wrong, by field. ``moved``: the team is not the one that was seen."""

    def __init__(
        self, status: HTTPStatus, detail: str, found: Sequence[Complaint] = (), *, moved: bool = False
    ) -> None:
        super().__init__(status, detail)
        self.complaints = found
        self.moved = moved


async def save(desk: Desk, caller: Caller, team: str, fields: Mapping[str, str], change: Change) -> None:
    """Put the watch of a form into its team, with the reason that it gives. Raises ``Refused``."""
    stands = (await desk.directory.refresh()).teams.get(team)
    if stands is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no team {line(team, 60)!r}: choose one on its page.")
    reason = line(fields.get("reason", ""), LONGEST_REASON)
    if not reason:
        raise _wrong([Complaint("reason", "Say why, so that your team understands it later.")])
    try:
        watch = watch_of(fields)
    except ValidationError as error:
        raise _wrong([complaint(one["loc"], one["msg"]) for one in error.errors()]) from error
    try:
        wanted, place = placed(stands, fields.get("was", ""), watch)
    except ValidationError as error:
        raise _wrong([complaint(("name",), one["msg"]) for one in error.errors()]) from error
    try:
        await refuse_mistakes(Subscriptions(teams=(wanted,)), desk.directory, desk.has_secret)
        seen = quoted(fields.get("version", ""))
        old = await declare(desk.pool, team, wanted, Call(caller, if_match=seen, reason=reason))
    except Problem as problem:
        if problem.status is HTTPStatus.PRECONDITION_FAILED:
            raise await _moved(desk.pool, team) from problem
        told: Any = problem.extra.get("errors")
        if told:
            raise _wrong(complaints([(one["at"], one["detail"]) for one in told], place)) from problem
        raise
    noted(change, old, wanted)
    change.summary = f"{watch.name}: {reason}"


def _wrong(found: Sequence[Complaint]) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was saved.", found)


async def _moved(pool: asyncpg.Pool, team: str) -> Refused:
    """The team was changed since its page was opened: by whom, when and why."""
    recent = await teams.changed(pool, LOOKED_AT)
    last = next((one for one in recent if any(part["team"] == team for part in one.diff)), None)
    who = f" by {line(last.author, 100)} at {last.at:%H:%M} UTC ({line(last.reason, 200)})" if last else ""
    detail = (
        f"Nothing was saved: {team} was changed{who} while you wrote. Look at its watches as they are now; "
        "to save yours on top of them, save again."
    )
    return Refused(HTTPStatus.CONFLICT, detail, moved=True)
