"""Documents that several sources tell of, and documents that change too often."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.contracts import Tier
from tocsin.ingest import metrics
from tocsin.ingest.changes import Known, judge
from tocsin.ingest.entry import Entry
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.teller import MOST_AN_HOUR, Sighting

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

NOW = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)


def source(id_: str, **more: Any) -> Source:
    url = more.pop("url", "https://a.example/")
    return Source(id=id_, name=id_, tier=Tier.PARTY, kind=Kind.FEED, url=url, every=0.03, **more)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a1 b1 a2 b2", "a1 a2"),  # b repeats what a told
        ("a1 b2 a1 b2 a1", "a1 b2"),  # two wordings: each is told once, and neither takes turns
        ("a1 a2 b1 b2", "a1 a2"),  # b lags behind
        ("a1 a2 a1 a2", "a1 a2 a1 a2"),  # one source that goes back and forth says something each time
        ("a1 b2 b1", "a1 b2 b1"),  # b saw it come back
        ("a1 b2 a1 a3 b2 b3", "a1 b2 a3"),
    ],
)
async def test_sources_of_one_document_tell_each_text_once(place: Any, said: str, told: str) -> None:
    sources = {name: source(f"one-{name}", documents="shared") for name in "ab"}
    await place.store.declare(list(sources.values()))
    news = []
    for one in said.split():
        entry = Entry("doc", "T", one[1:])
        (verdict,) = await place.teller.tell(Sighting(sources[one[0]], [entry], b"x", NOW))
        news += [one] if verdict.is_news else []
    assert " ".join(news) == told


def test_sources_share_documents_only_when_they_say_so() -> None:
    assert source("a").namespace == "a"
    assert source("a-json", documents="a").namespace == "a"


def test_a_document_that_changed_often_within_the_hour_is_held_and_one_that_is_new_never() -> None:
    entry = Entry("doc", "T", "new text")
    assert judge("s", entry, Known(12, "old", "n-1", recent=12), most=12).held
    assert judge("s", entry, Known(12, "old", "n-1", recent=11), most=12).is_news
    assert judge("s", entry, Known(12, "old", "n-1", recent=12)).is_news
    assert judge("s", entry, None, most=0).is_news


async def test_what_is_held_is_counted_and_its_newest_text_is_told_when_the_hour_is_over(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    def show(number: int) -> None:
        item = f"<item><guid>g</guid><title>Flaps</title><description>State {number}</description></item>"
        site.say("/f", f'<rss version="2.0"><channel>{item}</channel></rss>', ETag=f'"{number}"')

    def told(count: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return len(await place.published(source_id)) == count

        return holds

    held = metrics.HELD.labels(Kind.FEED)
    before = held._value.get()

    async def some_held() -> bool:
        return bool(held._value.get() >= before + 2)  # asked again, though the answer has a validator

    async with polling(source(source_id, url=f"{site.base}/f")):
        for number in range(MOST_AN_HOUR):
            show(number)
            await eventually(told(number + 1))
        show(98)
        show(99)
        await eventually(some_held)
        assert await told(MOST_AN_HOUR)()
        ago = "update revisions set first_seen_at = first_seen_at - interval '1 hour' where source_id = $1"
        await place.pool.execute(ago, source_id)
        await eventually(told(MOST_AN_HOUR + 1))
    assert "State 99" in {notice.text for notice in await place.published(source_id)}
