"""Statuspage history feeds: one document an incident, revised in place with every update."""

import re

from tocsin.ingest.entry import Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.sources import feed

_INCIDENT = re.compile(r"/incidents/([A-Za-z0-9-]{6,40})/?$")


def parse(fetched: Fetched) -> Parsed:
    """Every incident of a history feed, RSS or Atom; the newest update stands first in its text."""
    return feed.parse_named(fetched, incident)


def incident(item: feed.Item, url: str | None) -> object:
    """The incident's own id out of its address: it stays when the page moves to another host or format."""
    found = _INCIDENT.search(url or "")
    return f"incident {found[1]}" if found else feed.own_id(item, url)
