"""Decides what is news: a new document, a new revision of a known one, or the same text again."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tocsin.contracts import document_id, notice_id
from tocsin.ingest.entry import Entry

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """What is remembered of a document: its latest revision, and where the text at hand stands by it."""

    revision: int
    digest: str
    notice_id: str
    seen_before: bool = False  # the text at hand was an earlier revision, not the latest
    echoed: bool = False  # it was told, by any source, since the source at hand last told another text
    recent: int = 0  # revisions told in the last hour


@dataclass(frozen=True)
class Verdict:
    """What an entry is, measured by what is remembered."""

    entry: Entry
    document_id: str
    revision: int
    digest: str
    notice_id: str
    is_news: bool
    held: bool = False  # it would be news, but the document has changed too often within the hour


def digest(entry: Entry) -> str:
    """SHA-256 of what a reader would read: title and text, whatever their white space and Unicode form.

    Dates and links are left out: sources touch them without saying anything new.
    """
    words = [" ".join(unicodedata.normalize("NFC", part).split()) for part in (entry.title, entry.text)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def judge(namespace: str, entry: Entry, known: Known | None, most: int | None = None) -> Verdict:
    """Whether an entry is news, and which revision it is then.

    Where sources share their documents, a source that repeats itself, or lags behind another, says nothing
    new. After ``most`` revisions within an hour the next is held: it is judged again at the next sight.
    """
    document, now = document_id(namespace, entry.native_id), digest(entry)
    if known is None:  # nobody was told of it: that it was withdrawn is nothing to them
        return Verdict(entry, document, 1, now, notice_id(document, now), is_news=not entry.withdrawn)
    if known.digest == now or known.echoed:
        return Verdict(entry, document, known.revision, now, known.notice_id, is_news=False)
    if most is not None and known.recent >= most:
        return Verdict(entry, document, known.revision, now, known.notice_id, is_news=False, held=True)
    revision = known.revision + 1
    # A text that comes back (suspended, restored, suspended) is news again and must not repeat an id.
    content = f"{now}:{revision}" if known.seen_before else now
    return Verdict(entry, document, revision, now, notice_id(document, content), is_news=True)


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    """One entry an id, in the order of first appearance.

    Entries that share id and address are states of one document: the one with the latest date stays (RFC
    4287 section 4.1.1), else the first. Where one id stands on different addresses it is no id at all, and
    the addresses tell the documents apart.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.native_id, []).append(entry)
    return [latest for group in groups.values() for latest in _told_apart(group)]


def _told_apart(group: Sequence[Entry]) -> Iterator[Entry]:
    by_url: dict[str | None, list[Entry]] = {}
    for entry in group:
        by_url.setdefault(entry.url, []).append(entry)
    for url, same in by_url.items():
        latest = max(same, key=_date)  # max gives the first of equals
        yield latest if len(by_url) == 1 else replace(latest, native_id=f"{latest.native_id} {url or ''}")


def _date(entry: Entry) -> datetime:
    return entry.updated_at or entry.published_at or LONG_AGO


def oldest_first(entries: Sequence[Entry]) -> list[Entry]:
    """In the order in which things happened, so that a ban is told before its lift.

    Feeds list the newest first. Where an entry has no date the order stays as it is.
    """
    dated = all(_date(entry) is not LONG_AGO for entry in entries)
    return sorted(entries, key=_date) if dated else list(entries)


def rounds(entries: Sequence[Entry], most: int) -> Iterator[list[Entry]]:
    """Cut a sequence so that no round names a document twice or is longer than ``most``; order is kept."""
    current: dict[str, Entry] = {}
    for entry in entries:
        if entry.native_id in current or len(current) == most:
            yield list(current.values())
            current = {}
        current[entry.native_id] = entry
    if current:
        yield list(current.values())


def judge_all(
    namespace: str, entries: Sequence[Entry], known: Mapping[str, Known], most: int | None = None
) -> list[Verdict]:
    """``judge`` each entry; ``known`` is by document id."""
    return [
        judge(namespace, entry, known.get(document_id(namespace, entry.native_id)), most) for entry in entries
    ]
