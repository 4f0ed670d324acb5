"""Proposes how to declare a source that was found: its id, kind, tier and cadence."""

import re
from collections.abc import Collection
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tocsin.contracts import Tier
from tocsin.ingest.discovery import Found
from tocsin.ingest.entry import Parsed
from tocsin.ingest.source import Kind, Source

STATUS_SECONDS = 60  # an incident is told there first
FASTEST, SLOWEST, USUAL = 60, 3_600, 300
POLLS_BETWEEN_NEWS = 20
MAX_ID = 63

_OFFICIAL = re.compile(
    r"(?:^|\.)(?:gov|mil|europa\.eu|gc\.ca|gouv\.fr|admin\.ch|go\.jp|go\.kr|gov\.[a-z]{2})$"
)


def propose(found: Found, today: date, taken: Collection[str] = ()) -> Source:
    """A declaration for a person to look over; its id is none of those ``taken``."""
    host = (urlsplit(found.url).hostname or "").removeprefix("www.")
    fields: dict[str, Any] = {
        "id": _free(re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[: MAX_ID - 3] or "source", taken),
        "name": " ".join(found.title.split())[:200] or host,
        "tier": _tier(found, host),
        "kind": found.kind,
        "url": found.url,
        "every": _cadence(found),
        "checked": f"{today:%d %B %Y}, tocsin sources add",
    }
    return Source(**fields | ({"under": found.under} if found.under else {}))


def _tier(found: Found, host: str) -> Tier:
    """By the host alone; a status page is its vendor's. That a site is a vendor's is for a person to say."""
    if _OFFICIAL.search(host):
        return Tier.OFFICIAL
    return Tier.PARTY if found.kind is Kind.STATUSPAGE else Tier.PRESS


def _cadence(found: Found) -> int:
    """Twenty times between two news, within bounds, in whole minutes."""
    if found.kind is Kind.STATUSPAGE:
        return STATUS_SECONDS
    gap = _usual_gap(found.parsed) if found.parsed else None
    if gap is None:
        return USUAL
    return min(max(round(gap / POLLS_BETWEEN_NEWS / 60) * 60, FASTEST), SLOWEST)


def _usual_gap(parsed: Parsed) -> float | None:
    dated = sorted(entry.published_at for entry in parsed.entries if entry.published_at)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dated)]
    return median(gaps) if gaps else None


def _free(id_: str, taken: Collection[str]) -> str:
    names = (id_, *(f"{id_}-{number}" for number in range(2, 100)))
    return next((name for name in names if name not in taken), id_)
