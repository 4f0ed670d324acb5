"""Classify without Kafka: one JSON object a line in, one prediction a line out."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.classify.classify import classify
from tocsin.classify.knowledge import Knowledge
from tocsin.contracts import Classification, NoticePublished, SourceRef, Tier, document_id, notice_id

TIERS = {
    "official": Tier.OFFICIAL,
    "federal_register": Tier.OFFICIAL,
    "kev": Tier.OFFICIAL,
    "party": Tier.PARTY,
    "vendor": Tier.PARTY,
    "community": Tier.COMMUNITY,
    "forum": Tier.COMMUNITY,
}
SEEN_AFTER = timedelta(minutes=5)
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # only the distance between published and seen matters

Line = dict[str, Any]  # one decoded JSON object; checked field by field below


class BadItem(ValueError):
    """A line that is no item; the message names the field. Correct the line: trying again is vain."""


def read_item(line: Line) -> NoticePublished:
    """The notice in one line: `title` or `text`; if known `id`, `source_type`, `published` or `date`, `url`.

    ``source_type`` gives the tier; what is not official, of a party or of the community is press.
    The notice counts as seen five minutes after it was published.
    """
    title, text = _string(line, "title"), _string(line, "text")
    if not (title or text):
        raise BadItem("an item needs a title or a text")
    name = _string(line, "source_type") or "press"
    native = _string(line, "id") or title[:200]
    published = _time(_string(line, "published") or _string(line, "date"))
    digest = hashlib.sha256(f"{title}\x1f{text}".encode(errors="replace")).hexdigest()
    document = document_id(name, native)
    return NoticePublished(
        id=notice_id(document, digest),
        document_id=document,
        revision=1,
        source=SourceRef(id=name, name=name, tier=TIERS.get(name, Tier.PRESS), kind="file"),
        title=title[:1000],
        text=text[:200_000],
        url=_string(line, "url") or None,
        published_at=published,
        first_seen_at=(published or UNDATED) + SEEN_AFTER,
        content_sha256=digest,
    )


def predict(line: Line, knowledge: Knowledge) -> Line:
    """What classify says about one item, as a JSON object under the item's own id."""
    return {"id": line.get("id"), **as_line(classify(read_item(line), knowledge))}


def as_line(classification: Classification) -> Line:
    """A classification as a flat JSON object, evidence included."""
    return classification.model_dump(mode="json")


def _string(line: Line, field: str) -> str:
    value = line.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadItem(f"{field} must be a text, not {type(value).__name__}")
    return value


def _time(written: str) -> datetime | None:
    """A date or time in ISO 8601; None for what is none, such as a span of months."""
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
