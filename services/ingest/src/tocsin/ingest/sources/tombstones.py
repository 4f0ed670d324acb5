"""Entries that an Atom feed says it has deleted (RFC 6721)."""

import io
from xml.etree import ElementTree as ET

from tocsin.ingest import plain
from tocsin.ingest.entry import Entry
from tocsin.ingest.sources import answer

_NAMESPACE = "http://purl.org/atompub/tombstones/1.0"
_DELETED = "The source has withdrawn this document."


def tombstones(body: bytes) -> tuple[Entry, ...]:
    """One entry for each ``at:deleted-entry``, called by the id of the document that it withdraws.

    A feed that is not well-formed has none: a withdrawal is not guessed at.
    """
    if _NAMESPACE.encode() not in body:
        return ()
    try:
        # expat refuses entities that grow (since 2.4.1) and reads no file or address.
        elements = [element for _, element in ET.iterparse(io.BytesIO(body))]  # noqa: S314 - see above
    except (ET.ParseError, ValueError, LookupError):
        return ()
    deleted = (element for element in elements if element.tag == f"{{{_NAMESPACE}}}deleted-entry")
    return tuple(_entry(element) for element in deleted if element.get("ref", "").strip())


def _entry(element: ET.Element) -> Entry:
    comment = plain.plain(element.findtext(f"{{{_NAMESPACE}}}comment") or "")
    return plain.within_limits(
        Entry(
            native_id=plain.identity(element.get("ref"), None, "", ""),
            title="Withdrawn by its source",
            text="\n".join(filter(None, [_DELETED, comment])),
            updated_at=answer.moment(element.get("when")),
            withdrawn=True,
        )
    )
