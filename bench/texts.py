"""Made-up notices of about 1 KB: everyday ones, and one in fifty an act. A seed gives the same ones again."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tocsin.contracts import NoticePublished, SourceRef, Tier, document_id, notice_id

LENGTH = 700  # of the text; as JSON with the other fields this makes about 1 KB
ACT_IN = 50
START = datetime(2026, 6, 1, tzinfo=UTC)

WHO = ("The agency", "The council", "A spokesman", "The vendor", "The committee", "An analyst", "The port")
DID = ("announced", "reviewed", "expects", "published", "discussed", "postponed", "welcomed", "measured")
WHAT = (
    "a change of the timetable for ferries",
    "new figures on steel imports",
    "maintenance of the data centre in the north",
    "a study of large language models in schools",
    "an update of the console that fixes slow pages",
    "the draft budget for roads and bridges",
    "elevated error rates on the API, now resolved",
    "the quarterly results of a chip maker",
    "comments on a rule about fishing quotas",
    "a partnership for weather forecasts",
)
WHEN = (
    "on Monday",
    "after a long debate",
    "for the third time this year",
    "in a short statement",
    "as planned",
)
ACTS = (
    ("Access to {model} suspended", "We have suspended access to {model} for all customers."),
    ("Export controls on {model}", "Commerce imposed export controls on {model}, effective immediately."),
    ("Controls on {model} lifted", "Commerce lifted the export controls on {model} tonight."),
)


def notices(count: int, models: list[str], seed: int = 7, *, acts: bool = True) -> Iterator[NoticePublished]:
    """So many notices, each a document of its own."""
    chance = random.Random(seed)
    tiers = list(Tier)
    for number in range(count):
        title, lead = f"{chance.choice(WHO)} {chance.choice(DID)} {chance.choice(WHAT)}", ""
        if acts and chance.randrange(ACT_IN) == 0:
            title, lead = (part.format(model=chance.choice(models)) for part in chance.choice(ACTS))
        yield _notice(number, chance.choice(tiers), title, _text(chance, lead))


def _text(chance: random.Random, lead: str) -> str:
    text = lead
    while len(text) < LENGTH:
        parts = (chance.choice(words) for words in (WHO, DID, WHAT, WHEN))
        text += f" {' '.join(parts)}."
    return text.strip()


def _notice(number: int, tier: Tier, title: str, text: str) -> NoticePublished:
    document = document_id("bench", str(number))
    seen = START + timedelta(seconds=number)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return NoticePublished(
        id=notice_id(document, digest),
        document_id=document,
        revision=1,
        source=SourceRef(id=f"bench-{tier}", name="Bench", tier=tier, kind="push"),
        title=title,
        text=text,
        url=f"https://news.example/{number}",
        published_at=seen - timedelta(minutes=1),
        first_seen_at=seen,
        content_sha256=digest,
    )
