"""Statuspage by its API: the documents of its feed, in the same words, newest update first."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.contracts import Tier
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources import statuspage, statuspage_json

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

MONITORING = {
    "id": "u1",
    "status": "monitoring",
    "body": "Both models are off.\nOthers work.",
    "display_at": "2026-06-03T00:50:00.000Z",
    "created_at": "2026-06-03T00:51:12.000Z",
}
RESOLVED = {
    "id": "u2",
    "status": "resolved",
    "body": "Both are back. See https://vendor.example/back",
    "created_at": "2026-07-01T19:26:00.000Z",
}


def answer(*updates: Any, **more: Any) -> str:
    incident = {
        "id": "k3y9w1zq0abc",
        "name": "Access to two models paused",
        "impact": "minor",
        "status": "monitoring",
        "created_at": "2026-06-03T00:51:12.000Z",
        "incident_updates": list(updates),
    }
    page = {"id": "p", "url": "https://status.vendor.example", "time_zone": "Etc/UTC"}
    return json.dumps({"page": page, "incidents": [incident | more]})


FEED = """<rss version="2.0"><channel><title>S</title><item><title>Access to two models paused</title>
<link>https://status.vendor.example/incidents/k3y9w1zq0abc</link>
<guid>https://status.vendor.example/incidents/k3y9w1zq0abc</guid>
<pubDate>Wed, 03 Jun 2026 00:51:12 +0000</pubDate><description>{updates}</description></item>
</channel></rss>"""
FEED_MONITORING = (
    "&lt;p&gt;&lt;small&gt;Jun &lt;var data-var='date'&gt; 3&lt;/var&gt;, &lt;var data-var='time'&gt;00:50"
    "&lt;/var&gt; UTC&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Monitoring&lt;/strong&gt; - Both models are off."
    "&lt;br /&gt;Others work.&lt;/p&gt;"
)


def fetched(body: str) -> Fetched:
    return Fetched(body.encode(), "https://api.example/incidents.json", "", Validators())


def test_an_incident_is_one_document_with_its_updates_newest_first() -> None:
    (entry,) = statuspage_json.parse(fetched(answer(MONITORING, RESOLVED))).entries
    assert entry.native_id == "incident k3y9w1zq0abc"
    assert entry.url == "https://status.vendor.example/incidents/k3y9w1zq0abc"
    assert entry.text == (
        "Jul 1, 19:26 UTC\nResolved - Both are back. See https://vendor.example/back\n"
        "Jun 3, 00:50 UTC\nMonitoring - Both models are off.\nOthers work."
    )
    assert entry.updated_at == datetime(2026, 7, 1, 19, 26, tzinfo=UTC)


def test_feed_and_api_say_the_same() -> None:
    (by_api,) = statuspage_json.parse(fetched(answer(MONITORING))).entries
    (by_feed,) = statuspage.parse(fetched(FEED.format(updates=FEED_MONITORING))).entries
    assert (by_api.native_id, by_api.title, by_api.text) == (by_feed.native_id, by_feed.title, by_feed.text)


def test_a_page_in_another_zone_shows_its_own_times() -> None:
    body = answer(MONITORING).replace("Etc/UTC", "America/Los_Angeles")
    (entry,) = statuspage_json.parse(fetched(body)).entries
    assert entry.text.startswith("Jun 2, 17:50 PDT\n")
    (entry,) = statuspage_json.parse(fetched(answer(MONITORING).replace("Etc/UTC", "../../etc"))).entries
    assert entry.text.startswith("Jun 3, 00:50 UTC\n")


def test_bad_incidents_and_updates_cost_only_themselves() -> None:
    (entry,) = statuspage_json.parse(fetched(answer("junk", {"status": 3}, MONITORING))).entries
    assert "Both models are off." in entry.text
    parsed = statuspage_json.parse(fetched(answer(MONITORING, name="")))
    assert [bad.native_id for bad in parsed.bad] == ["k3y9w1zq0abc"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"incidents": {}}'])
def test_what_is_no_status_page_is_said_to_be_none(body: str) -> None:
    with pytest.raises(PollFailed):
        statuspage_json.parse(fetched(body))


async def test_an_incident_told_by_feed_and_api_is_one_document_told_once_an_update(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    def status(kind: Kind, path: str) -> Source:
        id_ = f"{source_id}-{path}"
        url = f"{site.base}/{path}"
        return Source(id=id_, name="S", tier=Tier.PARTY, kind=kind, url=url, every=0.05, documents=source_id)

    sources = status(Kind.STATUSPAGE, "feed"), status(Kind.STATUSPAGE_JSON, "api")

    async def told() -> list[Any]:
        return [notice for source in sources for notice in await place.published(source.id)]

    async def all_told(count: int) -> bool:
        return len(await told()) == count

    def asked_again() -> Callable[[], Awaitable[bool]]:
        already = len(site.asked)

        async def holds() -> bool:
            paths = [request.path for request in site.asked[already:]]
            return min(paths.count("/feed"), paths.count("/api")) >= 3

        return holds

    site.say("/feed", FEED.format(updates=FEED_MONITORING))
    site.say("/api", answer(MONITORING))
    async with polling(*sources):
        await eventually(lambda: all_told(1))
        site.say("/api", answer(RESOLVED, MONITORING))  # the feed lags behind
        await eventually(lambda: all_told(2))
        await eventually(asked_again())
    notices = sorted(await told(), key=lambda notice: notice.revision)
    assert [notice.revision for notice in notices] == [1, 2]
    assert len({notice.document_id for notice in notices}) == 1
    assert "Resolved - Both are back." in notices[1].text
