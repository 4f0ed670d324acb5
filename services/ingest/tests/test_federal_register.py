"""The Federal Register: documents as printed and on public inspection, with the manners of its API."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import web

from tocsin.contracts import Tier
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import federal_register

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

PARENT = {"id": 54, "name": "Commerce Department", "parent_id": None, "slug": "commerce-department"}
BUREAU = {"id": 241, "name": "Industry and Security Bureau", "parent_id": 54, "raw_name": "Bureau of I and S"}


def document(number: str, title: str = "Licence for chips ", day: str = "2026-11-27") -> dict[str, Any]:
    return {
        "document_number": number,
        "title": title,
        "type": "Rule",
        "abstract": "A licence is needed.",
        "html_url": f"https://register.example/documents/{number}/licence",
        "pdf_url": f"https://print.example/{number}.pdf",
        "publication_date": day,
        "agencies": [PARENT, BUREAU],
        "excerpts": None,
    }


def inspected(number: str) -> dict[str, Any]:
    return {
        "document_number": number,
        "title": "Licence for chips ",
        "type": "Rule",
        "html_url": f"https://register.example/public-inspection/{number}/licence",
        "publication_date": "2026-11-27",
        "filed_at": "2026-11-25T08:45:00-05:00",
        "agencies": [BUREAU],
        "num_pages": 5,
        "page_views": {"count": 3},
    }


def fetched(answer: object) -> Fetched:
    return Fetched(json.dumps(answer).encode(), "https://register.example/api", "", Validators())


def test_a_document_is_read_by_its_number_dated_ahead_with_its_most_specific_agency() -> None:
    (entry,) = federal_register.documents(fetched({"count": 1, "results": [document("2026-1")]})).entries
    assert (entry.native_id, entry.title) == ("2026-1", "Licence for chips")
    assert entry.text == (
        "A licence is needed.\nRule\nIndustry and Security Bureau\nPublication date 2026-11-27"
    )
    assert entry.published_at == datetime(2026, 11, 27, tzinfo=UTC)
    assert entry.url == "https://register.example/documents/2026-1/licence"
    assert entry.links == ("https://print.example/2026-1.pdf",)


def test_an_agency_whose_parent_is_not_named_stays_and_one_without_a_name_gives_its_raw_one() -> None:
    both = document("2026-1") | {"agencies": [BUREAU, {"id": 9, "raw_name": "Another Office"}, "junk"]}
    (entry,) = federal_register.documents(fetched({"count": 1, "results": [both]})).entries
    assert "Industry and Security Bureau, Another Office" in entry.text


@pytest.mark.parametrize("read", [federal_register.documents, federal_register.public_inspection])
@pytest.mark.parametrize("answer", [{"description": "Documents", "count": 0}, {"count": 0, "results": []}])
def test_an_empty_answer_is_no_failure(read: Any, answer: Any) -> None:
    parsed = read(fetched(answer))
    assert (parsed.entries, parsed.bad) == ((), ())


@pytest.mark.parametrize("answer", [{}, {"count": 3}, {"results": {}, "count": 0}, [], "x", {"status": 400}])
def test_what_is_no_answer_of_the_api_is_said_to_be_none(answer: Any) -> None:
    with pytest.raises(PollFailed) as failed:
        federal_register.documents(fetched(answer))
    assert failed.value.outcome is Outcome.UNREADABLE


def test_a_bad_document_costs_only_itself() -> None:
    results = [document("2026-1"), document(""), "junk", document("2026-2", ""), {"document_number": [1]}]
    parsed = federal_register.documents(fetched({"count": 5, "results": results}))
    assert [entry.native_id for entry in parsed.entries] == ["2026-1"]
    assert [bad.native_id for bad in parsed.bad] == ["#2", "#3", "2026-2", "#5"]


def test_public_inspection_is_read_and_a_count_that_does_not_fit_is_drift() -> None:
    parsed = federal_register.public_inspection(fetched({"count": 1, "results": [inspected("2026-1")]}))
    (entry,) = parsed.entries
    assert (entry.native_id, parsed.bad) == ("2026-1", ())
    assert entry.text.endswith("On public inspection, to be published 2026-11-27")
    assert entry.published_at == datetime(2026, 11, 25, 13, 45, tzinfo=UTC)
    drifted = federal_register.public_inspection(fetched({"count": 7, "results": [inspected("2026-1")]}))
    assert len(drifted.entries) == 1
    assert [bad.native_id for bad in drifted.bad] == ["count"]
    assert "counts 7 and holds 1" in drifted.bad[0].error


class Register:
    """Answers searches as the real API does: newest first, ``count`` capped, parameters repeated."""

    def __init__(self, site: Any) -> None:
        self.documents: list[dict[str, Any]] = []
        self.site = site
        site.answers["/api/v1/documents.json"] = self.search
        site.answers["/api/v1/documents"] = self.search

    async def search(self, request: web.Request) -> web.Response:
        if "bureau-of-industry-and-security" in request.query.getall("conditions[agencies][]"):
            return web.json_response({"errors": {"agencies": "is not valid"}}, status=400)
        size, number = int(request.query.get("per_page", "20")), int(request.query.get("page", "1"))
        found = self.documents[(number - 1) * size : number * size]
        if not found:
            return web.json_response({"description": "Documents", "count": 0})
        answer: dict[str, Any] = {"count": min(len(self.documents), 10_000), "results": found}
        if number * size < len(self.documents):
            given = [pair for pair in parse_qsl(request.query_string) if pair[0] != "page"]
            query = urlencode([*given, ("page", str(number + 1))])
            answer["next_page_url"] = f"{self.site.base}/api/v1/documents?{query}"
        return web.json_response(answer)

    @property
    def pages_asked(self) -> list[str]:
        return [request.query.get("page", "1") for request in self.site.asked]


def search(site: Any, id_: str, slug: str = "industry-and-security-bureau", **more: Any) -> Source:
    query = f"conditions[agencies][]={slug}&order=newest&per_page=3&cache=1"
    return Source(
        id=id_,
        name="Register",
        tier=Tier.OFFICIAL,
        kind=more.pop("kind", Kind.FEDERAL_REGISTER),
        url=more.pop("url", f"{site.base}/api/v1/documents.json?{query}"),
        every=0.05,
        **more,
    )


async def test_pages_are_read_until_something_is_known_and_told_oldest_first(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    register = Register(site)
    register.documents = [document(f"2026-{n}", f"Rule {n}") for n in range(12, 0, -1)]

    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    async with polling(search(site, source_id)):
        await eventually(lambda: told(3))  # at first sight one page, whatever there was before
        assert set(register.pages_asked) == {"1"}
        register.documents = [document(f"2026-{n}", f"Rule {n}") for n in range(19, 0, -1)]
        await eventually(lambda: told(10))
        assert set(register.pages_asked) == {"1", "2", "3"}
        register.site.asked.clear()
        register.documents = [document("2026-20", "Rule 20"), *register.documents]
        await eventually(lambda: told(11))
    assert set(register.pages_asked) == {"1"}
    assert {n.title for n in await place.published(source_id)} == {f"Rule {n}" for n in range(10, 21)}


async def test_a_reversed_slug_is_explained(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    Register(site)

    async def failed() -> bool:
        async with place.store._pool.acquire() as connection:
            said = await connection.fetchval("select last_error from sources where id = $1", source_id)
        return "industry-and-security-bureau" in (said or "")

    async with polling(search(site, source_id, "bureau-of-industry-and-security")):
        await eventually(failed)


async def test_a_document_in_both_places_is_one_and_neither_takes_turns(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    register = Register(site)
    site.say("/pi", json.dumps({"count": 1, "results": [inspected("2026-1")]}))
    early = search(
        site, f"{source_id}-pi", kind=Kind.PUBLIC_INSPECTION, url=f"{site.base}/pi", documents=source_id
    )
    late = search(site, f"{source_id}-fr", documents=source_id)

    async def told() -> bool:
        return len(await place.published(late.id)) == 1

    async def polled_again() -> bool:
        return len(register.pages_asked) >= asked + 6

    async with polling(early, late):
        await eventually(lambda: _some(place, early.id))
        register.documents = [document("2026-1")]
        await eventually(told)
        asked = len(register.pages_asked)
        await eventually(polled_again)
    (first,), (second,) = await place.published(early.id), await place.published(late.id)
    assert first.document_id == second.document_id
    assert (first.revision, second.revision) == (1, 2)


async def _some(place: Any, source_id: str) -> bool:
    return bool(await place.published(source_id))
