"""Trying a channel out over HTTP: a test message on the real road, with what came of it."""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import asyncpg
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Declared, Slug
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.api.documented import PROBLEMS
from tocsin.notify.api.door import Asking, Door
from tocsin.notify.channels import Channel, Message, Outcome, attempt
from tocsin.notify.directory import Directory
from tocsin.notify.line import line
from tocsin.notify.rehearsal import rehearse
from tocsin.notify.store import proofs, unsubscribed

LONGEST_DETAIL = 500


class Trial(Declared):
    """What to try."""

    team: Slug
    channel: Slug
    lifted: bool = Field(default=False, description="End the test: closes the alarm that it opened.")


class Tried(BaseModel):
    """What came of the one attempt that was made."""

    kind: str = Field(description="Of the channel.")
    outcome: Outcome
    detail: str = Field(description="What the receiver answered.")
    seconds: float


def router(
    pool: asyncpg.Pool, directory: Directory, channels: Mapping[str, Channel], seconds: float, door: Door
) -> APIRouter:
    """The routes; an attempt takes at most so many seconds."""
    routes = APIRouter(
        prefix="/v1",
        tags=["channels"],
        responses=PROBLEMS,
        dependencies=[Depends(door.enter, scope="function")],
    )

    @routes.post("/channels/test", summary="Send a test message to one channel of a team")
    async def test(trial: Trial, caller: Asking) -> Tried:
        await directory.refresh()
        team = directory.standing.teams.get(trial.team)
        if team is None or not caller.sees(trial.team):
            raise Problem(HTTPStatus.NOT_FOUND, f"no team {trial.team!r} is declared: see `tocsin apply`")
        target = next((one for one in team.channels if one.name == trial.channel), None)
        if target is None:
            known = ", ".join(one.name for one in team.channels) or "none"
            raise Problem(
                HTTPStatus.NOT_FOUND, f"team {team.id} has no channel {trial.channel!r}; it has {known}"
            )
        alert = rehearse(team.id, target.name, datetime.now(UTC), lifted=trial.lifted)
        left = await unsubscribed.on(pool, team.id, target.name)
        identity = f"test-{uuid.uuid4().hex}"
        message = Message(identity, alert, team.name, new_traceparent(), unsubscribed=left)
        started = time.monotonic()
        answer = await attempt(channels[target.kind], message, target, seconds)
        if answer.outcome is Outcome.DELIVERED:
            await proofs.prove(pool, team.id, target.name)
        return Tried(
            kind=target.kind,
            outcome=answer.outcome,
            detail=line(answer.detail, LONGEST_DETAIL),
            seconds=round(time.monotonic() - started, 3),
        )

    return routes
