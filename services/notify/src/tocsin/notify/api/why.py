"""Why and why not: what led to an alert, and what kept a notice from a team."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from tocsin.chassis.problems import Problem
from tocsin.contracts import AlertRaised, NoticeClassified
from tocsin.notify.api.door import Asking
from tocsin.notify.api.pages import WITHOUT_NUL
from tocsin.notify.audit import Filed, Record
from tocsin.notify.cases.filing import Development
from tocsin.notify.routing.why import Explanation, explain_routing, why_aside, why_folded
from tocsin.notify.standing import Standing
from tocsin.notify.store import why as store

Name = Annotated[str, Path(max_length=200, pattern=WITHOUT_NUL)]
Asked = Annotated[str, Query(max_length=200, pattern=WITHOUT_NUL)]
Facts = dict[str, Any]  # a JSON object


class Why(BaseModel):
    """What an alert stands on."""

    alert: str
    team: str
    case_ref: str
    step: int
    kind: str
    headline: str
    notice: Facts
    joined_because: str
    evidence: list[Facts]
    reasons: list[Facts]
    watches: list[Facts]
    not_this: list[Facts]
    deliveries: list[Facts]  # by channel: whether it goes now or in a summary, and why


class WhyNot(BaseModel):
    """Why a notice told a team nothing; or that it did."""

    notice: Facts
    team: str
    told: bool
    because: str
    evidence: list[Facts]
    cases: list[Facts]


def router(pool: asyncpg.Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["why"])

    @routes.get("/why/{alert}", summary="Why a team was told: watch, words of the notice, case")
    async def why(alert: Name, caller: Asking) -> Why:
        found = await store.alert(pool, alert)
        heard = await store.notice(pool, found[1]) if found else None
        if found is None or heard is None or not caller.sees(found[0].team):
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no alert {alert!r}; GET /v1/alerts lists them")
        return _why(found[0], heard, await store.paced(pool, found[0].id))

    @routes.get("/why-not", summary="Why a notice told a team nothing, watch by watch")
    async def why_not(notice: Asked, team: Asked, caller: Asking) -> WhyNot:
        heard = await store.notice(pool, notice)
        if heard is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no notice {notice!r} is on record; cases list theirs")
        gone = await store.retired(pool, team)
        if gone is None or not caller.sees(team):
            raise Problem(
                HTTPStatus.NOT_FOUND, f"there is no team {team!r}; GET /v1/subscriptions lists them"
            )
        cases = [
            await _case(pool, heard, filed, team) for filed in (heard.record.filed if heard.record else ())
        ]
        told = any(case["alert"] for case in cases)
        because = _because(heard, cases, team, retired=gone)
        return WhyNot(
            notice=_notice(heard.fact),
            team=team,
            told=told,
            because=because,
            evidence=_evidence(heard.fact),
            cases=cases,
        )

    return routes


def _why(alert: AlertRaised, heard: store.Heard, deliveries: list[Facts]) -> Why:
    record = heard.record
    filed = next((one for one in record.filed if one.case.id == alert.case_id), None) if record else None
    explained = _explained(record, filed, alert.team) if record and filed else None
    return Why(
        alert=alert.id,
        team=alert.team,
        case_ref=alert.case_ref,
        step=alert.step,
        kind=alert.kind,
        headline=alert.headline,
        notice=_notice(heard.fact),
        joined_because=heard.joined.get(alert.case_id, ""),
        evidence=_evidence(heard.fact),
        reasons=[
            {
                "watch": reason.watch,
                "because": reason.because,
                "declared": _declared(record.standing, alert.team, reason.watch) if record else None,
                "entities": [
                    ref.model_dump(mode="json") | {"words": _words(heard.fact, ref.id)}
                    for ref in reason.entities
                ],
            }
            for reason in alert.reasons
        ],
        deliveries=deliveries,
        **_shown(explained),
    )


def _because(heard: store.Heard, cases: list[Facts], team: str, *, retired: bool) -> str:
    """One sentence: the first thing that kept the notice from the team."""
    if (aside := why_aside(heard.fact)) is not None:
        return aside
    if heard.record is None:
        return "it was decided before what decisions stand on was kept"
    if not cases:
        return "it is in no case: it tells of no state that a measure has reached"
    if team not in heard.record.standing.teams:
        return "the team is retired" if retired else "the team was not declared when this was decided"
    return "; ".join(case["because"] for case in cases)


async def _case(pool: asyncpg.Pool, heard: store.Heard, filed: Filed, team: str) -> Facts:
    """What a notice was to one case, and what of that concerned the team."""
    record = heard.record
    explained = _explained(record, filed, team) if record else None
    joined = heard.joined.get(filed.case.id, "")
    told = filed.alerts.get(team)
    because = explained.because if explained else why_folded(filed.case, joined)
    return {
        "case_ref": filed.case.ref,
        "joined_because": joined,
        "step": filed.step.number if filed.step else None,
        "kind": filed.step.kind if filed.step else None,
        "alert": told.id if told else None,
        "because": because,
        "told_of_the_case": await store.alerts(pool, filed.case.id, team),
    } | _shown(explained)


def _explained(record: Record, filed: Filed, team: str) -> Explanation | None:
    """The routing of a step again, on what stood then; None where there was no step or no such team."""
    subscriber = record.standing.subscribers.get(team)
    if filed.step is None or subscriber is None:
        return None
    news = Development(fact=record.fact, case=filed.case, step=filed.step)
    return explain_routing(news, subscriber, filed.told.get(team, frozenset()), record.standing.names)


def _shown(explained: Explanation | None) -> Facts:
    if explained is None:
        return {"watches": [], "not_this": []}
    return {
        "watches": [asdict(verdict) for verdict in explained.watches],
        "not_this": [one.model_dump(mode="json") for one in explained.not_this],
    }


def _declared(standing: Standing, team: str, watch: str) -> Facts | None:
    """A watch as it was declared then."""
    watches = standing.teams[team].watches if team in standing.teams else ()
    found = next((one for one in watches if one.name == watch), None)
    return found.model_dump(mode="json", exclude_defaults=True) if found else None


def _notice(fact: NoticeClassified) -> Facts:
    notice, said = fact.notice, fact.classification
    return {
        "id": notice.id,
        "title": notice.title,
        "url": notice.url,
        "source": notice.source.id,
        "tier": notice.source.tier,
        "category": said.category,
        "action": said.action,
        "certainty": said.certainty,
        "severity": said.severity,
    }


def _evidence(fact: NoticeClassified) -> list[Facts]:
    return [
        {"claim": one.claim, "rule": one.rule, "words": one.span.quote if one.span else None}
        for one in fact.classification.evidence
    ]


def _words(fact: NoticeClassified, entity: str) -> list[Facts]:
    """Where a notice names an entity."""
    spans = (span for one in fact.classification.entities if one.id == entity for span in one.spans)
    return [span.model_dump(mode="json") for span in spans]
