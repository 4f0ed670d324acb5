"""Wordings that no rule knows, from the classified topic or a file, as a work list with counts."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tocsin.chassis.archive import Tell
from tocsin.classify.batch import read_item
from tocsin.classify.classify import classify
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.unknown import UNKNOWN, wording_of
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.kafka import ask, records
from tocsin.contracts import NOTICES_CLASSIFIED, Classification, NoticeClassified, NoticePublished
from tocsin.contracts.cloudevents import Received, Unreadable, from_record

MOST_TITLES = 3


@dataclass(frozen=True)
class Work:
    """One wording, in how many documents it stands, and a few titles."""

    wording: str
    count: int
    titles: list[str]


@dataclass(frozen=True)
class Sighting:
    """An unknown wording in one document."""

    title: str
    wording: str


Found = dict[str, Sighting]  # by document, as it was last classified


def grouped(found: Found) -> list[Work]:
    """The wordings by how many documents hold them."""
    titles: dict[str, list[str]] = {}
    for one in found.values():
        titles.setdefault(one.wording, []).append(one.title)
    work = (Work(wording, len(some), some[:MOST_TITLES]) for wording, some in titles.items())
    return sorted(work, key=lambda one: (-one.count, one.wording))


def from_items(path: Path, knowledge: Knowledge) -> Found:
    """What the items of a JSON Lines file say, read as by `tocsin classify`; ``Failure`` for a bad one."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {path}: {error}") from error
    found: Found = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                notice = read_item(json.loads(line))
            except (ValueError, AttributeError) as error:  # an item is an object: others have no fields
                raise Failure(Exit.USAGE, f"{path}, line {number}: {error}") from error
            _take(found, notice, classify(notice, knowledge))
    return found


def from_kafka(start: datetime) -> Found:
    """What was classified since then, in order."""

    async def read(bootstrap: str, tell: Tell) -> Found:
        found: Found = {}
        async for some in records(bootstrap, NOTICES_CLASSIFIED, start, tell):
            for record in some:
                try:
                    fact = from_record(Received(record.value, record.headers), NoticeClassified)
                except Unreadable:
                    continue  # the services bury those; they are no wording
                _take(found, fact.notice, fact.classification)
        return found

    return ask(read)


def _take(found: Found, notice: NoticePublished, said: Classification) -> None:
    evidence = wording_of(said)
    found.pop(notice.document_id, None)  # a later revision or newer rules may know what it says
    if evidence is not None:
        wording = evidence.claim.removeprefix(f"{UNKNOWN}=")
        found[notice.document_id] = Sighting(notice.title or notice.text[:80], wording)
