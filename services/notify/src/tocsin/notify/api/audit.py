"""The audit over HTTP: what ought to have been told and is not on record, and the sweep."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from tocsin.notify.api.pages import WITHOUT_NUL, Cursor, Since, cursor_at, position
from tocsin.notify.audit import Cause, Finding, Gap, Open, Record, Wait, examine
from tocsin.notify.store import outbox, records
from tocsin.notify.store.records import Page
from tocsin.notify.sweep import Sweep

WINDOW = timedelta(days=7)
Limit = Annotated[int, Query(ge=1, le=500, description="Most notices that are examined for a page.")]

WORDS = {
    Cause.NO_CASE: "the notice is on record and in no case",
    Cause.NO_STEP: "the notice is a step of its case, and the step was not taken",
    Cause.NO_ALERT: "the team is to be told, and has no alert",
    Cause.NO_DELIVERY: "the alert has no delivery on a channel of the team",
    Cause.NO_ATTEMPT: "the delivery is called delivered, and no attempt says so",
    Cause.NO_SUMMARY: "the alert is folded into a summary that was never sent",
    Wait.PENDING: "the receiver has not taken it yet",
    Wait.FAILED: "the receiver refused it, or never answered: it is tried no more",
    Wait.UNPUBLISHED: "the alert is not on the alerts topic yet",
}


class Audited(BaseModel):
    """One page of an audit, oldest notices first; ask for the one after it with ``next``."""

    notices: int = Field(description="Notices that report an act, examined on this page.")
    expected: int = Field(description="Deliveries that ought to be.")
    confirmed: int = Field(description="Of these, deliveries that were made.")
    gaps: list[dict[str, Any]] = Field(description="What is not on record: each leaves somebody untold.")
    open: list[dict[str, Any]] = Field(description="What is on record and has not arrived in good time.")
    next: str | None


class Missing(BaseModel):
    """Alerts that somebody looked for on the alerts topic in vain."""

    alerts: list[Annotated[str, StringConstraints(max_length=200, pattern=WITHOUT_NUL)]] = Field(
        max_length=500
    )


def router(pool: asyncpg.Pool, sweep: Sweep) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["audit"])

    @routes.get("/audit", summary="What ought to have been told, against what is on record")
    async def audit(limit: Limit = 200, cursor: Cursor = None, since: Since = None) -> Audited:
        now = datetime.now(UTC)
        page = await records.read(pool, since or now - WINDOW, _after(cursor), limit)
        return _shown(page, [examine(record, now) for record in page.records])

    @routes.post("/audit/sweep", summary="Make up for the gaps of one page, and say what they were")
    async def swept(limit: Limit = 200, cursor: Cursor = None, since: Since = None) -> Audited:
        start = since or datetime.now(UTC) - WINDOW
        return _shown(*await sweep.run(start, _after(cursor), limit))

    @routes.post(
        "/audit/publish-again",
        status_code=HTTPStatus.ACCEPTED,
        summary="Put alerts on the alerts topic again, under the ids they have",
    )
    async def publish_again(missing: Missing) -> None:
        await outbox.reopen(pool, missing.alerts)

    return routes


def _after(asked: str | None) -> int:
    return position(asked) if asked else 0


def _shown(page: Page, found: Sequence[Finding]) -> Audited:
    pairs = list(zip(page.records, found, strict=True))
    return Audited(
        notices=len(found),
        expected=sum(finding.expected for finding in found),
        confirmed=sum(finding.confirmed for finding in found),
        gaps=[_gap(record, gap) for record, finding in pairs for gap in finding.gaps],
        open=[_open(record, wait) for record, finding in pairs for wait in finding.open],
        next=None if page.last is None else cursor_at(page.last),
    )


def _gap(record: Record, gap: Gap) -> dict[str, Any]:
    return _facts(record) | {
        "cause": gap.cause,
        "because": WORDS[gap.cause],
        "case_ref": gap.news.case.ref if gap.news else None,
        "step": gap.news.step.number if gap.news else None,
        "team": gap.recipient.team if gap.recipient else None,
        "channel": gap.channel,
    }


def _open(record: Record, wait: Open) -> dict[str, Any]:
    return _facts(record) | {
        "cause": wait.wait,
        "because": (wait.delivery and wait.delivery.last_error) or WORDS[wait.wait],
        "case_ref": wait.news.case.ref,
        "step": wait.news.step.number,
        "team": wait.team,
        "channel": wait.delivery and wait.delivery.channel,
    }


def _facts(record: Record) -> dict[str, Any]:
    notice = record.fact.notice
    return {"recorded_at": record.recorded_at, "notice_id": notice.id, "title": notice.title}
