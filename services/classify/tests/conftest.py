"""The shipped knowledge, built once, and a way to write a notice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.classify import Knowledge, load_catalogue, load_rules
from tocsin.contracts import NoticePublished, SourceRef, Tier

NOW = datetime(2026, 6, 13, 0, 51, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.of(load_catalogue(), load_rules())


@pytest.fixture(scope="session")
def write() -> Callable[..., NoticePublished]:
    def written(
        tier: Tier, title: str, text: str = "", *, kind: str = "feed", age: timedelta = MINUTE
    ) -> NoticePublished:
        return NoticePublished(
            id="n-1",
            document_id="doc-1",
            revision=1,
            source=SourceRef(id="source", name="Source", tier=tier, kind=kind),
            title=title,
            text=text,
            published_at=NOW - age,
            first_seen_at=NOW,
            content_sha256="0" * 64,
        )

    return written
