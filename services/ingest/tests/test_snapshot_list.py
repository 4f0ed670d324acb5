"""Lists published whole: what was added, removed and changed is one notice, however much it is."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tocsin.contracts import Tier
from tocsin.ingest.entry import Entry
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.source import Kind, Rows, Source
from tocsin.ingest.sources import snapshot_list

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]

LISTED = Rows(at="results", key="id", label="name")


def source(id_: str = "list", url: str = "https://list.example/all.json") -> Source:
    return Source(
        id=id_, name="The list", tier=Tier.OFFICIAL, kind=Kind.SNAPSHOT_LIST, url=url, rows=LISTED, every=0.05
    )


def body(**names: Any) -> str:
    rows = [{"id": id_, "name": name, "aliases": ["b", "a"]} for id_, name in names.items()]
    return json.dumps({"searched_at": "now", "results": rows})


class Sights:
    """A list looked at again and again, with the memory that ingest would keep."""

    def __init__(self) -> None:
        self.memory: bytes | None = None

    def see(self, text: str) -> list[Entry]:
        fetched = Fetched(text.encode(), "https://list.example/all.json", "", Validators(memory=self.memory))
        parsed = snapshot_list.parse(source(), fetched)
        self.memory = parsed.memory or self.memory
        return list(parsed.entries)


def test_the_first_sight_is_remembered_and_tells_nothing() -> None:
    sights = Sights()
    assert sights.see(body(x="Ex Ltd")) == []
    assert sights.see(body(x="Ex Ltd")) == []


def test_added_removed_and_changed_rows_are_told_in_one() -> None:
    sights = Sights()
    sights.see(body(a="Alpha", b="Beta", c="Gamma"))
    (entry,) = sights.see(body(a="Alpha", c="Gamma Inc", d="Delta"))
    assert entry.title == "The list: 1 added, 1 removed, 1 changed"
    assert "Added (1):\nDelta (d)\nRemoved (1):\nBeta (b)\nChanged (1):\nGamma Inc (c)\n" in entry.text
    assert "3 rows, is the snapshot with SHA-256 " in entry.text


def test_another_order_says_nothing() -> None:
    sights = Sights()
    sights.see(body(a="Alpha", b="Beta"))
    assert sights.see(body(b="Beta", a="Alpha").replace('["b", "a"]', '["a", "b"]')) == []


def test_a_list_that_changes_back_and_forth_is_a_new_document_each_time() -> None:
    sights = Sights()
    told = [sights.see(body(**rows)) for rows in ({"a": "A"}, {"b": "B"}, {"a": "A"}, {"b": "B"}, {"a": "A"})]
    assert [len(entries) for entries in told] == [0, 1, 1, 1, 1]
    assert len({entry.native_id for entries in told for entry in entries}) == 4


def test_a_crash_before_remembering_repeats_the_same_document() -> None:
    sights = Sights()
    sights.see(body(a="A"))
    kept = sights.memory
    first = sights.see(body(a="A", b="B"))
    sights.memory = kept
    assert sights.see(body(a="A", b="B")) == first


def test_thousands_of_changes_are_one_notice_with_counts() -> None:
    sights = Sights()
    sights.see(body(a="A"))
    (entry,) = sights.see(body(**{f"n{number}": f"Name {number} " * 9 for number in range(3_000)}))
    assert entry.title == "The list: 3,000 added, 1 removed"
    assert "and 2,600 more" in entry.text
    assert len(entry.text) < 200_000
    assert entry.text.count("\n") < 420


def test_rows_without_an_id_cost_only_themselves() -> None:
    rows = [{"id": "a", "name": "A"}, {"name": "B"}, "junk", {"id": " "}, {"id": {"x": 1}}]
    fetched = Fetched(json.dumps({"results": rows}).encode(), "", "", Validators())
    parsed = snapshot_list.parse(source(), fetched)
    assert [bad.native_id for bad in parsed.bad] == ["#2", "#3", "#4", "#5"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        '{"results": []}',
        '{"rows": [{"id": 1}]}',
        body(a="A")[:-9],
        '{"results": ' + "[" * 9_999,
    ],
)
def test_what_is_no_whole_list_fails_so_that_nothing_seems_removed(text: str) -> None:
    with pytest.raises(PollFailed):
        snapshot_list.parse(source(), Fetched(text.encode(), "", "", Validators()))


async def test_a_list_is_compared_across_polls(
    polling: Any, place: Any, site: Any, source_id: str, eventually: Eventually
) -> None:
    async def told(count: int) -> bool:
        return len(await place.published(source_id)) == count

    async def asked() -> bool:
        return len(site.asked) >= 2

    site.say("/all.json", body(a="Alpha"), ETag='"1"')
    async with polling(source(source_id, f"{site.base}/all.json")):
        await eventually(asked)
        site.say("/all.json", body(a="Alpha", b="Beta"), ETag='"2"')
        await eventually(lambda: told(1))
        site.say("/all.json", body(b="Beta"))
        await eventually(lambda: told(2))
    notices = await place.published(source_id)
    assert {notice.title for notice in notices} == {"The list: 1 added", "The list: 1 removed"}
