"""Sending again over HTTP: one delivery, all that failed, or what a channel missed in a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field

from tocsin.chassis import logs
from tocsin.chassis.problems import Problem
from tocsin.contracts.declared import Declared, Slug
from tocsin.notify import metrics
from tocsin.notify.access import Caller
from tocsin.notify.api.door import Asking
from tocsin.notify.api.pages import WITHOUT_NUL
from tocsin.notify.directory import Directory
from tocsin.notify.store import again
from tocsin.notify.store.again import MISSED, Found

MOST = 10_000  # at a time
TAKEN_OUT = "the team has no channel {0!r} now: declare it again, or it would be refused at once"

HOLD_ALARMS = {"pagerduty", "alertmanager"}
OVERTAKEN = "a later step of the case was told since"
OTHERWISE = {
    "delivered": "it was delivered at {0}; POST /v1/channels/replay with also_delivered sends it again",
    "folded": "it is told in a summary, which is a delivery of its own",
    "cancelled": "somebody acknowledged the alert, or it was over, before this was due",
}

Id = Annotated[str, Path(max_length=200, pattern=WITHOUT_NUL)]
DryRun = Annotated[bool, Field(description="Count, and send nothing.")]

log = logs.get(__name__)


class Retry(Declared):
    """What failed and is to be tried again: of a team, on one of its channels or on all."""

    team: Slug
    channel: Slug | None = None
    dry_run: DryRun = False


class Replay(Declared):
    """A channel, and the time whose alerts it is to have."""

    team: Slug
    channel: Slug
    since: AwareDatetime
    until: Annotated[AwareDatetime | None, Field(description="Before this; until now, if left out.")] = None
    also_delivered: Annotated[bool, Field(description="What was delivered, too.")] = False
    dry_run: DryRun = False


class Again(BaseModel):
    """What is on its way again, by what it was before."""

    failed: int = 0
    missed: int = Field(default=0, description="Alerts older than the channel.")
    delivered: int = 0
    waiting: int = Field(default=0, description="Not yet made, and so left as they are.")
    taken_out: int = Field(default=0, description="Left as they are: their channel is not declared now.")
    overtaken: int = Field(default=0, description=f"Left as they are where alarms are held: {OVERTAKEN}.")
    dry_run: bool = False
    held_until: datetime | None = Field(default=None, description="Nothing is sent there before.")


def router(pool: asyncpg.Pool, directory: Directory) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["sending again"])

    @routes.post("/deliveries/{delivery}/retry", summary="Try a delivery again now")
    async def retry(delivery: Id, caller: Asking) -> Again:
        await directory.refresh()
        return await try_again(pool, directory, delivery, caller)

    @routes.post("/deliveries/retry", summary="Try all again that was given up")
    async def retry_all(asked: Retry, caller: Asking) -> Again:
        await _known(directory, asked.team, asked.channel, caller)
        return await _retry_all(pool, directory, asked)

    @routes.post("/channels/replay", summary="Send what a channel missed in a time, under the same ids")
    async def replay(asked: Replay, caller: Asking) -> Again:
        return await send_missed(pool, directory, asked, caller)

    return routes


async def try_again(pool: asyncpg.Pool, directory: Directory, delivery: str, caller: Caller) -> Again:
    """One delivery comes due anew, for a caller who may have it so; a ``Problem`` when it cannot."""
    named = await again.one(pool, delivery)
    if named is None or not caller.sees(named.found.team):
        detail = f"there is no delivery {delivery!r}; GET /v1/deliveries lists them"
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    found = named.found
    if (target := directory.channel(found.team, found.channel)) is None:
        raise Problem(HTTPStatus.CONFLICT, TAKEN_OUT.format(found.channel))
    if found.state not in {"failed", "pending"}:
        raise Problem(HTTPStatus.CONFLICT, OTHERWISE[found.state].format(found.delivered_at))
    if found.overtaken and target.kind in HOLD_ALARMS:
        raise Problem(HTTPStatus.CONFLICT, f"it would raise an alarm anew: {OVERTAKEN}")
    made = await again.ask(pool, [found])
    if not made:
        raise Problem(HTTPStatus.CONFLICT, "it is being sent at this moment; look at it in a minute")
    counts = _asked(made, found.team)
    return Again(failed=counts["failed"], waiting=counts["pending"], held_until=named.held_until)


async def send_missed(pool: asyncpg.Pool, directory: Directory, asked: Replay, caller: Caller) -> Again:
    """A channel gets what it missed in a time, for a caller who may have it so; a ``Problem`` when not."""
    await _known(directory, asked.team, asked.channel, caller)
    return await _replay(pool, directory, asked, datetime.now(UTC))


async def _retry_all(pool: asyncpg.Pool, directory: Directory, asked: Retry) -> Again:
    found = await again.failed(pool, asked.team, asked.channel, MOST)
    due = [one for one in found if directory.channel(asked.team, one.channel) is not None]
    counts = await _send(pool, directory, due, dry_run=asked.dry_run)
    return counts.model_copy(update={"taken_out": len(found) - len(due)})


async def _replay(pool: asyncpg.Pool, directory: Directory, asked: Replay, now: datetime) -> Again:
    until = asked.until or now
    if until <= asked.since:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"until ({until}) is not after since")
    found = await again.raised(pool, (asked.team, asked.channel), asked.since, until, MOST + 1)
    if len(found) > MOST:
        detail = f"over {MOST} alerts at a time: give a shorter time"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    wanted = {"failed", MISSED} | ({"delivered"} if asked.also_delivered else set())
    due = [one for one in found if one.state in wanted]
    counts = await _send(pool, directory, due, dry_run=asked.dry_run)
    return counts.model_copy(update={"waiting": sum(one.state == "pending" for one in found)})


async def _send(pool: asyncpg.Pool, directory: Directory, due: Sequence[Found], *, dry_run: bool) -> Again:
    """What is sent again, or would be. A channel that holds alarms gets the last step of a case alone."""
    left = {one.id for one in due if one.overtaken and _kind(directory, one) in HOLD_ALARMS}
    wanted = [one for one in due if one.id not in left]
    made = wanted if dry_run else await again.ask(pool, wanted)
    counts = Counter(one.state for one in made)
    if made and not dry_run:
        _asked(made, made[0].team)
    return Again(
        failed=counts["failed"],
        missed=counts[MISSED],
        delivered=counts["delivered"],
        overtaken=len(left),
        dry_run=dry_run,
    )


def _kind(directory: Directory, one: Found) -> str:
    target = directory.channel(one.team, one.channel)
    return target.kind if target else ""


async def _known(directory: Directory, team: str, channel: str | None, caller: Caller) -> None:
    """A ``Problem`` when there is no such team, or no such channel of it."""
    standing = await directory.refresh()
    if team not in standing.teams or not caller.sees(team):
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no team {team!r}; GET /v1/subscriptions lists them")
    if channel is not None and channel not in (names := standing.channels(team)):
        has = ", ".join(names) or "none"
        raise Problem(HTTPStatus.NOT_FOUND, f"team {team} has no channel {channel!r}; it has {has}")


def _asked(made: Sequence[Found], team: str) -> Counter[str]:
    """Count, where people and programs see it, what is sent again."""
    counts = Counter(one.state for one in made)
    for was, count in counts.items():
        metrics.ASKED.labels(was).inc(count)
    log.info("asked anew", team=team, **counts)
    return counts
