"""Polling end to end: a feed's bytes in, notices on Kafka out, each news once."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiokafka.errors import KafkaConnectionError
from prometheus_client import REGISTRY

from tocsin.contracts import Tier
from tocsin.contracts.cloudevents import Record
from tocsin.contracts.topics import Topic
from tocsin.ingest import metrics
from tocsin.ingest.outcome import Outcome
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.teller import Teller

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


def rss(*items: tuple[str, str, str]) -> str:
    told = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title><description>{text}</description></item>"
        for guid, title, text in items
    )
    return f'<rss version="2.0"><channel><title>F</title>{told}</channel></rss>'


def source(id_: str, url: str, kind: Kind = Kind.FEED, every: float = 0.05) -> Source:
    return Source(id=id_, name="A source", tier=Tier.OFFICIAL, kind=kind, url=url, every=every)


def asked(site: Any, times: int, path: str = "/f") -> Callable[[], Awaitable[bool]]:
    already = len(site.asked)

    async def holds() -> bool:
        return [request.path for request in site.asked[already:]].count(path) >= times

    return holds


async def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def polls(outcome: Outcome) -> float:
    return float(metrics.POLLS.labels(outcome)._value.get())


async def test_the_age_of_news_by_the_sources_own_date_is_measured(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    item = "<title>Old</title><guid>o</guid><pubDate>Mon, 01 Jun 2026 08:00:00 GMT</pubDate>"
    undated = "<title>New</title><guid>n</guid>"
    site.say("/f", f'<rss version="2.0"><channel><item>{item}</item><item>{undated}</item></channel></rss>')
    found = REGISTRY.get_sample_value("tocsin_stage_seconds_count", {"stage": "source"}) or 0
    seconds = REGISTRY.get_sample_value("tocsin_stage_seconds_sum", {"stage": "source"}) or 0
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 2))
    (seen_at,) = [n.first_seen_at for n in await place.published(source_id) if n.title == "Old"]
    assert REGISTRY.get_sample_value("tocsin_stage_seconds_count", {"stage": "source"}) == found + 1
    age = (REGISTRY.get_sample_value("tocsin_stage_seconds_sum", {"stage": "source"}) or 0) - seconds
    dated_at = datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert age == pytest.approx(max(0.0, (seen_at - dated_at).total_seconds()), abs=1)


async def test_news_are_told_once_a_changed_text_is_a_revision_and_the_rest_is_silent(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    first = rss(("g1", "Ban", "In force."), ("g2", "Other", "Text."))
    site.say("/f", first, Content_Type="application/rss+xml")
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 3))
        told = await place.published(source_id)
        assert sorted((notice.title, notice.revision) for notice in told) == [("Ban", 1), ("Other", 1)]
        site.say("/f", rss(("g1", "Ban", "Lifted."), ("g2", "Other", " Text. ")))
        await eventually(asked(site, 3))
    told = [notice for notice in await place.published(source_id) if notice.title == "Ban"]
    assert [(notice.revision, notice.text) for notice in told] == [(1, "In force."), (2, "Lifted.")]
    assert len({notice.document_id for notice in told}) == 1
    assert len({notice.id for notice in told}) == 2
    assert told[0].source.model_dump() == {
        "id": source_id,
        "name": "A source",
        "tier": "official",
        "kind": "feed",
    }
    assert told[0].content_sha256 == hashlib.sha256(first.encode()).hexdigest()
    assert place.snapshots.path(told[0].content_sha256).read_text() == first


async def test_two_states_of_one_document_in_a_feed_do_not_take_turns(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    late, early = "Mon, 15 Jun 2026 00:00:00 GMT", "Sat, 13 Jun 2026 00:00:00 GMT"
    states = [
        ("g1", title, f"</description><pubDate>{date}</pubDate><description>")
        for title, date in (("Lifted", late), ("Ban", early))
    ]
    site.say("/f", rss(*states))
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 4))
    assert [notice.title for notice in await place.published(source_id)] == ["Lifted"]


async def test_a_restart_tells_nothing_again(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    site.say("/f", rss(("g1", "Ban", "In force.")))
    for _ in range(2):
        async with polling(source(source_id, site.base + "/f")):
            await eventually(asked(site, 2))
    assert len(await place.published(source_id)) == 1


async def test_validators_are_sent_back_and_304_is_no_news(
    polling: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    site.say("/f", rss(("g1", "Ban", "In force.")), ETag='"v1"')
    before = polls(Outcome.NOT_MODIFIED)
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 1))
        site.say("/f", b"", 304)
        await eventually(asked(site, 3))
    assert site.asked[-1].headers["If-None-Match"] == '"v1"'
    assert polls(Outcome.NOT_MODIFIED) >= before + 1


async def test_a_crash_between_publishing_and_remembering_repeats_the_same_id(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    class Crashing:
        """Publishes for real; the first time the connection breaks after that."""

        crashed = False

        async def publish(self, topic: Topic, records: Sequence[Record]) -> None:
            await place.producer.publish(topic, records)
            if not self.crashed:
                self.crashed = True
                raise KafkaConnectionError

    site.say("/f", rss(("g1", "Ban", "In force.")), ETag='"v1"')
    teller = Teller(place.store, place.snapshots, Crashing())  # type: ignore[arg-type]  # fails as Kafka may

    async def told_twice() -> bool:
        return len(await place.published(source_id)) == 2

    async with polling(source(source_id, site.base + "/f"), teller=teller):
        await eventually(told_twice)
    told = await place.published(source_id)
    assert told[0].id == told[1].id
    assert [notice.revision for notice in told] == [1, 1]
    # Nothing was remembered of the poll that crashed, the validators neither.
    assert [request.headers.get("If-None-Match") for request in site.asked[:2]] == [None, None]


async def test_a_bad_entry_costs_only_itself_and_is_kept(  # noqa: PLR0917 - fixtures
    polling: Any, place: Any, site: Any, source_id: str, database: str, eventually: Eventually
) -> None:
    body = rss(("g1", "Good", "One."), ("g2", "", ""), ("g3", "Good too", "Two."))
    site.say("/f", body)
    async with polling(source(source_id, site.base + "/f")):
        await eventually(asked(site, 3))
    assert sorted(notice.title for notice in await place.published(source_id)) == ["Good", "Good too"]
    kept = await rows(
        database, "select source_id, native_id, error, content_sha256 from ingest.failed_entries"
    )
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    assert kept == [(source_id, "g2", "it has neither title nor text", sha256)]
    assert place.snapshots.path(sha256).exists()


async def test_a_source_that_fails_is_asked_more_rarely_and_costs_the_others_nothing(  # noqa: PLR0917 - fixtures
    polling: Any, place: Any, site: Any, source_id: str, database: str, eventually: Eventually
) -> None:
    site.say("/bad", "busy", 429, Retry_After="600")
    site.say("/page", "<!doctype html><p>Hello")
    site.say("/f", rss(("g1", "Ban", "In force.")))
    sources = [source(f"{source_id}-{name}", f"{site.base}/{name}") for name in ("bad", "page", "f")]
    async with polling(*sources):
        await eventually(asked(site, 8))
        await eventually(asked(site, 1, "/page"))
    state = await rows(
        database,
        "select failures, last_error, next_poll_at > now() + interval '500 s' from ingest.sources "
        "where failures > 0 order by id",
    )
    assert state[0] == (1, "throttled: status 429", True)
    assert state[1][0] >= 2
    assert state[1][1].startswith("html: ")
    assert sum(request.path == "/bad" for request in site.asked) == 1
    assert len(await place.published(f"{source_id}-f")) == 1


async def test_one_source_is_never_polled_twice_at_a_time(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    running = most = 0
    body = rss(("g1", "Ban", "In force."))

    async def slowly(_request: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return web.Response(text=body)

    site.answers["/f"] = slowly
    one = source(source_id, site.base + "/f", every=0.001)
    async with polling(one), polling(one):
        await eventually(asked(site, 8))
    assert most == 1
    assert len(await place.published(source_id)) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.JSON_FEED, '{"items": [{"id": "1", "title": "Ban"}]}'),
        (Kind.STATUSPAGE, rss(("https://s.example/incidents/abcdef", "Ban", ""))),
    ],
)
async def test_other_kinds_travel_alike(  # noqa: PLR0917 - fixtures and a table
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually, kind: Kind, body: str
) -> None:
    site.say("/f", body)
    async with polling(source(source_id, site.base + "/f", kind)):
        await eventually(asked(site, 2))
    (notice,) = await place.published(source_id)
    assert (notice.title, notice.source.kind) == ("Ban", kind.value)


async def test_a_file_is_read_when_it_changes(
    polling: Any, place: Any, source_id: str, tmp_path: Path, eventually: Eventually
) -> None:
    path = tmp_path / "notices.ndjson"
    there = Source(id=source_id, name="F", tier=Tier.PRESS, kind=Kind.FILE, path=path, every=0.02)

    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    async with polling(there):
        path.write_text('{"id": "1", "title": "First"}\n')
        await eventually(lambda: told(1))
        path.write_text('{"id": "1", "title": "First"}\n{"id": "2", "title": "Second"}\n')
        await eventually(lambda: told(2))
    assert {notice.title for notice in await place.published(source_id)} == {"First", "Second"}
