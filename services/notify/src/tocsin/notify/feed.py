"""A feed: a team's latest alerts as Atom (RFC 4287), for readers that ask and are not told."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from tocsin.contracts import AlertRaised
from tocsin.notify.letter import as_text, write

ATOM = "http://www.w3.org/2005/Atom"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # Atom asks for a time of a feed that has nothing yet
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def token(key: str, team: str) -> str:
    """What stands in the address of a team's feed in place of an API key; it changes with the key."""
    made = hmac.digest(key.encode(), f"tocsin feed {team}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def opens(given: str, keys: Iterable[str], team: str) -> bool:
    """Whether a token is one of a key that is known now. Every key is compared, each in constant time."""
    hits = [hmac.compare_digest(given.encode(), token(key, team).encode()) for key in keys]
    return any(hits)


def atom(team: str, name: str, alerts: Sequence[AlertRaised]) -> bytes:
    """The document; alerts newest first."""
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", f"urn:tocsin:feed:{team}")
    _add(feed, "title", f"Tocsin: {name}")
    _add(feed, "updated", (alerts[0].raised_at if alerts else NEVER).isoformat())
    _add(_add(feed, "author"), "name", "Tocsin")
    for alert in alerts:
        _entry(feed, alert, name)
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _entry(feed: ET.Element, alert: AlertRaised, name: str) -> None:
    letter = write(alert, name)
    entry = _add(feed, "entry")
    _add(entry, "id", f"urn:tocsin:alert:{alert.id}")
    _add(entry, "title", letter.subject)
    _add(entry, "updated", alert.raised_at.isoformat())
    _add(entry, "category", term=alert.severity.value)
    if letter.link:
        _add(entry, "link", href=letter.link)
    _add(entry, "content", as_text(letter), type="text")


def _add(above: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(above, tag, attributes)
    element.text = FORBIDDEN.sub("\ufffd", text) if text is not None else None
    return element
