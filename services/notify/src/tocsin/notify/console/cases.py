"""Case: what happened, why it matters, what is next; its steps, notices, conflicts, and who was told."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.notify import wording
from tocsin.notify.cases.conflicts import conflicts
from tocsin.notify.cases.filing import Case, Development
from tocsin.notify.console import dossier, marks, shell, words
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.dossier import Entry
from tocsin.notify.console.visitor import Guest
from tocsin.notify.store import console
from tocsin.notify.store.console import Sent, Taken

MOST_SHOWN = 12  # notices with their texts
MOST_COPIES = 5  # named under an original
LONGEST_TITLE = 400


def router(desk: Desk) -> APIRouter:
    """The page."""
    routes = shell.routes()

    @routes.get("/cases/{name}")
    async def case(request: Request, guest: Guest, name: str) -> Response:
        found = await console.case(desk.pool, name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no case {words.one_line(name, 40)}.")
        if name != found.id and name.upper() != found.ref:
            return shell.see(f"/cases/{found.ref}")  # a person has merged it into that one
        facts = await _file(desk, found, guest.team(""))
        return shell.live(request, guest, "case", case=found, title=words.title(found), **facts)

    return routes


async def _file(desk: Desk, case: Case, team: str | None) -> dict[str, Any]:
    """All that the page shows of a case, to one team or to whoever sees all."""
    steps = await console.steps(desk.pool, case.id)
    told = await console.told(desk.pool, case.id)
    shown = dossier.fold(told)[-MOST_SHOWN:]
    texts = await console.texts(desk.pool, [entry.fact.id for entry in shown])
    return {
        "steps": steps,
        "parts": await _parts(desk, case, steps),
        "matters": await console.newest_alerts(desk.pool, case.id, team),
        "conflicts": conflicts(fact for fact, _ in told),
        "tiers": [(tier, [_entry(one, texts) for one in some]) for tier, some in dossier.by_tier(shown)],
        "left_out": case.notices - sum(1 + len(entry.copies) for entry in shown),
        "most_copies": MOST_COPIES,
        "sent": _by_alert(await console.sent(desk.pool, case.id, team)),
    }


async def _parts(desk: Desk, case: Case, steps: Sequence[Taken]) -> dict[str, Any] | None:
    """What the newest step says has happened, and what to watch next; None for a case without a step."""
    fact = await console.notice(desk.pool, steps[0].notice_id) if steps else None
    if fact is None:
        return None
    news = Development(fact=fact, case=case, step=steps[0].step)
    return {
        "happened": wording.happened(news),
        "provenance": wording.provenance(news),
        "quotes": wording.quotes(fact),
        "next": wording.watch_next(news),
    }


def _entry(entry: Entry, texts: Mapping[str, str]) -> dict[str, Any]:
    """A notice with the words marked that claims stand on."""
    fact = entry.fact
    return {
        "fact": fact,
        "because": entry.because,
        "copies": entry.copies,
        "title": marks.mark(fact.notice.title[:LONGEST_TITLE], marks.quoted(fact, "title")),
        "text": marks.passages(texts.get(fact.id, ""), marks.quoted(fact, "text")),
        "claims": sorted({one.claim for one in fact.classification.evidence if "=" in one.claim}),
    }


def _by_alert(sent: Sequence[Sent]) -> list[tuple[Sent, list[Sent]]]:
    """Each alert with its channels."""
    groups = (list(some) for _, some in groupby(sent, key=attrgetter("alert")))
    return [(some[0], [one for one in some if one.channel is not None]) for some in groups]
