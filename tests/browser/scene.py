"""The scene that browsers look at: a console over real rows, with a measure that was told by many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

import asyncpg

from tocsin.chassis.consumer import Incoming
from tocsin.contracts import (
    Entity,
    Evidence,
    Kind,
    Mention,
    NoticeClassified,
    Role,
    SourceRef,
    Span,
    Tier,
    document_id,
    notice_id,
)
from tocsin.contracts.signature import written
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.store import teams

ENTITIES = (
    Entity(id="vendor:anthropic", kind=Kind.VENDOR, name="Anthropic", jurisdiction="US"),
    Entity(id="vendor:nvidia", kind=Kind.VENDOR, name="NVIDIA", jurisdiction="US"),
    Entity(
        id="model:claude-fable-5",
        kind=Kind.MODEL,
        name="Claude Fable 5",
        aliases=("Fable 5",),
        api_ids=("claude-fable-5",),
        vendor="vendor:anthropic",
        family="Claude",
    ),
    Entity(
        id="model:claude-opus-4.8",
        kind=Kind.MODEL,
        name="Claude Opus 4.8",
        vendor="vendor:anthropic",
        family="Claude",
    ),
    Entity(id="chip:h20", kind=Kind.CHIP, name="H20", vendor="vendor:nvidia"),
    Entity(id="authority:us-bis", kind=Kind.AUTHORITY, name="Bureau of Industry and Security"),
)
BY_ID = {one.id: one for one in ENTITIES}
TEAMS = [
    {
        "id": "payments",
        "name": "Payments",
        "watches": [
            {"name": "checkout assistant", "models": ["Claude Fable 5"]},
            {"name": "chips we rent", "chips": ["H20"], "min_severity": "high"},
        ],
        "channels": [{"kind": "log", "name": "log"}],
    },
    {"id": "research", "name": "Research", "watches": [{"name": "vendors", "vendors": ["Anthropic"]}]},
]
RESTRICTED = (
    "Access to Claude Fable 5 is suspended for all customers outside the United States while we talk to "
    "the authority. Requests to the API answer with an error. Claude Opus 4.8 is not touched by this, and "
    "works as it did before. We will write here again as soon as we know how long it is going to last."
)
COPIED = (
    "A vendor has switched off its newest model for customers abroad. Claude Fable 5 stopped answering on "
    "Friday night, three people with knowledge of the matter said, after officials had asked for it by "
    "telephone. The older models of the house go on working, and developers were told to fall back on those."
)


@dataclass(frozen=True)
class Said:
    """A notice to be made up: by whom, when, what."""

    source: str
    tier: str
    minutes: float
    title: str
    text: str
    quote: str
    subject: str = "model:claude-fable-5"
    action: str = "imposed"
    category: str = "model_restriction"
    severity: str = "critical"
    targets: tuple[str, ...] = ()
    url: str | None = "https://news.example/1"


STORY = (
    Said("Chip Wire", "press", -900, "Licences for the H20 to be asked for anew, says trade paper",
         "Sellers of the H20 must ask for new licences from next month on, a trade paper writes.",
         "must ask for new licences", "chip:h20", "proposed", "licensing", "medium"),
    Said("Claude Status", "party", 0, "Access to Claude Fable 5 suspended", RESTRICTED, "is suspended",
         targets=("outside the US",)),
    Said("Morning Wire", "press", 9, "Vendor pulls its newest model abroad: Claude Fable 5 goes dark", COPIED,
         "has switched off", targets=("worldwide",)),
    Said("Evening Gazette", "press", 14, "Claude Fable 5 switched off for customers abroad", COPIED,
         "has switched off", targets=("worldwide",)),
    Said("A forum", "community", 20, "Anyone else locked out of Claude Fable 5?",
         "Anybody else? Since midnight our Fable calls fail, in Lyon as in Porto.", "calls fail"),
    Said("The Gazette", "official", 95, "Notice to holders of licences for Claude Fable 5",
         "The Bureau of Industry and Security requires a licence for every supply of Claude Fable 5 to "
         "persons outside the United States, from the date of this notice.", "requires a licence",
         category="export_control", targets=("outside the US",)),
)  # fmt: skip


def fact(said: Said, start: datetime) -> NoticeClassified:
    """The notice, as classify would have told it."""
    at = start + timedelta(minutes=said.minutes)
    document = document_id(said.source, said.title)
    identity = notice_id(document, said.text)
    entity = BY_ID[said.subject]
    maker = BY_ID[entity.vendor or ""]
    begin = said.text.find(said.quote)
    span = Span(field="text", start=begin, end=begin + len(said.quote), quote=said.quote)
    slug = said.source.lower().replace(" ", "-")
    return NoticeClassified.model_validate(
        {
            "id": identity,
            "notice": {
                "id": identity,
                "document_id": document,
                "revision": 1,
                "source": SourceRef(id=slug, name=said.source, tier=Tier(said.tier), kind="feed"),
                "title": said.title[:1000],
                "text": said.text,
                "url": said.url,
                "published_at": at,
                "first_seen_at": at + timedelta(seconds=40),
                "content_sha256": "9c1f" * 16,
            },
            "classification": {
                "category": said.category,
                "action": said.action,
                "certainty": "official" if said.tier in {"official", "party"} else "reported",
                "severity": said.severity,
                "targets": said.targets,
                "jurisdictions": ("US",),
                "entities": [
                    Mention(
                        id=entity.id,
                        name=entity.name,
                        kind=entity.kind,
                        role=Role.SUBJECT,
                        spans=(Span(field="title", start=0, end=1, quote=said.title[:1]),),
                    ),
                    Mention(id=maker.id, name=maker.name, kind=maker.kind, role=Role.SUBJECT, inferred=True),
                ],
                "signature": written(
                    [], sorted({crc32(word.encode()) & 0xFFFF for word in said.text.split()})
                ),
                "evidence": [Evidence(claim=f"action={said.action}", rule="made.up", span=span)],
            },
            "rules_version": "r-1",
            "classified_at": at + timedelta(seconds=41),
        }
    )


@dataclass(frozen=True)
class Stage:
    """Rows, and the handler by which more of them come."""

    pool: asyncpg.Pool
    directory: Directory
    handler: Handler

    async def hear(self, facts: Sequence[NoticeClassified]) -> None:
        """A poll's notices come through."""
        await self.handler.on_notices_classified([Incoming(one, None, new_traceparent()) for one in facts])


async def set_up(pool: asyncpg.Pool) -> Stage:
    """Two teams, a catalogue, and the story as it was told in the last hours."""
    directory = Directory(pool)
    directory.know(ENTITIES)
    await teams.replace(pool, Subscriptions.model_validate({"teams": TEAMS}))
    stage = Stage(
        pool, directory, Handler(pool, directory, lambda case: f"https://tocsin.example/cases/{case.ref}")
    )
    start = datetime.now(UTC) - timedelta(minutes=120)
    for said in STORY:
        await stage.hear([fact(said, start)])
    return stage
