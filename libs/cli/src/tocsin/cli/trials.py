"""Sources fetched from here, as ingest would fetch them: one tried, or one looked for."""

import asyncio
from datetime import UTC, datetime

from tocsin.cli.failure import Exit, Failure
from tocsin.ingest import app as ingest
from tocsin.ingest import discovery, fetch
from tocsin.ingest.discovery import Found
from tocsin.ingest.outcome import PollFailed
from tocsin.ingest.proposal import propose
from tocsin.ingest.settings import IngestSettings
from tocsin.ingest.source import Source
from tocsin.ingest.states import WORDS
from tocsin.ingest.trial import Trial, attempt


def find(url: str, effective: IngestSettings, taken: set[str]) -> Source:
    """What there is to read at an address or near it, as it might be declared; its id is not ``taken``."""
    return propose(_discover(url, effective), datetime.now(UTC).date(), taken)


def once(source: Source, effective: IngestSettings) -> Trial:
    """What its first poll would come to."""

    async def go() -> Trial:
        async with ingest.reading(effective) as reader_of:
            return await attempt(source, reader_of(source))

    return asyncio.run(go())


def _discover(url: str, effective: IngestSettings) -> Found:
    async def look() -> Found:
        private = effective.allow_private_addresses
        async with fetch.session(effective.user_agent, private, limit=1) as client:
            caps = fetch.Caps(effective.max_bytes, effective.max_seconds, effective.max_redirects)
            return await discovery.discover(url, fetch.Web(client, caps))

    try:
        return asyncio.run(look())
    except PollFailed as error:
        words = WORDS.get(error.outcome, "it answers with nothing")
        raise Failure(Exit.FAILED, f"{url}: {words}: {error}") from error
