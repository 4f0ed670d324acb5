"""What is said: the messages, the topics they travel on, and the catalogue entry."""

from tocsin.contracts.alert import AlertRaised, CaseState, EntityRef, Quote, Reason, StepKind
from tocsin.contracts.catalogue import Entity, EntityId, Kind
from tocsin.contracts.classification import (
    Action,
    Category,
    Certainty,
    Classification,
    Evidence,
    Instrument,
    Mention,
    NoticeClassified,
    Role,
    Severity,
    Span,
    Stage,
)
from tocsin.contracts.message import Event, fingerprint
from tocsin.contracts.notice import NoticePublished, SourceRef, Tier, document_id, notice_id
from tocsin.contracts.summary import AlertsSummarised, SummarisedAlert, SummarySort
from tocsin.contracts.topics import ALERTS, CATALOGUE, NOTICES_CLASSIFIED, NOTICES_PUBLISHED, TOPICS, Topic

__all__ = [
    "ALERTS",
    "CATALOGUE",
    "NOTICES_CLASSIFIED",
    "NOTICES_PUBLISHED",
    "TOPICS",
    "Action",
    "AlertRaised",
    "AlertsSummarised",
    "CaseState",
    "Category",
    "Certainty",
    "Classification",
    "Entity",
    "EntityId",
    "EntityRef",
    "Event",
    "Evidence",
    "Instrument",
    "Kind",
    "Mention",
    "NoticeClassified",
    "NoticePublished",
    "Quote",
    "Reason",
    "Role",
    "Severity",
    "SourceRef",
    "Span",
    "Stage",
    "StepKind",
    "SummarisedAlert",
    "SummarySort",
    "Tier",
    "Topic",
    "document_id",
    "fingerprint",
    "notice_id",
]
