"""Tries a source once, here: what would be told, what not, and why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.contracts import NoticePublished
from tocsin.ingest import dates, plain
from tocsin.ingest.changes import distinct, judge, oldest_first
from tocsin.ingest.entry import BadEntry, Entry
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.poll import Reader, parse
from tocsin.ingest.source import Source
from tocsin.ingest.states import WORDS
from tocsin.ingest.teller import notice_of


@dataclass(frozen=True)
class Trial:
    """What one fetch came to. ``reason`` says in words why nothing would be told, when nothing would."""

    outcome: Outcome
    reason: str = ""
    location: str = ""  # where the document really came from
    size: int = 0  # bytes
    notices: tuple[NoticePublished, ...] = ()
    bad: tuple[BadEntry, ...] = ()
    left_out: tuple[tuple[Entry, str], ...] = ()  # with the reason


async def attempt(source: Source, reader: Reader) -> Trial:
    """Fetch and read a source as its very first poll would; nothing is stored and nobody is told."""
    try:
        fetched = await reader.fetch(source, Validators())
        if fetched is None:
            return Trial(Outcome.NOT_MODIFIED, "it says that nothing is new, to one who knows nothing")
        return await _read(source, reader, fetched)
    except PollFailed as error:
        words = WORDS.get(error.outcome, "it answers with nothing")
        return Trial(error.outcome, plain.failure(f"{words}: {error}"))


async def _read(source: Source, reader: Reader, fetched: Fetched) -> Trial:
    now, documents = datetime.now(UTC), (fetched, *fetched.more)
    notices: list[NoticePublished] = []
    bad: list[BadEntry] = []
    left_out: list[tuple[Entry, str]] = []
    for one in documents:
        parsed = await parse(reader, one)
        stated = [dates.checked(entry, now)[0] for entry in parsed.entries]
        entries = oldest_first(distinct(stated))
        bad += one.bad + parsed.bad
        left_out += _left_out(stated, entries)
        sha256 = hashlib.sha256(one.body).hexdigest()
        for verdict in (judge(source.namespace, entry, None) for entry in entries):
            if verdict.is_news:
                notices.append(notice_of(source, verdict, sha256, now))
            else:
                left_out.append((verdict.entry, "it was withdrawn, and nobody was told of it"))
    size = sum(len(one.body) for one in documents)
    reason = "" if notices else "it was read, and holds nothing to tell yet"
    return Trial(Outcome.READ, reason, fetched.location, size, tuple(notices), tuple(bad), tuple(left_out))


def _left_out(stated: Sequence[Entry], kept: Sequence[Entry]) -> list[tuple[Entry, str]]:
    texts = {(entry.title, entry.text, entry.url) for entry in kept}
    why = "another entry with the same id is the later state of this document"
    return [(entry, why) for entry in stated if (entry.title, entry.text, entry.url) not in texts]
