"""Manners at work: a real server is asked as it wants, and nothing is told twice or missed for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from tocsin.contracts import Tier
from tocsin.ingest import metrics, parser
from tocsin.ingest.dates import Flag
from tocsin.ingest.outcome import Outcome
from tocsin.ingest.source import Kind, Source

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


def rss(*titles: str, more: str = "") -> str:
    items = "".join(f"<item><guid>{title}</guid><title>{title}</title></item>" for title in titles)
    return f'<rss version="2.0"><channel><title>F</title>{more}{items}</channel></rss>'


def source(id_: str, url: str, *, every: float = 0.05, **fields: Any) -> Source:
    return Source(id=id_, name="A source", tier=Tier.OFFICIAL, kind=Kind.FEED, url=url, every=every, **fields)


def asked(site: Any, times: int, path: str = "/f") -> Callable[[], Awaitable[bool]]:
    already = len(site.asked)

    async def holds() -> bool:
        return [request.path for request in site.asked[already:]].count(path) >= times

    return holds


def counted(outcome: Outcome) -> float:
    return float(metrics.POLLS.labels(outcome)._value.get())


async def value(database: str, query: str) -> Any:
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_changed_validator_with_an_unchanged_body_is_no_news(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=rss("Ban"), headers={"ETag": f'W/"{len(site.asked)}"'})

    site.answers["/f"] = answer
    read, unchanged = counted(Outcome.READ), counted(Outcome.UNCHANGED)
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 4))
    assert len(await place.published(source_id)) == 1
    assert counted(Outcome.READ) == read + 1
    assert counted(Outcome.UNCHANGED) >= unchanged + 2


async def test_a_source_that_ignores_its_own_tag_is_asked_by_date(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    """Each answer has another ETag; If-Modified-Since is looked at only alone, as RFC 9110 has it."""
    changed_at = [formatdate(1_000_000_000, usegmt=True)]

    async def answer(request: web.Request) -> web.Response:
        if (
            "If-None-Match" not in request.headers
            and request.headers.get("If-Modified-Since") == changed_at[-1]
        ):
            return web.Response(status=304)
        headers = {"ETag": f'"{len(site.asked)}"', "Last-Modified": changed_at[-1]}
        return web.Response(text=rss(*changed_at), headers=headers)

    site.answers["/f"] = answer
    not_modified = counted(Outcome.NOT_MODIFIED)

    async def is_learnt() -> bool:
        return counted(Outcome.NOT_MODIFIED) >= not_modified + 2

    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 2))
        changed_at.append(formatdate(1_000_000_100, usegmt=True))
        await eventually(is_learnt)
        changed_at.append(formatdate(1_000_000_200, usegmt=True))
        await eventually(asked(site, 3))
    assert {notice.title for notice in await place.published(source_id)} == set(changed_at)


async def test_an_unchanged_body_is_parsed_again_by_a_new_parser(
    polling: Any, site: Any, source_id: str, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match") == '"1"'
        return web.Response(status=304) if known else web.Response(text=rss("Ban"), headers={"ETag": '"1"'})

    site.answers["/f"] = answer
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 3))
    read = counted(Outcome.READ)
    monkeypatch.setattr(parser, "VERSION", "mended")
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 3))
    assert counted(Outcome.READ) == read + 1


@pytest.mark.parametrize(
    ("headers", "more", "least", "most"),
    [
        ({"Cache_Control": "max-age=600"}, "", 600, 661),
        ({"Cache_Control": "max-age=99999"}, "", 3_600, 3_961),
        ({}, "<ttl>60</ttl>", 0.2, 0.23),  # four times `every` at the most
        ({}, "", 0.04, 0.06),
    ],
)
async def test_a_source_is_left_alone_as_long_as_it_asks(  # noqa: PLR0917 - fixtures and a table
    polling: Any,
    site: Any,
    source_id: str,
    database: str,
    eventually: Eventually,
    headers: dict[str, str],
    more: str,
    least: float,
    most: float,
) -> None:
    site.say("/f", rss("Ban", more=more), **headers)

    async def is_settled() -> bool:
        return await value(database, "select last_success_at from ingest.sources") is not None

    async with polling(source(source_id, site.base + "/f")):
        await eventually(is_settled)
    pause = "extract(epoch from next_poll_at - last_success_at)::float8"
    assert least <= await value(database, f"select {pause} from ingest.sources") <= most


async def test_a_permanent_redirect_is_adopted_after_three_polls_and_documents_keep_their_ids(  # noqa: PLR0917 - fixtures
    polling: Any, place: Any, site: Any, source_id: str, database: str, eventually: Eventually
) -> None:
    site.say("/f", rss("Ban"), ETag='"1"')
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 2))
        site.say("/new", rss("Ban"), ETag='"1"')
        site.say("/f", b"", 301, Location="/new")
        await eventually(asked(site, 6, "/new"))
        site.say("/new", rss("Ban", "Lift"))
        await eventually(asked(site, 2, "/new"))
    through_the_old = [request.path for request in site.asked].count("/f")
    assert 5 <= through_the_old <= 8  # two before, three to confirm, and what was under way
    assert (
        await value(database, "select manners->'moves'->>'adopted' from ingest.sources") == site.base + "/new"
    )
    assert sorted(notice.title for notice in await place.published(source_id)) == ["Ban", "Lift"]


async def test_a_new_address_that_dies_sends_us_back_to_the_declared_one(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    site.say("/f", b"", 308, Location="/new")
    site.say("/new", rss("Ban"))
    async with polling(source(source_id, site.base + "/f", every=0.02)):
        await eventually(asked(site, 5, "/new"))
        site.say("/new", "gone", 404)
        site.say("/f", rss("Ban", "Lift"))
        await eventually(asked(site, 2))
    assert {notice.title for notice in await place.published(source_id)} == {"Ban", "Lift"}


async def test_one_host_is_asked_by_two_at_most_and_not_at_once(
    polling: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    began: list[float] = []
    running = most = 0

    async def slowly(_request: web.Request) -> web.Response:
        nonlocal running, most
        began.append(time.monotonic())
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.3)
        running -= 1
        return web.Response(text=rss("Ban"))

    site.answers["/f"] = slowly
    sources = [source(f"{source_id}-{n}", site.base + "/f", spacing=0.1) for n in range(4)]
    async with polling(*sources):
        await eventually(asked(site, 8))
    assert most == 2
    assert min(after - before for before, after in pairwise(began)) > 0.08


async def test_a_slow_host_holds_up_no_other(
    polling: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    async def never(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    site.answers["/slow"] = never
    site.say("/f", rss("Ban"))
    slow = [
        source(f"{source_id}-{n}", f"{site.base}/slow".replace("127.0.0.1", "localhost")) for n in range(6)
    ]
    async with polling(*slow, source(source_id, site.base + "/f")):  # four are polled at a time
        await eventually(asked(site, 10))
    assert [request.path for request in site.asked].count("/slow") <= 2


async def test_dates_ahead_are_flagged_and_absurd_ones_dropped(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    item = "<item><title>{0}</title><pubDate>{1}</pubDate></item>"
    tomorrow = formatdate(time.time() + 86_400)
    dated = item.format("Tomorrow", tomorrow) + item.format("Epoch", "Thu, 01 Jan 1970 00:00:00 GMT")
    site.say("/f", rss(more=dated))
    flagged = {flag: metrics.DATES_FLAGGED.labels(flag)._value.get() for flag in Flag}
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 2))
    told = {notice.title: notice for notice in await place.published(source_id)}
    assert told["Epoch"].published_at is None
    assert told["Tomorrow"].published_at is not None
    assert told["Tomorrow"].first_seen_at < told["Tomorrow"].published_at
    for flag in Flag:
        assert metrics.DATES_FLAGGED.labels(flag)._value.get() == flagged[flag] + 1


async def test_a_list_that_is_all_new_may_have_lost_some_and_says_so(
    polling: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    site.say("/f", rss("1", "2"))
    before = metrics.OVERRUNS._value.get()
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 2))
        site.say("/f", rss("2", "3"))
        await eventually(asked(site, 2))
        assert metrics.OVERRUNS._value.get() == before
        site.say("/f", rss("5", "6"))
        await eventually(asked(site, 2))
    assert metrics.OVERRUNS._value.get() == before + 1
