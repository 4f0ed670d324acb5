"""Statuspage's API, ``/api/v2/incidents.json``: the same documents in the same words as its history feed."""

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry, Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.sources import answer
from tocsin.ingest.sources.answer import Item

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def parse(fetched: Fetched) -> Parsed:
    """Every incident, its updates the newest first. Raises ``PollFailed`` when it is no such answer."""
    document = answer.decode(fetched)
    page = document["page"] if isinstance(document.get("page"), dict) else {}
    base = plain.address(page.get("url")) or fetched.location
    entry = partial(_entry, base=base.rstrip("/"), zone=_zone(answer.text(page.get("time_zone"))))
    return answer.read(answer.listed(document, "incidents"), entry, "id")


def _entry(incident: Item, base: str, zone: ZoneInfo) -> Entry:
    own, title = answer.text(incident.get("id")).strip(), answer.words(incident.get("name"))
    if not (own and title):
        raise ValueError("it has no id or no name")
    updates = [update for update in incident.get("incident_updates") or [] if isinstance(update, dict)]
    updates.sort(key=_shown, reverse=True)
    return plain.within_limits(
        Entry(
            native_id=f"incident {own}"[: plain.MAX_ID],
            title=title,
            text="\n".join(_told(update, zone) for update in updates),
            url=plain.address(f"{base}/incidents/{own}"),
            published_at=answer.moment(incident.get("created_at")),
            updated_at=_shown(updates[0]) if updates else answer.moment(incident.get("updated_at")),
        )
    )


def _told(update: Item, zone: ZoneInfo) -> str:
    status = (answer.text(update.get("status")) or "update").replace("_", " ").capitalize()
    when = _shown(update).astimezone(zone) if _shown(update) is not LONG_AGO else None
    dated = f"{when:%b} {when.day}, {when:%H:%M %Z}\n" if when else ""
    return f"{dated}{status} - {answer.words(update.get('body'))}"


def _shown(update: Item) -> datetime:
    return answer.moment(update.get("display_at")) or answer.moment(update.get("created_at")) or LONG_AGO


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no zone's name, or one that leads out of the zones' folder
        return ZoneInfo("UTC")
