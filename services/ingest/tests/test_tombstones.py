"""Documents that a feed withdraws: told to those who were told of them."""

from collections.abc import Awaitable, Callable
from typing import Any

from tocsin.contracts import Tier
from tocsin.ingest.changes import Known, judge
from tocsin.ingest.entry import Entry
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources.tombstones import tombstones

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
<title>Office</title>{entries}</feed>"""
ENTRY = "<entry><id>urn:x:1</id><title>A ban</title><content>In force.</content></entry>"
DELETED = """<at:deleted-entry ref="urn:x:1" when="2026-06-30T22:00:00Z">
<at:comment>Sent in error.</at:comment>
</at:deleted-entry>"""


def test_a_deleted_entry_is_read_with_its_comment() -> None:
    (entry,) = tombstones(ATOM.format(entries=DELETED).encode())
    assert (entry.native_id, entry.withdrawn, entry.title) == ("urn:x:1", True, "Withdrawn by its source")
    assert entry.text == "The source has withdrawn this document.\nSent in error."


def test_an_ill_formed_feed_withdraws_nothing() -> None:
    assert tombstones(ATOM.format(entries=DELETED).encode()[:-4]) == ()
    assert tombstones(b"\xff http://purl.org/atompub/tombstones/1.0") == ()


def test_a_withdrawal_is_nothing_to_those_who_were_never_told() -> None:
    gone = Entry("a", "Withdrawn", "", withdrawn=True)
    assert not judge("s", gone, None).is_news
    assert judge("s", gone, Known(1, "other", "n-1")).is_news


async def test_a_withdrawal_revises_its_document(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    site.say("/f", ATOM.format(entries=ENTRY))
    url = f"{site.base}/f"
    async with polling(
        Source(id=source_id, name="O", tier=Tier.OFFICIAL, kind=Kind.FEED, url=url, every=0.05)
    ):
        await eventually(lambda: told(1))
        unknown = DELETED.replace("urn:x:1", "urn:x:2")
        site.say("/f", ATOM.format(entries=DELETED + unknown))
        await eventually(lambda: told(2))
    first, second = sorted(await place.published(source_id), key=lambda notice: notice.revision)
    assert first.document_id == second.document_id
    assert second.title == "Withdrawn by its source"
