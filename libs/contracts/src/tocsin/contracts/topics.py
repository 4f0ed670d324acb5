"""The topics: name, key, partitions, retention and cleanup, declared once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tocsin.contracts.alert import AlertRaised
from tocsin.contracts.catalogue import Entity
from tocsin.contracts.classification import NoticeClassified
from tocsin.contracts.message import Part
from tocsin.contracts.notice import NoticePublished

MAX_RECORD_BYTES = 1_000_000


@dataclass(frozen=True)
class Topic:
    """One topic. The partition count of a keyed topic never changes in place: it would break order."""

    name: str
    value: type[Part]
    key: str
    purpose: str
    partitions: int = 4
    retention: timedelta | None = timedelta(days=30)  # None: for ever
    compacted: bool = False
    consumed: bool = True  # has a dead-letter twin

    @property
    def dead(self) -> str:
        """Name of the topic for what could not be processed."""
        return f"{self.name}.dead"

    def config(self) -> Mapping[str, str]:
        """Topic-level settings, as Kafka names them."""
        keep = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        return {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(keep),
            "max.message.bytes": str(MAX_RECORD_BYTES + 100_000),  # room for batch headers
        }


NOTICES_PUBLISHED = Topic(
    name="tocsin.notices.published.v1",
    value=NoticePublished,
    key="document id",
    purpose="Every new document, and every new revision of a known one.",
)
NOTICES_CLASSIFIED = Topic(
    name="tocsin.notices.classified.v1",
    value=NoticeClassified,
    key="document id",
    purpose="What each notice says, with evidence; carries the notice.",
)
ALERTS = Topic(
    name="tocsin.alerts.v1",
    value=AlertRaised,
    key="team id",
    purpose="What each team is told: subscribe here to act on alerts by program.",
    consumed=False,
)
CATALOGUE = Topic(
    name="tocsin.catalogue.v1",
    value=Entity,
    key="entity id",
    purpose="The catalogue of models, vendors, chips and authorities; a null value removes an entry.",
    partitions=1,
    retention=None,
    compacted=True,
    consumed=False,
)
TOPICS: tuple[Topic, ...] = (NOTICES_PUBLISHED, NOTICES_CLASSIFIED, ALERTS, CATALOGUE)
