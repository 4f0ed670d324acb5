"""A file on this machine: a feed, a JSON Feed, or one stated notice a line."""

import asyncio
import hashlib
from pathlib import Path

from pydantic import ValidationError

from tocsin.contracts.cloudevents import describe
from tocsin.ingest import plain
from tocsin.ingest.entry import BadEntry, Entry, Parsed
from tocsin.ingest.fetched import Fetched, Validators
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.source import Source
from tocsin.ingest.sources import feed, json_feed
from tocsin.ingest.sources.stated import Stated


class Files:
    """Reads files up to a size; a file's hash is its validator."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    async def fetch(self, source: Source, known: Validators) -> Fetched | None:
        """The file's bytes, None when they are those of last time. Raises ``PollFailed``."""
        try:
            body = await asyncio.to_thread(self._read, Path(source.location))
        except OSError as error:
            raise PollFailed(Outcome.UNREACHABLE, f"{source.location}: {error.strerror}") from error
        etag = hashlib.sha256(body).hexdigest()
        return None if etag == known.etag else Fetched(body, source.location, "", Validators(etag))

    def _read(self, path: Path) -> bytes:
        with path.open("rb") as file:
            body = file.read(self._max_bytes + 1)
        if len(body) > self._max_bytes:
            raise PollFailed(Outcome.TOO_LARGE, f"{path} is over {self._max_bytes} bytes")
        return body


def parse(fetched: Fetched) -> Parsed:
    """By the file's suffix: ``.ndjson`` or ``.jsonl`` are lines, ``.json`` a JSON Feed, all else a feed."""
    suffix = Path(fetched.location).suffix.lower()
    if suffix in {".ndjson", ".jsonl"}:
        return _lines(fetched.body)
    return json_feed.parse(fetched) if suffix == ".json" else feed.parse(fetched)


def _lines(body: bytes) -> Parsed:
    entries: list[Entry] = []
    bad: list[BadEntry] = []
    for number, line in enumerate(body.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append(Stated.model_validate_json(line).entry())
        except ValidationError as error:
            bad.append(plain.bad_entry(None, f"line {number}", describe(error)))
    return Parsed(tuple(entries), tuple(bad))
