"""`tocsin catalogue candidates` and `accept` on real Kafka: a name is proposed, taken in, and stays."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin.chassis import producer, topics
from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.batch import read_item
from tocsin.classify.candidates import Proposed
from tocsin.cli.proposals import Sighting, clash, entity_of, grouped
from tocsin.cli.seeding import records
from tocsin.contracts import NOTICES_CLASSIFIED, TOPICS, Entity, Kind, NoticeClassified
from tocsin.contracts.cloudevents import Record, to_record
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Engines

NOW = datetime(2026, 6, 13, tzinfo=UTC)
SHIPPED = {entity.id: entity for entity in load_catalogue()}
KNOWLEDGE = Knowledge.of(SHIPPED.values(), load_rules())

Tocsin = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tocsin(engines: Engines, tmp_path: Path) -> Tocsin:
    environment = dict(os.environ) | {
        "COLUMNS": "250",
        "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": engines.kafka.bootstrap,
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tocsin.cli", "catalogue", *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    asyncio.run(topics.apply(engines.kafka.bootstrap, TOPICS))
    return run


def publish(engines: Engines, *titles: str) -> None:
    """Classify these and put them on the topic, as the service does."""

    async def write() -> None:
        async with producer.connect(engines.kafka.bootstrap, lambda _: None) as kafka:
            await kafka.publish(NOTICES_CLASSIFIED, [_classified(title) for title in titles])

    asyncio.run(write())


def _classified(title: str) -> Record:
    notice = read_item({"id": uuid.uuid4().hex, "title": title, "source_type": "press"})
    fact = NoticeClassified(
        id=notice.id,
        notice=notice,
        classification=classify(notice, KNOWLEDGE),
        rules_version=KNOWLEDGE.version,
        classified_at=NOW,
    )
    return to_record(fact, source="classify", time=NOW, traceparent=new_traceparent())


def test_a_candidate_is_listed_accepted_and_kept(engines: Engines, tocsin: Tocsin) -> None:
    assert tocsin("apply", "--prune").returncode == 0
    name = f"Claude Zephyr {uuid.uuid4().int % 80 + 10}"
    publish(engines, f"Commerce bans {name}", f"Italy blocks {name} as well", "Commerce bans Grok 4")
    rows = json.loads(tocsin("candidates", "--json", "--limit", "500").stdout)
    row = next(row for row in rows if row["name"] == name)
    assert row["notices"] == 2
    assert row["quote"] == f"Commerce bans {name}"
    assert (row["entity"]["family"], row["entity"]["vendor"]) == ("Claude", "vendor:anthropic")

    accepted = tocsin("accept", name, "--alias", f"{name} Preview", "--json")
    assert accepted.returncode == 0, accepted.stderr
    entity = json.loads(accepted.stdout)[0]
    assert (entity["id"], entity["from"]) == (f"model:{name.lower().replace(' ', '-')}", "accepted here")
    assert name not in tocsin("candidates", "--limit", "500").stdout
    assert "model:" in tocsin("list", "--own", "--json").stdout

    assert json.loads(tocsin("apply", "--json").stdout) == {"changed": 0}
    assert name in tocsin("list", "--own").stdout
    assert json.loads(tocsin("apply", "--prune", "--json").stdout) == {"changed": 1}
    assert "Nothing" in tocsin("list", "--own").stdout


def test_a_name_that_no_notice_has_needs_its_maker(tocsin: Tocsin) -> None:
    tocsin("apply", "--prune")
    refused = tocsin("accept", "Claude Nowhere 77")
    assert refused.returncode == 2
    assert "--kind and --vendor" in refused.stderr
    wrong = tocsin("accept", "Claude Nowhere 77", "--kind", "model", "--vendor", "vendor:nobody")
    assert wrong.returncode == 2
    assert "no vendor vendor:nobody" in wrong.stderr
    taken = tocsin(
        "accept", "Claude Nowhere 77", "--kind", "model", "--vendor", "vendor:anthropic", "--family", "Claude"
    )
    assert taken.returncode == 0, taken.stderr
    assert tocsin("apply", "--prune").returncode == 0


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        (
            Proposed("Fable 6", Kind.MODEL, "model:claude-fable"),
            (
                "model:claude-fable-6",
                "Claude Fable 6",
                "vendor:anthropic",
                "Claude Fable",
                ("Fable 6",),
                False,
            ),
        ),
        (
            Proposed("GPT-9", Kind.MODEL, "model:gpt"),
            ("model:gpt-9", "GPT-9", "vendor:openai", "GPT", (), False),
        ),
        (
            Proposed("H300", Kind.CHIP, "vendor:nvidia"),
            ("chip:h300", "H300", "vendor:nvidia", None, (), False),
        ),
        (
            Proposed("Quill", Kind.MODEL, "vendor:anthropic"),
            ("model:quill", "Quill", "vendor:anthropic", None, (), True),
        ),
    ],
)
def test_a_candidate_makes_an_entry(proposed: Proposed, expected: tuple[object, ...]) -> None:
    made = entity_of(proposed, SHIPPED)
    assert (made.id, made.name, made.vendor, made.family, made.aliases, made.ambiguous) == expected
    assert clash(made, SHIPPED) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "Claude Opus"}, "model:claude-opus is called 'claude opus' already"),
        ({"vendor": "vendor:nobody"}, "no vendor vendor:nobody"),
        ({"family": "Nothing"}, "no model 'Nothing'"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(changes: dict[str, str], why: str) -> None:
    entry = Entity(id="model:new", kind=Kind.MODEL, name="New", vendor="vendor:openai")
    assert why in (clash(entry.model_copy(update=changes), SHIPPED) or "")


def test_a_name_is_counted_by_documents_and_dropped_once_known() -> None:
    one = Proposed("GPT-9", Kind.MODEL, "model:gpt")
    found = [
        Sighting(one, "d1", NOW, "first"),
        Sighting(one._replace(name="gpt 9"), "d1", NOW + timedelta(hours=1), "again"),
        Sighting(Proposed("GPT-5", Kind.MODEL, "model:gpt"), "d2", NOW, "known"),
    ]
    assert [(row.proposed.name, row.documents, row.quote) for row in grouped(found, SHIPPED)] == [
        ("GPT-9", 1, "first")
    ]


@pytest.mark.parametrize(
    ("prune", "keys"), [(False, [b"vendor:new"]), (True, [b"vendor:new", b"vendor:own"])]
)
def test_what_is_not_shipped_stays_unless_it_is_pruned(prune: bool, keys: list[bytes]) -> None:
    new = Entity(id="vendor:new", kind=Kind.VENDOR, name="New")
    own = Entity(id="vendor:own", kind=Kind.VENDOR, name="Own")
    made = records([new], {own.id: own}, prune=prune)
    assert [record.key for record in made] == keys
